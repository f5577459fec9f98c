/** The SES v2 API as its official client uses it: what it sends is understood, what it gets it can read, and errors have the names it knows. */
import {
  CreateConfigurationSetCommand,
  CreateConfigurationSetEventDestinationCommand,
  CreateEmailIdentityCommand,
  CreateEmailTemplateCommand,
  DeleteEmailIdentityCommand,
  DeleteSuppressedDestinationCommand,
  GetAccountCommand,
  GetConfigurationSetCommand,
  GetConfigurationSetEventDestinationsCommand,
  GetEmailIdentityCommand,
  GetEmailTemplateCommand,
  GetSuppressedDestinationCommand,
  ListConfigurationSetsCommand,
  ListEmailIdentitiesCommand,
  ListEmailTemplatesCommand,
  ListSuppressedDestinationsCommand,
  ListTagsForResourceCommand,
  PutAccountDetailsCommand,
  PutAccountSendingAttributesCommand,
  PutAccountSuppressionAttributesCommand,
  PutConfigurationSetDeliveryOptionsCommand,
  PutEmailIdentityDkimAttributesCommand,
  PutEmailIdentityMailFromAttributesCommand,
  PutSuppressedDestinationCommand,
  SESv2Client,
  SendBulkEmailCommand,
  SendEmailCommand,
  TagResourceCommand,
  TestRenderEmailTemplateCommand,
  UntagResourceCommand,
} from '@aws-sdk/client-sesv2'
import { expect, onTestFinished, test } from 'vitest'
import { createAccessKey } from '../../../src/operations/credentials.ts'
import { createDestination } from '../../../src/operations/event-destinations.ts'
import { bytesOf } from '../../support/account.ts'
import { faultOf, openWithClient } from '../../support/ses-client.ts'

const SIMPLE = { Simple: { Subject: { Data: 'Grüße' }, Body: { Text: { Data: 'Hello\n' }, Html: { Data: '<p>Hello</p>' } } } }
const FROM = 'Shop <orders@shop.example>'

test('a signed request of a key of this account is let in, and no other', async () => {
  const { client } = await openWithClient()
  expect(await client.send(new GetAccountCommand({}))).toMatchObject({ SendingEnabled: true, EnforcementStatus: 'HEALTHY' })
  const wrong = await openWithClient({}, { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'x' })
  expect(await faultOf(wrong.client.send(new GetAccountCommand({})))).toMatchObject({ name: 'UnrecognizedClientException', status: 403 })
  const { id } = await createAccessKey(wrong.app)
  const forged = new SESv2Client({
    endpoint: wrong.url,
    region: 'us-east-1',
    credentials: { accessKeyId: id, secretAccessKey: 'not the secret' },
    maxAttempts: 1,
  })
  onTestFinished(() => forged.destroy())
  expect(await faultOf(forged.send(new GetAccountCommand({})))).toMatchObject({ name: 'InvalidSignatureException', status: 403 })
  const bare = await wrong.ask('GET', '/v2/email/account')
  expect([bare.status, bare.headers['x-amzn-errortype']]).toEqual([403, 'MissingAuthenticationTokenException'])
})

test('the account: members and types as the service has them', async () => {
  const { client, app } = await openWithClient({ production: false })
  const { $metadata, ...account } = await client.send(new GetAccountCommand({}))
  expect(account).toEqual({
    DedicatedIpAutoWarmupEnabled: true,
    EnforcementStatus: 'HEALTHY',
    ProductionAccessEnabled: false,
    SendQuota: { Max24HourSend: 200, MaxSendRate: 1, SentLast24Hours: 0 },
    SendingEnabled: true,
    SuppressionAttributes: { SuppressedReasons: ['BOUNCE', 'COMPLAINT'] },
  })
  expect($metadata.requestId).toMatch(/^[0-9a-f-]{36}$/)
  await client.send(new PutAccountSendingAttributesCommand({ SendingEnabled: false }))
  await client.send(new PutAccountSuppressionAttributesCommand({ SuppressedReasons: [] }))
  expect(await client.send(new GetAccountCommand({}))).toMatchObject({
    SendingEnabled: false,
    SuppressionAttributes: { SuppressedReasons: [] },
  })
  const details = { MailType: 'TRANSACTIONAL', WebsiteURL: 'https://shop.example', UseCaseDescription: 'Receipts to customers' } as const
  await client.send(new PutAccountDetailsCommand(details))
  expect((await client.send(new GetAccountCommand({}))).Details).toMatchObject({ ...details, ReviewDetails: { Status: 'PENDING' } })
  expect(await faultOf(client.send(new PutAccountDetailsCommand(details)))).toMatchObject({ name: 'ConflictException', status: 409 })
  expect((await app.store.account()).productionAccess).toBe(false)
})

