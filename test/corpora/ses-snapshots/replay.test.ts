/**
 * Recorded answers of version 1 of the API, asked for again of our HTTP door by the official client: the same status, code and text of an error,
 * the same members of an answer. Requests were not recorded; they are those of the tests that recorded, or stand in the examples.
 */
import { readFileSync } from 'node:fs'
import * as sdk from '@aws-sdk/client-ses'
import { expect, onTestFinished, test } from 'vitest'
import { createAccessKey } from '../../../src/operations/credentials.ts'
import { addVerifiedDomain } from '../../support/engine.ts'
import { openHttpAccount } from '../../support/http-door.ts'

interface Answer {
  readonly Error?: { readonly Code: string; readonly Message: string }
  readonly ResponseMetadata: { readonly HTTPStatusCode: number }
  readonly [member: string]: unknown
}
interface Example {
  readonly input?: object
  readonly output?: object
}
const read = (name: string): unknown => JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8'))
const snapshots = read('localstack-ses.snapshot.json') as Record<string, { readonly 'recorded-content': Record<string, Answer> }>
const examples = read('ses-v1-api-examples.json') as Record<string, readonly Example[]>

type Ask = (action: string, input?: object) => Promise<Answer>

/** @returns asks of an account with `shop.example` */
async function open(): Promise<{ readonly ask: Ask; readonly account: Awaited<ReturnType<typeof openHttpAccount>> }> {
  const account = await openHttpAccount({ auth: 'sigv4' })
  const { id, secret } = await createAccessKey(account.app)
  const credentials = { accessKeyId: id, secretAccessKey: secret }
  const client = new sdk.SESClient({ endpoint: account.url, region: 'us-east-1', credentials, maxAttempts: 1 })
  onTestFinished(() => client.destroy())
  const commands = sdk as unknown as Record<string, new (input: object) => sdk.GetSendQuotaCommand>
  return {
    account,
    async ask(action, input = {}) {
      const Command = commands[`${action}Command`]
      if (Command === undefined) throw new Error(`the client has no ${action}`)
      return await client.send(new Command(input)).then(
        ({ $metadata, ...members }) => ({ ...members, ResponseMetadata: { HTTPStatusCode: $metadata.httpStatusCode ?? 0 } }),
        ({ Error: error, name, message, $metadata }) => ({
          Error: { Code: error?.Code ?? name, Message: error?.message ?? message },
          ResponseMetadata: { HTTPStatusCode: $metadata.httpStatusCode },
        }),
      )
    },
  }
}

/** Names of members and how they nest; a list by the shape of its first entry. Absent members are not there. */
function shape(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? [] : [shape(value[0])]
  if (typeof value !== 'object' || value === null || value instanceof Date) return 'value'
  const there = Object.entries(value).filter(([, member]) => member !== undefined)
  return Object.fromEntries(there.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, member]) => [name, shape(member)]))
}

/** As the recorder left it. */
function recorded({ Error: error, ResponseMetadata: metadata, ...members }: Answer) {
  const { HTTPStatusCode: status } = metadata
  return error ? { status, code: error.Code, text: error.Message } : { status, members: shape(members) }
}

const MESSAGE = { Subject: { Data: 'Hi' }, Body: { Text: { Data: 'Hello' } } }
const HELLO = { Template: { TemplateName: 'hello-world', SubjectPart: 'Hi', TextPart: 'Hello' } }
const TOPIC = 'arn:aws:sns:us-east-1:111111111111:none'

const tagged =
  (Name: string, Value: string) =>
  async (ask: Ask): Promise<Answer[]> => [
    await ask('SendEmail', {
      Source: 'a@shop.example',
      Destination: { ToAddresses: ['ann@example.net'] },
      Message: MESSAGE,
      Tags: [{ Name, Value }],
    }),
  ]
const headers = (input: object) => (ask: Ask) => ask('SetIdentityHeadersInNotificationsEnabled', { Enabled: true, ...input })
const twice = (NotificationType: string, Enabled: boolean) => async (ask: Ask) => [
  await headers({ Identity: 'shop.example', NotificationType, Enabled })(ask),
  await headers({ Identity: 'shop.example', NotificationType, Enabled })(ask),
]
const unknown = (NotificationType: string) => async (ask: Ask) => [await headers({ Identity: 'unknown@example.com', NotificationType })(ask)]

