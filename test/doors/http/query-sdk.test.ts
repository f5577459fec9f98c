/** The SES v1 Query API as its official client uses it. */
import * as sdk from '@aws-sdk/client-ses'
import { expect, onTestFinished, test } from 'vitest'
import { ACTIONS } from '../../../src/http/query/actions.ts'
import { createAccessKey } from '../../../src/operations/credentials.ts'
import { createDestination } from '../../../src/operations/event-destinations.ts'
import { type HttpAccount, openHttpAccount } from '../../support/http-door.ts'

async function openWithClient(
  options: Parameters<typeof openHttpAccount>[0] = {},
): Promise<HttpAccount & { readonly client: sdk.SESClient }> {
  const account = await openHttpAccount({ auth: 'sigv4', ...options })
  const { id, secret } = await createAccessKey(account.app)
  const client = new sdk.SESClient({
    endpoint: account.url,
    region: 'us-east-1',
    credentials: { accessKeyId: id, secretAccessKey: secret },
    maxAttempts: 1,
  })
  onTestFinished(() => client.destroy())
  return { ...account, client }
}

const faultOf = async (call: Promise<unknown>) =>
  await call.then(
    () => 'no error',
    ({ name, message, $metadata, ...rest }: Error & { $metadata: { httpStatusCode?: number } }) => ({
      name,
      message,
      status: $metadata.httpStatusCode,
      rest,
    }),
  )

test('every action of the client is there', () => {
  const commands = Object.keys(sdk)
    .filter(name => name.endsWith('Command') && name !== '$Command')
    .map(name => name.replace(/Command$/, ''))
  expect([...ACTIONS.keys()].toSorted()).toEqual(commands.toSorted())
})

test('quota, statistics, and an account that is switched off', async () => {
  const { client, submit } = await openWithClient({ production: false })
  const { $metadata, ...quota } = await client.send(new sdk.GetSendQuotaCommand({}))
  expect(quota).toEqual({ Max24HourSend: 200, MaxSendRate: 1, SentLast24Hours: 0 })
  expect($metadata.requestId).toMatch(/^[0-9a-f-]{36}$/)
  await submit('From: ann@shop.example\nTo: bob@shop.example\nSubject: Hello\n\nHi\n')
  const { SendDataPoints } = await client.send(new sdk.GetSendStatisticsCommand({}))
  expect(SendDataPoints).toEqual([{ Timestamp: expect.any(Date), DeliveryAttempts: 1, Bounces: 0, Complaints: 0, Rejects: 0 }])
  await client.send(new sdk.UpdateAccountSendingEnabledCommand({}))
  expect((await client.send(new sdk.GetAccountSendingEnabledCommand({}))).Enabled).toBe(false)
})

const MESSAGE = { Subject: { Data: 'Grüße & <mehr>' }, Body: { Text: { Data: 'Hello\n' } } }

