/**
 * Limits of `concepts` as requests of v2 meet them: what is just within it is taken, what is one beyond is refused in the way of the
 * service, and changes nothing. Through the official client, which checks none of them itself.
 */
import { generateKeyPairSync } from 'node:crypto'
import {
  CreateConfigurationSetCommand,
  CreateConfigurationSetEventDestinationCommand,
  CreateContactListCommand,
  CreateDedicatedIpPoolCommand,
  CreateEmailIdentityCommand,
  CreateEmailTemplateCommand,
  GetAccountCommand,
  GetEmailIdentityCommand,
  ListConfigurationSetsCommand,
  ListEmailTemplatesCommand,
  PutAccountDetailsCommand,
  PutConfigurationSetDeliveryOptionsCommand,
  PutEmailIdentityDkimSigningAttributesCommand,
  SendBulkEmailCommand,
  SendEmailCommand,
  type SendEmailCommandInput,
  TagResourceCommand,
  TestRenderEmailTemplateCommand,
} from '@aws-sdk/client-sesv2'
import { expect, test } from 'vitest'
import { MAX_CONFIGURATION_SETS, NEW_SET } from '../../../src/account/configuration-set.ts'
import { MAX_IDENTITIES } from '../../../src/account/identity.ts'
import { MAX_TEMPLATES } from '../../../src/account/template.ts'
import { newIdentity } from '../../../src/operations/create-identity.ts'
import { createDestination } from '../../../src/operations/event-destinations.ts'
import { faultOf, openWithClient, type WithClient } from '../../support/ses-client.ts'

type Send = (account: WithClient) => Promise<unknown>
interface Limit {
  readonly what: string
  /** @param more 0: as much as is allowed; 1: one beyond it */
  readonly ask: (account: WithClient, more: 0 | 1) => Promise<unknown>
  readonly fault: string
  /** What must be as it was after a refusal; absent: what the account holds of messages. */
  readonly state?: Send
}

const FROM = 'orders@shop.example'
const x = (length: number): string => 'x'.repeat(length)
const many = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, index) => make(index))

const message = (more: Partial<SendEmailCommandInput> = {}): SendEmailCommand =>
  new SendEmailCommand({
    FromEmailAddress: FROM,
    Destination: { ToAddresses: ['ann@example.net'] },
    Content: { Simple: { Subject: { Data: 'Hi' }, Body: { Text: { Data: 'Hello' } } } },
    ...more,
  })
const withHeaders = (Headers: { Name: string; Value: string }[]): SendEmailCommand =>
  message({ Content: { Simple: { Subject: { Data: 'Hi' }, Body: { Text: { Data: 'Hello' } }, Headers } } })
const raw = (text: string): SendEmailCommand =>
  message({ Content: { Raw: { Data: Buffer.from(`From: ${FROM}\r\nTo: ann@example.net\r\nSubject: Hi\r\n${text}`) } } })
const tags = (count: number, key = 1, value = 0) => many(count, index => ({ Key: `${index}`.padStart(key, 'k'), Value: x(value) }))
const details = (more: object): PutAccountDetailsCommand =>
  new PutAccountDetailsCommand({ MailType: 'TRANSACTIONAL', WebsiteURL: 'https://shop.example', UseCaseDescription: 'Receipts', ...more })
const contacts = (count: number) => many(count, index => `ops${index}@shop.example`)

const messages: Send = ({ app }) => app.store.messages(100)
const identities: Send = ({ app }) => app.store.identities()
const sets: Send = ({ client }) => client.send(new ListConfigurationSetsCommand({})).then(({ ConfigurationSets }) => ConfigurationSets)
const templates: Send = ({ client }) => client.send(new ListEmailTemplatesCommand({})).then(({ TemplatesMetadata }) => TemplatesMetadata)
const account: Send = ({ client }) => client.send(new GetAccountCommand({})).then(({ Details }) => Details)
const BAD = 'BadRequestException'

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const DKIM_KEY = privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64')