test('SendEmail: a simple message with an attachment is stored as any other, and its events tell who sent it', async () => {
  const { client, app } = await openWithClient()
  await client.send(new CreateConfigurationSetCommand({ ConfigurationSetName: 'receipts' }))
  const { MessageId = '' } = await client.send(
    new SendEmailCommand({
      FromEmailAddress: FROM,
      Destination: { ToAddresses: ['Ann <ann@example.net>'], BccAddresses: ['eve@example.net'] },
      ReplyToAddresses: ['help@shop.example'],
      Content: {
        Simple: {
          ...SIMPLE.Simple,
          Headers: [{ Name: 'X-Order', Value: '7' }],
          Attachments: [{ FileName: 'a.bin', RawContent: Buffer.alloc(200_000, 7), ContentType: 'application/octet-stream' }],
        },
      },
      EmailTags: [{ Name: 'flow', Value: 'receipt' }],
      ConfigurationSetName: 'receipts',
    }),
  )
  expect(MessageId).toMatch(/^[0-9a-f]{16}-[0-9a-f-]{36}-000000$/)
  const message = await app.store.message(MessageId)
  expect(message?.recipients.map(({ address }) => address)).toEqual(['ann@example.net', 'eve@example.net'])
  const content = await app.store.content(MessageId)
  const head = content?.head.toString('latin1') ?? ''
  expect(head).toContain('X-Order: 7\r\n')
  expect(head).toContain('Reply-To: help@shop.example\r\n')
  expect(head).toContain('DKIM-Signature:')
  expect(head).not.toContain('eve@')
  const body = content ? (await bytesOf(content.body)).toString('latin1') : ''
  expect(body.replace(/\r\n/g, '')).toContain(Buffer.alloc(200_000, 7).toString('base64').slice(0, 1_000))
  const [send] = await app.store.events({ messageId: MessageId })
  expect(send?.event.mail['tags']).toMatchObject({
    flow: ['receipt'],
    'ses:configuration-set': ['receipts'],
    'ses:operation': ['SendEmail'],
    'ses:caller-identity': [(await app.credentials.list('api'))[0]?.id],
  })
  expect(send?.event.mail['commonHeaders']).toMatchObject({ subject: 'Grüße', to: ['Ann <ann@example.net>'] })
})

test('SendEmail: raw octets are what arrives, and the destination is the envelope', async () => {
  const { client, app } = await openWithClient()
  const raw = Buffer.from(`From: ${FROM}\r\nTo: ann@example.net\r\nSubject: Raw\r\n\r\n${'long line\r\n'.repeat(30_000)}`)
  const { MessageId = '' } = await client.send(
    new SendEmailCommand({ Content: { Raw: { Data: raw } }, Destination: { ToAddresses: ['bob@example.net'] } }),
  )
  const content = await app.store.content(MessageId)
  expect(content && (await bytesOf(content.body)).equals(raw.subarray(raw.indexOf('\r\n\r\n') + 4))).toBe(true)
  expect((await app.store.message(MessageId))?.recipients.map(({ address }) => address)).toEqual(['bob@example.net'])
})

test('SendEmail: a raw message without From gets the one of the call, as a field of its own', async () => {
  const { client, app } = await openWithClient()
  const Data = Buffer.from('To: ann@example.net\r\nSubject: Raw\r\n\r\nHi\r\n')
  const { MessageId = '' } = await client.send(new SendEmailCommand({ FromEmailAddress: FROM, Content: { Raw: { Data } } }))
  expect((await app.store.content(MessageId))?.head.toString()).toMatch(/^From: Shop <orders@shop\.example>\r\nTo: ann@example\.net\r\n/m)
  const nobody = new SendEmailCommand({ Content: { Raw: { Data } } })
  expect(await faultOf(client.send(nobody))).toMatchObject({ name: 'MessageRejected', message: "Missing required header 'From'." })
})