test('simple and raw messages, and what is refused', async () => {
  const { client, app } = await openWithClient()
  const { MessageId: simple = '' } = await client.send(
    new sdk.SendEmailCommand({
      Source: 'Shop <orders@shop.example>',
      Destination: { ToAddresses: ['ann@example.net'], CcAddresses: ['bob@example.net'] },
      Message: MESSAGE,
      Tags: [{ Name: 'flow', Value: 'receipt' }],
    }),
  )
  const [send] = await app.store.events({ messageId: simple })
  expect(send?.event.mail).toMatchObject({
    commonHeaders: { subject: 'Grüße & <mehr>' },
    destination: ['ann@example.net', 'bob@example.net'],
    tags: { flow: ['receipt'], 'ses:operation': ['SendEmail'] },
  })
  const raw = Buffer.from('From: orders@shop.example\r\nTo: ann@example.net\r\nSubject: Raw+/=\r\n\r\nÜ\r\n')
  const { MessageId = '' } = await client.send(
    new sdk.SendRawEmailCommand({ RawMessage: { Data: raw }, Destinations: ['eve@example.net'] }),
  )
  expect((await app.store.message(MessageId))?.recipients.map(({ address }) => address)).toEqual(['eve@example.net'])
  const missing = new sdk.SendEmailCommand({
    Source: 'orders@shop.example',
    Destination: { ToAddresses: ['ann@example.net'] },
    Message: MESSAGE,
    ConfigurationSetName: 'none',
  })
  expect(await faultOf(client.send(missing))).toMatchObject({
    name: 'ConfigurationSetDoesNotExistException',
    message: 'Configuration set <none> does not exist.',
    status: 400,
    rest: { ConfigurationSetName: 'none' },
  })
  const stranger = new sdk.SendEmailCommand({ Source: 'x@other.example', Destination: { ToAddresses: ['a@b.example'] }, Message: MESSAGE })
  expect(await faultOf(client.send(stranger))).toMatchObject({ name: 'MessageRejected', status: 400 })
  const large = Buffer.concat([raw, Buffer.alloc(10 * 1024 * 1024, 'line of some octets\r\n')])
  expect(await faultOf(client.send(new sdk.SendRawEmailCommand({ RawMessage: { Data: large } })))).toMatchObject({ status: 400 })
  expect(await app.store.messages(10)).toHaveLength(2)
})

test('identities: made, asked for by map, given topics, deleted twice', async () => {
  const { client, app } = await openWithClient()
  await client.send(new sdk.VerifyEmailIdentityCommand({ EmailAddress: 'ann+a@other.example' }))
  const { DkimTokens } = await client.send(new sdk.VerifyDomainDkimCommand({ Domain: 'new.example' }))
  expect(DkimTokens).toHaveLength(3)
  expect((await client.send(new sdk.ListIdentitiesCommand({ IdentityType: 'Domain' }))).Identities).toEqual(['new.example', 'shop.example'])
  const Identities = ['ann+a@other.example', 'shop.example', 'unknown.example']
  const { VerificationAttributes } = await client.send(new sdk.GetIdentityVerificationAttributesCommand({ Identities }))
  expect(VerificationAttributes).toEqual({
    'ann+a@other.example': { VerificationStatus: 'Pending' },
    'shop.example': { VerificationStatus: 'Success', VerificationToken: expect.any(String) },
  })
  const place = { kind: 'url', url: 'http://127.0.0.1:9/' } as const
  const made = await createDestination(app, {
    owner: { kind: 'identity', name: 'shop.example' },
    name: 'known',
    enabled: true,
    eventTypes: ['DELIVERY'],
    service: { kind: 'sns' },
    place,
  })
  const SnsTopic = made.service.kind === 'sns' ? made.service.topicArn : ''
  await client.send(new sdk.SetIdentityNotificationTopicCommand({ Identity: 'shop.example', NotificationType: 'Bounce', SnsTopic }))
  await client.send(
    new sdk.SetIdentityHeadersInNotificationsEnabledCommand({ Identity: 'shop.example', NotificationType: 'Bounce', Enabled: true }),
  )
  const { NotificationAttributes } = await client.send(new sdk.GetIdentityNotificationAttributesCommand({ Identities: ['shop.example'] }))
  expect(NotificationAttributes?.['shop.example']).toMatchObject({
    BounceTopic: SnsTopic,
    ForwardingEnabled: true,
    HeadersInBounceNotificationsEnabled: true,
    HeadersInComplaintNotificationsEnabled: false,
  })
  // Switched on before there is a topic it is shown, and the topic has it from the start.
  const complaint = { Identity: 'shop.example', NotificationType: 'Complaint' } as const
  await client.send(new sdk.SetIdentityHeadersInNotificationsEnabledCommand({ ...complaint, Enabled: true }))
  const again = await client.send(new sdk.GetIdentityNotificationAttributesCommand({ Identities: ['shop.example'] }))
  expect(again.NotificationAttributes?.['shop.example']).toMatchObject({
    HeadersInComplaintNotificationsEnabled: true,
    HeadersInDeliveryNotificationsEnabled: false,
  })
  await client.send(new sdk.SetIdentityNotificationTopicCommand({ ...complaint, SnsTopic }))
  const destinations = await app.store.eventDestinations({ kind: 'identity', name: 'shop.example' })
  expect(destinations.find(({ name }) => name === 'complaint-topic')).toMatchObject({ includeHeaders: true })
  const unknown = new sdk.SetIdentityHeadersInNotificationsEnabledCommand({
    Identity: 'unknown.example',
    NotificationType: 'Bounce',
    Enabled: true,
  })
  expect(await faultOf(client.send(unknown))).toMatchObject({
    name: 'MessageRejected',
    message: 'Identity unknown.example is not verified or does not exist.',
  })
  await client.send(new sdk.DeleteIdentityCommand({ Identity: 'new.example' }))
  await client.send(new sdk.DeleteIdentityCommand({ Identity: 'new.example' }))
  expect(await app.store.identity('new.example')).toBeUndefined()
})