const LIMITS: readonly Limit[] = [
  {
    what: '50 recipients of one message',
    ask: ({ client }, more) => {
      const [to = [], cc = [], bcc = []] = [20, 20, 10 + more].map((count, at) => many(count, index => `r${at}-${index}@example.net`))
      return client.send(message({ Destination: { ToAddresses: to, CcAddresses: cc, BccAddresses: bcc } }))
    },
    fault: BAD,
  },
  {
    what: '15 fields of the caller',
    ask: ({ client }, more) => client.send(withHeaders(many(15 + more, index => ({ Name: `X-${index}`, Value: 'v' })))),
    fault: BAD,
  },
  {
    what: '126 characters of a name',
    ask: ({ client }, more) => client.send(withHeaders([{ Name: x(126 + more), Value: 'v' }])),
    fault: BAD,
  },
  {
    what: '995 characters of a value',
    ask: ({ client }, more) => client.send(withHeaders([{ Name: 'X', Value: x(995 + more) }])),
    fault: BAD,
  },
  {
    what: '996 characters of name and value together',
    ask: ({ client }, more) => client.send(withHeaders([{ Name: 'X-Two', Value: x(991 + more) }])),
    fault: BAD,
  },
  {
    what: '500 parts of a message',
    ask: ({ client }, more) => {
      const parts = `--b\r\nContent-Type: text/plain\r\n\r\nx\r\n`.repeat(500 + more)
      return client.send(raw(`MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n${parts}--b--\r\n`))
    },
    fault: BAD,
  },
  {
    what: '500 parts without a header of their own',
    ask: ({ client }, more) => {
      const parts = '--b\r\n\r\nx\r\n'.repeat(500 + more)
      return client.send(raw(`MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n${parts}--b--\r\n`))
    },
    fault: BAD,
  },
  {
    what: '998 octets of a line',
    ask: ({ client }, more) => client.send(raw(`\r\n${x(998 + more)}\r\n`)),
    fault: BAD,
  },
  {
    what: '50 entries in bulk',
    ask: ({ client }, more) =>
      client.send(
        new SendBulkEmailCommand({
          FromEmailAddress: FROM,
          DefaultContent: { Template: { TemplateContent: { Subject: 'Hi', Text: 'Hello' }, TemplateData: '{}' } },
          BulkEmailEntries: many(50 + more, index => ({ Destination: { ToAddresses: [`r${index}@example.net`] } })),
        }),
      ),
    fault: BAD,
  },
  {
    what: '262,144 octets of template data',
    ask: async ({ client }, more) => {
      const TemplateContent = { Subject: 'Hi', Text: 'Hello' }
      await client.send(new CreateEmailTemplateCommand({ TemplateName: `t${more}`, TemplateContent }))
      const TemplateData = `{"a":"${x(262_144 - 8 + more)}"}`
      return client.send(new TestRenderEmailTemplateCommand({ TemplateName: `t${more}`, TemplateData }))
    },
    fault: BAD,
  },
  {
    what: '500 KB of a template',
    ask: ({ client }, more) => {
      const TemplateContent = { Subject: 'Hi', Text: x(500 * 1024 - 2 + more) }
      return client.send(new CreateEmailTemplateCommand({ TemplateName: 'large', TemplateContent }))
    },
    fault: BAD,
    state: templates,
  },
  {
    what: '50 tags of an identity',
    ask: ({ client }, more) => client.send(new CreateEmailIdentityCommand({ EmailIdentity: 'tagged.example', Tags: tags(50 + more) })),
    fault: 'LimitExceededException',
    state: identities,
  },
  {
    what: '50 tags, some of them there already',
    ask: async ({ client, app }, more) => {
      const { accountId } = await app.store.account()
      const ResourceArn = `arn:aws:ses:us-east-1:${accountId}:identity/shop.example`
      await client.send(new TagResourceCommand({ ResourceArn, Tags: tags(49) }))
      return client.send(
        new TagResourceCommand({ ResourceArn, Tags: [{ Key: 'a', Value: '' }, ...(more ? [{ Key: 'b', Value: '' }] : [])] }),
      )
    },
    fault: 'LimitExceededException',
  },
  {
    what: '128 characters of a key',
    ask: ({ client }, more) => client.send(new CreateEmailIdentityCommand({ EmailIdentity: 'tagged.example', Tags: tags(1, 128 + more) })),
    fault: BAD,
    state: identities,
  },
  {
    what: '256 characters of a tag',
    ask: ({ client }, more) =>
      client.send(new CreateEmailIdentityCommand({ EmailIdentity: 'tagged.example', Tags: tags(1, 1, 256 + more) })),
    fault: BAD,
    state: identities,
  },
  {
    what: '63 characters of a label',
    ask: ({ client }, more) => client.send(new CreateEmailIdentityCommand({ EmailIdentity: `${x(63 + more)}.example` })),
    fault: BAD,
    state: identities,
  },
  {
    // 32 of the token, `._domainkey.` and the domain are 253 characters, the most that a name in the DNS may have.
    what: '209 characters of a domain',
    ask: ({ client }, more) => client.send(new CreateEmailIdentityCommand({ EmailIdentity: `${`${x(61)}.`.repeat(3)}${x(23 + more)}` })),
    fault: BAD,
    state: identities,
  },
  {
    what: '63 characters of a selector',
    ask: ({ client }, more) => {
      const SigningAttributes = { DomainSigningSelector: x(63 + more), DomainSigningPrivateKey: DKIM_KEY }
      return client.send(
        new PutEmailIdentityDkimSigningAttributesCommand({
          EmailIdentity: 'shop.example',
          SigningAttributesOrigin: 'EXTERNAL',
          SigningAttributes,
        }),
      )
    },
    fault: BAD,
    state: ({ client }) =>
      client.send(new GetEmailIdentityCommand({ EmailIdentity: 'shop.example' })).then(({ DkimAttributes }) => DkimAttributes),
  },
  {
    what: '1,000 characters of a website',
    ask: ({ client }, more) => client.send(details({ WebsiteURL: `https://shop.example/${x(979 + more)}` })),
    fault: BAD,
    state: account,
  },
  {
    what: '5,000 characters of a use case',
    ask: ({ client }, more) => client.send(details({ UseCaseDescription: x(5_000 + more) })),
    fault: BAD,
    state: account,
  },
  {
    what: '4 further contacts',
    ask: ({ client }, more) => client.send(details({ AdditionalContactEmailAddresses: contacts(4 + more) })),
    fault: BAD,
    state: account,
  },
  {
    what: '254 characters of a contact',
    ask: ({ client }, more) => {
      const domain = `${x(61)}.${x(61)}.${x(61)}.example`
      return client.send(details({ AdditionalContactEmailAddresses: [`${x(254 - domain.length - 1 + more)}@${domain}`] }))
    },
    fault: BAD,
    state: account,
  },
  {
    what: '64 characters of a configuration set',
    ask: ({ client }, more) => client.send(new CreateConfigurationSetCommand({ ConfigurationSetName: x(64 + more) })),
    fault: BAD,
    state: sets,
  },
  {
    what: '10 event destinations of a set',
    ask: async ({ client, app }, more) => {
      const place = { kind: 'url', url: 'http://127.0.0.1:9/' } as const
      const owner = { kind: 'set', name: 'first' } as const
      await client.send(new CreateConfigurationSetCommand({ ConfigurationSetName: 'first' }))
      await createDestination(app, { owner, name: 'bounces', enabled: true, service: { kind: 'sns' }, place })
      const { accountId } = await app.store.account()
      const SnsDestination = { TopicArn: `arn:aws:sns:us-east-1:${accountId}:bounces` }
      await client.send(new CreateConfigurationSetCommand({ ConfigurationSetName: 'full' }))
      for (const EventDestinationName of many(10 + more, index => `d${index}`)) {
        const EventDestination = { MatchingEventTypes: ['BOUNCE' as const], SnsDestination }
        await client.send(
          new CreateConfigurationSetEventDestinationCommand({ ConfigurationSetName: 'full', EventDestinationName, EventDestination }),
        )
      }
    },
    fault: 'LimitExceededException',
  },
  {
    what: 'a delivery within 50,400 seconds',
    ask: async ({ client }, more) => {
      await client.send(new CreateConfigurationSetCommand({ ConfigurationSetName: `late${more}` }))
      return client.send(
        new PutConfigurationSetDeliveryOptionsCommand({ ConfigurationSetName: `late${more}`, MaxDeliverySeconds: 50_400 + more }),
      )
    },
    fault: BAD,
  },
  {
    what: 'a delivery of 300 seconds at least',
    ask: async ({ client }, more) => {
      await client.send(new CreateConfigurationSetCommand({ ConfigurationSetName: `soon${more}` }))
      return client.send(
        new PutConfigurationSetDeliveryOptionsCommand({ ConfigurationSetName: `soon${more}`, MaxDeliverySeconds: 300 - more }),
      )
    },
    fault: BAD,
  },
  {
    what: '20 topics of a contact list',
    ask: ({ client }, more) => {
      const Topics = many(20 + more, index => ({
        TopicName: `t${index}`,
        DisplayName: 'Topic',
        DefaultSubscriptionStatus: 'OPT_IN' as const,
      }))
      return client.send(new CreateContactListCommand({ ContactListName: 'news', Topics }))
    },
    fault: BAD,
    state: ({ app }) => app.store.contactList(),
  },
  {
    what: 'one contact list',
    ask: async ({ client }, more) => {
      await client.send(new CreateContactListCommand({ ContactListName: 'news' }))
      if (more) await client.send(new CreateContactListCommand({ ContactListName: 'more' }))
    },
    fault: BAD,
  },
  {
    what: '50 dedicated IP pools',
    ask: async ({ client }, more) => {
      for (const PoolName of many(50 + more, index => `p${index}`)) await client.send(new CreateDedicatedIpPoolCommand({ PoolName }))
    },
    fault: 'LimitExceededException',
  },
  {
    what: '64 characters of a pool',
    ask: ({ client }, more) => client.send(new CreateDedicatedIpPoolCommand({ PoolName: x(64 + more) })),
    fault: BAD,
    state: ({ app }) => app.store.pools(),
  },
  {
    what: '10,000 identities',
    ask: async ({ client, app }, more) => {
      const { length } = await app.store.identities()
      await inBatches(MAX_IDENTITIES - length - 1 + more, index =>
        app.store.addIdentity(newIdentity(`d${index}.example`, 'DOMAIN', app.clock.now())),
      )
      return client.send(new CreateEmailIdentityCommand({ EmailIdentity: 'one.more.example' }))
    },
    fault: 'LimitExceededException',
  },
  {
    what: '10,000 configuration sets',
    ask: async ({ client, app }, more) => {
      await inBatches(MAX_CONFIGURATION_SETS - 1 + more, index =>
        app.store.addConfigurationSet({ ...NEW_SET, name: `s${index}`, createdAt: app.clock.now() }),
      )
      return client.send(new CreateConfigurationSetCommand({ ConfigurationSetName: 'one-more' }))
    },
    fault: 'LimitExceededException',
  },
  {
    what: '20,000 templates',
    ask: async ({ client, app }, more) => {
      const at = app.clock.now()
      await inBatches(MAX_TEMPLATES - 1 + more, index =>
        app.store.addTemplate({ name: `t${index}`, content: { subject: 'Hi', text: 'x', html: null }, createdAt: at }),
      )
      return client.send(new CreateEmailTemplateCommand({ TemplateName: 'one-more', TemplateContent: { Subject: 'Hi', Text: 'x' } }))
    },
    fault: 'LimitExceededException',
  },
]

/** Transactions of a thousand each. */
async function inBatches(count: number, make: (index: number) => Promise<unknown>): Promise<void> {
  for (let from = 0; from < count; from += 1_000) {
    await Promise.all(many(Math.min(1_000, count - from), index => make(from + index)))
  }
}

test.each(LIMITS)('$what, and no more', async ({ ask, fault, state = messages }) => {
  const within = await openWithClient({ production: state !== account })
  await ask(within, 0)
  const beyond = await openWithClient({ production: state !== account })
  const before = await state(beyond)
  expect(await faultOf(ask(beyond, 1))).toMatchObject({ name: fault, status: 400 })
  expect(await state(beyond)).toEqual(before)
})