test.each([
  ['a sender who is not verified', { FromEmailAddress: 'x@other.example' }, { name: 'MessageRejected', status: 400 }],
  ['a set that is not there', { ConfigurationSetName: 'none' }, { name: 'NotFoundException', status: 404 }],
  ['no sender', { FromEmailAddress: undefined }, { name: 'BadRequestException', status: 400 }],
  ['no content', { Content: {} }, { name: 'BadRequestException', status: 400 }],
  ['a bad tag', { EmailTags: [{ Name: 'a b', Value: 'c' }] }, { name: 'BadRequestException', status: 400 }],
  ['a tenant', { TenantName: 'acme' }, { name: 'NotFoundException', status: 404 }],
  ['a template that is not there', { Content: { Template: { TemplateName: 'none', TemplateData: '{}' } } }, { name: 'NotFoundException' }],
])('SendEmail refuses %s, and stores nothing', async (_, change, expected) => {
  const { client, app } = await openWithClient()
  const ask = { FromEmailAddress: FROM, Destination: { ToAddresses: ['ann@example.net'] }, Content: SIMPLE, ...change }
  expect(await faultOf(client.send(new SendEmailCommand(ask)))).toMatchObject(expected)
  expect(await app.store.messages(1)).toEqual([])
})

test("SendEmail in the sandbox names every identity that failed, in the service's words", async () => {
  const { client } = await openWithClient({ production: false })
  const ask = { FromEmailAddress: 'x@other.example', Destination: { ToAddresses: ['ann@example.net'] }, Content: SIMPLE }
  expect(await faultOf(client.send(new SendEmailCommand(ask)))).toEqual({
    name: 'MessageRejected',
    status: 400,
    message:
      'Email address is not verified. The following identities failed the check in region US-EAST-1: x@other.example, ann@example.net',
  })
})

test('a paused account says SendingPaused, a suspended one AccountSuspended', async () => {
  const { client, app } = await openWithClient()
  const send = () =>
    faultOf(client.send(new SendEmailCommand({ FromEmailAddress: FROM, Destination: { ToAddresses: ['a@example.net'] }, Content: SIMPLE })))
  await client.send(new PutAccountSendingAttributesCommand({ SendingEnabled: false }))
  expect(await send()).toMatchObject({ name: 'SendingPausedException', status: 400 })
  await app.store.changeAccount({ sendingEnabled: false, enforcementStatus: 'SHUTDOWN' })
  expect(await send()).toMatchObject({ name: 'AccountSuspendedException', status: 400 })
})

test('identities: made, read, changed, listed in pages, deleted', async () => {
  const { client } = await openWithClient()
  const made = await client.send(new CreateEmailIdentityCommand({ EmailIdentity: 'new.example', Tags: [{ Key: 'team', Value: 'a' }] }))
  expect(made).toMatchObject({ IdentityType: 'DOMAIN', VerifiedForSendingStatus: false, DkimAttributes: { SigningEnabled: true } })
  expect(made.DkimAttributes?.Tokens).toHaveLength(3)
  expect(await faultOf(client.send(new CreateEmailIdentityCommand({ EmailIdentity: 'new.example' })))).toEqual({
    name: 'AlreadyExistsException',
    status: 400,
    message: 'Email identity new.example already exist.',
  })
  const tooMany = Array.from({ length: 51 }, (_, key) => ({ Key: `k${key}`, Value: '' }))
  for (const EmailIdentity of ['tagged.example', 'ann@tagged.example']) {
    expect(await faultOf(client.send(new CreateEmailIdentityCommand({ EmailIdentity, Tags: tooMany })))).toMatchObject({
      name: 'LimitExceededException',
    })
    expect(await faultOf(client.send(new GetEmailIdentityCommand({ EmailIdentity })))).toMatchObject({ name: 'NotFoundException' })
  }
  await client.send(new CreateEmailIdentityCommand({ EmailIdentity: 'user+a@other.example' }))
  expect(await client.send(new GetEmailIdentityCommand({ EmailIdentity: 'user+a@other.example' }))).toMatchObject({
    IdentityType: 'EMAIL_ADDRESS',
    VerificationStatus: 'PENDING',
    Policies: {},
  })
  await client.send(new PutEmailIdentityDkimAttributesCommand({ EmailIdentity: 'new.example' }))
  await client.send(new PutEmailIdentityMailFromAttributesCommand({ EmailIdentity: 'new.example', MailFromDomain: 'bounce.new.example' }))
  expect(await client.send(new GetEmailIdentityCommand({ EmailIdentity: 'new.example' }))).toMatchObject({
    DkimAttributes: { SigningEnabled: false },
    MailFromAttributes: { MailFromDomain: 'bounce.new.example', MailFromDomainStatus: 'SUCCESS', BehaviorOnMxFailure: 'USE_DEFAULT_VALUE' },
    Tags: [{ Key: 'team', Value: 'a' }],
  })
  const first = await client.send(new ListEmailIdentitiesCommand({ PageSize: 2 }))
  const second = await client.send(new ListEmailIdentitiesCommand({ PageSize: 2, NextToken: first.NextToken }))
  expect([...(first.EmailIdentities ?? []), ...(second.EmailIdentities ?? [])].map(({ IdentityName }) => IdentityName)).toEqual([
    'new.example',
    'shop.example',
    'user+a@other.example',
  ])
  expect(second.NextToken).toBeUndefined()
  expect(await faultOf(client.send(new ListEmailIdentitiesCommand({ NextToken: 'x' })))).toMatchObject({
    name: 'InvalidNextTokenException',
  })
  await client.send(new DeleteEmailIdentityCommand({ EmailIdentity: 'new.example' }))
  expect(await faultOf(client.send(new GetEmailIdentityCommand({ EmailIdentity: 'new.example' })))).toMatchObject({
    name: 'NotFoundException',
  })
})