test('configuration sets and templates', async () => {
  const { client } = await openWithClient()
  await client.send(new sdk.CreateConfigurationSetCommand({ ConfigurationSet: { Name: 'main' } }))
  await client.send(
    new sdk.PutConfigurationSetDeliveryOptionsCommand({ ConfigurationSetName: 'main', DeliveryOptions: { TlsPolicy: 'Require' } }),
  )
  const described = await client.send(
    new sdk.DescribeConfigurationSetCommand({
      ConfigurationSetName: 'main',
      ConfigurationSetAttributeNames: ['deliveryOptions', 'reputationOptions', 'eventDestinations'],
    }),
  )
  expect(described).toMatchObject({
    ConfigurationSet: { Name: 'main' },
    DeliveryOptions: { TlsPolicy: 'Require' },
    ReputationOptions: { SendingEnabled: true, ReputationMetricsEnabled: false },
    EventDestinations: [],
  })
  await client.send(
    new sdk.CreateTemplateCommand({ Template: { TemplateName: 'hi', SubjectPart: 'Hi {{name}}', TextPart: 'Dear {{name}}' } }),
  )
  expect((await client.send(new sdk.GetTemplateCommand({ TemplateName: 'hi' }))).Template).toEqual({
    TemplateName: 'hi',
    SubjectPart: 'Hi {{name}}',
    TextPart: 'Dear {{name}}',
  })
  expect(await faultOf(client.send(new sdk.GetTemplateCommand({ TemplateName: 'none' })))).toMatchObject({
    name: 'TemplateDoesNotExistException',
    rest: { TemplateName: 'none' },
  })
  const { Status } = await client.send(
    new sdk.SendBulkTemplatedEmailCommand({
      Source: 'orders@shop.example',
      Template: 'hi',
      DefaultTemplateData: '{"name":"you"}',
      Destinations: [{ Destination: { ToAddresses: ['ann@example.net'] } }, { Destination: { ToAddresses: ['no address'] } }],
    }),
  )
  expect(Status?.map(one => one.Status)).toEqual(['Success', 'InvalidParameterValue'])
  await client.send(new sdk.DeleteTemplateCommand({ TemplateName: 'hi' }))
  await client.send(new sdk.DeleteTemplateCommand({ TemplateName: 'hi' }))
})

test('who asks for nothing that there is hears so, as one who did not sign', async () => {
  const { ask } = await openHttpAccount()
  const wrong = await ask('POST', '/', { body: 'Action=Nothing%00&Version=2010-12-01' })
  expect(wrong).toMatchObject({ status: 400, headers: { 'content-type': 'text/xml' } })
  expect(wrong.body).toContain('<Code>InvalidAction</Code><Message>Could not find operation Nothing? for version 2010-12-01</Message>')
  const signed = await openHttpAccount({ auth: 'sigv4' })
  const unsigned = await signed.ask('POST', '/', { body: 'Action=GetSendQuota' })
  expect([unsigned.status, /<Code>(\w+)</.exec(unsigned.body)?.[1]]).toEqual([403, 'MissingAuthenticationToken'])
})