/** The answers of each, in the order of the recording. */
const REPLAYED: Readonly<Record<string, (ask: Ask) => Promise<Answer[]>>> = {
  async test_cannot_create_event_for_no_topic(ask) {
    await ask('CreateConfigurationSet', { ConfigurationSet: { Name: 'main' } })
    const EventDestination = { Name: 'topic', Enabled: true, MatchingEventTypes: ['send'], SNSDestination: { TopicARN: TOPIC } }
    const answer = await ask('CreateConfigurationSetEventDestination', { ConfigurationSetName: 'main', EventDestination })
    return [JSON.parse(JSON.stringify(answer).replace(TOPIC, '<arn>'))]
  },
  test_trying_to_delete_event_destination_from_non_existent_configuration_set: async ask => [
    await ask('DeleteConfigurationSetEventDestination', {
      ConfigurationSetName: 'non-existent-configuration-set',
      EventDestinationName: 'x',
    }),
  ],
  'test_invalid_tags_send_email[test-test_invalid_value:123]': tagged('test', 'test_invalid_value:123'),
  'test_invalid_tags_send_email[test_invalid_name:123-test_invalid_value:123]': tagged('test_invalid_name:123', 'test_invalid_value:123'),
  'test_invalid_tags_send_email[test_invalid_name_len]': tagged('x'.repeat(256), 'test'),
  'test_invalid_tags_send_email[test_priority_name_value]': tagged('test_invalid_name@123', 'test_invalid_value:123'),
  'test_invalid_tags_send_email[-]': tagged('', ''),
  'test_invalid_tags_send_email[-test]': tagged('', 'test'),
  test_list_templates: async ask => [await ask('CreateTemplate', HELLO), await ask('ListTemplates'), await ask('ListTemplates', { MaxItems: 1 })],
  async test_delete_template(ask) {
    const empty = await ask('ListTemplates')
    await ask('CreateTemplate', HELLO)
    return [empty, await ask('ListTemplates'), await ask('DeleteTemplate', { TemplateName: 'hello-world' }), await ask('ListTemplates')]
  },
  'test_set_identity_headers_in_notifications_enabled_success[True-Bounce]': twice('Bounce', true),
  'test_set_identity_headers_in_notifications_enabled_success[True-Complaint]': twice('Complaint', true),
  'test_set_identity_headers_in_notifications_enabled_success[True-Delivery]': twice('Delivery', true),
  'test_set_identity_headers_in_notifications_enabled_success[False-Delivery]': twice('Delivery', false),
  test_set_identity_headers_in_notifications_enabled_failure_invalid_type: async ask => [
    await headers({ Identity: 'shop.example', NotificationType: 'InvalidType' })(ask),
  ],
  'test_set_identity_headers_in_notifications_enabled_failure_unknown_identity[Bounce]': unknown('Bounce'),
  'test_set_identity_headers_in_notifications_enabled_failure_unknown_identity[Complaint]': unknown('Complaint'),
  'test_set_identity_headers_in_notifications_enabled_failure_unknown_identity[Delivery]': unknown('Delivery'),
}

const NOT_REPLAYED: Readonly<Record<string, string>> = {
  test_clone_receipt_rule_set: 'this account has no receipt rules',
  test_ses_sns_topic_integration_send_email: 'records what a topic was told, no answer: events.test.ts has the shapes',
  test_sending_to_deleted_topic: 'records what a topic was told, no answer: events.test.ts has the shapes',
}

test('every recording is replayed or said why not', () => {
  expect([...Object.keys(REPLAYED), ...Object.keys(NOT_REPLAYED)].toSorted()).toEqual(Object.keys(snapshots).toSorted())
})

test.each(Object.keys(REPLAYED))('%s', async name => {
  const { ask } = await open()
  const answers = (await REPLAYED[name]?.(ask)) ?? []
  expect(answers.map(recorded)).toEqual(Object.values(snapshots[name]?.['recorded-content'] ?? {}).map(recorded))
})

/** The raw message of the examples has its line breaks as two characters each, and is text. */
const withLineBreaks = (input: object): object => {
  if (!('RawMessage' in input)) return input
  const { Data } = input.RawMessage as { readonly Data: string }
  return { ...input, RawMessage: { Data: Buffer.from(Data.replaceAll('\\n', '\n')) } }
}

/** The account of the examples: `example.com` and `user@example.com` are there, and mail was sent. */
test('the examples of the official clients: each is taken, and answered with the members that it shows', async () => {
  const { ask, account } = await open()
  // This account has no receipt rules, no policies and no topic of that name; nobody has followed the link that verifies an address; the MAIL FROM
  // domain of the example is an address's own, and here it belongs to the address's domain.
  const skipped =
    /Receipt|^(GetIdentityPolicies|ListIdentityPolicies|SetIdentityNotificationTopic|ListVerifiedEmailAddresses|SetIdentityMailFromDomain)$/
  await addVerifiedDomain(account.app, 'example.com')
  await ask('VerifyEmailAddress', { EmailAddress: 'user@example.com' })
  await ask('SetIdentityMailFromDomain', { Identity: 'example.com', MailFromDomain: 'bounces.example.com' })
  await account.submit('From: a@shop.example\nTo: ann@example.net\nSubject: Hi\n\nHello\n')
  const names = Object.keys(examples).filter(name => !skipped.test(name))
  const wanted: unknown[] = []
  const found: unknown[] = []
  for (const name of names)
    for (const { input = {}, output = {} } of examples[name] ?? []) {
      const { ResponseMetadata: metadata, Error: error, ...members } = await ask(name, withLineBreaks(input))
      wanted.push([name, 200, undefined, shape(output)])
      found.push([name, metadata.HTTPStatusCode, error?.Message, shape(members)])
    }
  expect(found).toEqual(wanted)
})