test('configuration sets: options, event destinations by the topics there are, tags', async () => {
  const { client, app } = await openWithClient()
  await client.send(
    new CreateConfigurationSetCommand({
      ConfigurationSetName: 'main',
      DeliveryOptions: { TlsPolicy: 'REQUIRE' },
      SuppressionOptions: { SuppressedReasons: [] },
    }),
  )
  await client.send(new PutConfigurationSetDeliveryOptionsCommand({ ConfigurationSetName: 'main', MaxDeliverySeconds: 600 }))
  const { $metadata: _, ...set } = await client.send(new GetConfigurationSetCommand({ ConfigurationSetName: 'main' }))
  expect(set).toEqual({
    ConfigurationSetName: 'main',
    DeliveryOptions: { TlsPolicy: 'OPTIONAL', MaxDeliverySeconds: 600 },
    ReputationOptions: { ReputationMetricsEnabled: false },
    SendingOptions: { SendingEnabled: true },
    SuppressionOptions: { SuppressedReasons: [] },
  })
  expect((await client.send(new ListConfigurationSetsCommand({}))).ConfigurationSets).toEqual(['main'])
  const { accountId } = await app.store.account()
  const topic = `arn:aws:sns:us-east-1:${accountId}:bounces`
  const destination = {
    ConfigurationSetName: 'main',
    EventDestinationName: 'bounces',
    EventDestination: { Enabled: true, MatchingEventTypes: ['BOUNCE', 'COMPLAINT'] as const, SnsDestination: { TopicArn: topic } },
  }
  const create = () =>
    client.send(
      new CreateConfigurationSetEventDestinationCommand({
        ...destination,
        EventDestination: { ...destination.EventDestination, MatchingEventTypes: ['BOUNCE', 'COMPLAINT'] },
      }),
    )
  expect(await faultOf(create())).toMatchObject({ name: 'NotFoundException', message: `SNS topic <${topic}> not found.` })
  const place = { kind: 'url', url: 'http://127.0.0.1:9/' } as const
  await client.send(new CreateConfigurationSetCommand({ ConfigurationSetName: 'other' }))
  await createDestination(app, { owner: { kind: 'set', name: 'other' }, name: 'bounces', enabled: true, service: { kind: 'sns' }, place })
  await create()
  const { EventDestinations } = await client.send(new GetConfigurationSetEventDestinationsCommand({ ConfigurationSetName: 'main' }))
  expect(EventDestinations).toEqual([
    { Name: 'bounces', Enabled: true, MatchingEventTypes: ['BOUNCE', 'COMPLAINT'], SnsDestination: { TopicArn: topic } },
  ])
  const arn = `arn:aws:ses:us-east-1:${accountId}:configuration-set/main`
  await client.send(
    new TagResourceCommand({
      ResourceArn: arn,
      Tags: [
        { Key: 'a', Value: '1' },
        { Key: 'b', Value: '2' },
      ],
    }),
  )
  await client.send(new UntagResourceCommand({ ResourceArn: arn, TagKeys: ['a'] }))
  expect((await client.send(new ListTagsForResourceCommand({ ResourceArn: arn }))).Tags).toEqual([{ Key: 'b', Value: '2' }])
  expect(await faultOf(client.send(new ListTagsForResourceCommand({ ResourceArn: 'x' })))).toMatchObject({ message: 'Invalid ARN: x' })
})

test('the suppression list: times are moments, reasons repeat in the query', async () => {
  const { client } = await openWithClient()
  await client.send(new PutSuppressedDestinationCommand({ EmailAddress: 'ann@example.net', Reason: 'BOUNCE' }))
  await client.send(new PutSuppressedDestinationCommand({ EmailAddress: 'bob@example.net', Reason: 'COMPLAINT' }))
  const { SuppressedDestination } = await client.send(new GetSuppressedDestinationCommand({ EmailAddress: 'ann@example.net' }))
  expect(SuppressedDestination).toMatchObject({ EmailAddress: 'ann@example.net', Reason: 'BOUNCE' })
  expect(Math.abs(Date.now() - Number(SuppressedDestination?.LastUpdateTime))).toBeLessThan(60_000)
  const listed = async (Reasons: ('BOUNCE' | 'COMPLAINT')[]) =>
    (await client.send(new ListSuppressedDestinationsCommand({ Reasons, StartDate: new Date(0) }))).SuppressedDestinationSummaries?.map(
      ({ EmailAddress }) => EmailAddress,
    )
  expect(await listed(['BOUNCE'])).toEqual(['ann@example.net'])
  expect((await listed(['BOUNCE', 'COMPLAINT']))?.toSorted()).toEqual(['ann@example.net', 'bob@example.net'])
  await client.send(new DeleteSuppressedDestinationCommand({ EmailAddress: 'ann@example.net' }))
  expect(await faultOf(client.send(new GetSuppressedDestinationCommand({ EmailAddress: 'ann@example.net' })))).toEqual({
    name: 'NotFoundException',
    status: 404,
    message: 'Email address ann@example.net does not exist on your suppression list.',
  })
})

test('templates are stored, tried out, sent and sent in bulk', async () => {
  const { client, app } = await openWithClient()
  const content = { Subject: 'Hi {{name}}', Text: 'Dear {{name}}\n', Html: '<p>{{name}}</p>' }
  await client.send(new CreateEmailTemplateCommand({ TemplateName: 'hello', TemplateContent: content }))
  expect((await client.send(new GetEmailTemplateCommand({ TemplateName: 'hello' }))).TemplateContent).toEqual(content)
  const { TemplatesMetadata } = await client.send(new ListEmailTemplatesCommand({}))
  expect(TemplatesMetadata).toEqual([{ TemplateName: 'hello', CreatedTimestamp: expect.any(Date) }])
  const { RenderedTemplate } = await client.send(
    new TestRenderEmailTemplateCommand({ TemplateName: 'hello', TemplateData: '{"name":"Ann"}' }),
  )
  expect(RenderedTemplate).toContain('Subject: Hi Ann')
  expect(await faultOf(client.send(new TestRenderEmailTemplateCommand({ TemplateName: 'hello', TemplateData: '{}' })))).toMatchObject({
    name: 'BadRequestException',
    message: "Attribute 'name' is not present in the rendering data.",
  })
  const { MessageId = '' } = await client.send(
    new SendEmailCommand({
      FromEmailAddress: FROM,
      Destination: { ToAddresses: ['ann@example.net'] },
      Content: { Template: { TemplateName: 'hello', TemplateData: '{"name":"Ann"}' } },
    }),
  )
  expect((await app.store.content(MessageId))?.head.toString()).toContain('Subject: Hi Ann')
  // SES fact: content that comes with the request has values alone; what cannot be filled is accepted, and an event tells of it.
  const sent = async (Text: string) => {
    const { MessageId: id = '' } = await client.send(
      new SendEmailCommand({
        FromEmailAddress: FROM,
        Destination: { ToAddresses: ['ann@example.net'] },
        Content: { Template: { TemplateContent: { Subject: 'Hi', Text }, TemplateData: '{"name":"Ann"}' } },
      }),
    )
    return (await app.store.events({ messageId: id })).map(({ type, event }) => [type, event['failure']])
  }
  expect(await sent('Dear {{name}}')).toEqual([['Send', undefined]])
  expect(await sent('{{#if name}}Dear {{name}}{{/if}}')).toEqual([
    ['Send', undefined],
    ['Rendering Failure', { templateName: '', errorMessage: "The template uses '#if', which only stored templates offer" }],
  ])
  const { BulkEmailEntryResults } = await client.send(
    new SendBulkEmailCommand({
      FromEmailAddress: FROM,
      DefaultContent: { Template: { TemplateName: 'hello', TemplateData: '{"name":"you"}' } },
      BulkEmailEntries: [
        { Destination: { ToAddresses: ['ann@example.net'] } },
        { Destination: { ToAddresses: ['not an address'] } },
        {
          Destination: { ToAddresses: ['bob@example.net'] },
          ReplacementEmailContent: { ReplacementTemplate: { ReplacementTemplateData: '{"name":"Bob"}' } },
        },
      ],
    }),
  )
  expect(BulkEmailEntryResults?.map(({ Status }) => Status)).toEqual(['SUCCESS', 'INVALID_PARAMETER', 'SUCCESS'])
  expect((await app.store.content(BulkEmailEntryResults?.[2]?.MessageId ?? ''))?.head.toString()).toContain('Subject: Hi Bob')
})
