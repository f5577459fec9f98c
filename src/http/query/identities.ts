/** Identities and their notifications. SES facts: api-v1 "Identities", events "Classic identity notifications". */
import type { Identity } from '../../account/identity.ts'
import { MailctlError } from '../../base/errors.ts'
import type { App } from '../../operations/app.ts'
import { createDomainIdentity } from '../../operations/create-identity.ts'
import {
  NOTIFICATIONS,
  type Notification,
  notificationOf,
  setHeadersInNotifications,
  setTopic,
  topicsOf,
} from '../../operations/notification-topics.ts'
import { publishInLab } from '../../operations/publish-in-lab.ts'
import { identityName, listIdentities } from '../../operations/read-identity.ts'
import { deleteIdentity, setIdentity } from '../../operations/set-identity.ts'
import { verificationToken } from '../../operations/verification-token.ts'
import { startEmailVerification } from '../../operations/verify-email.ts'
import type { StoredDestination } from '../../ports/event-destinations.ts'
import type { SesCall } from '../ses/operation.ts'
import { pageOf } from '../ses/paging.ts'
import { action, type QueryAction } from './action.ts'
import { pageAsked } from './paging.ts'

const LIST = 'identities'
const MOST_NAMED = 100

/** What SES calls NOT_STARTED in v2. */
const STATUS: Readonly<Record<string, string>> = {
  PENDING: 'Pending',
  SUCCESS: 'Success',
  FAILED: 'Failed',
  TEMPORARY_FAILURE: 'TemporaryFailure',
  NOT_STARTED: 'NotStarted',
}

async function verifyEmail({ app, input }: SesCall): Promise<object> {
  await startEmailVerification(app, input.must.text('EmailAddress'))
  return {}
}

/** In the lab the records are published and looked for at once. */
async function domainIdentity({ app, input }: SesCall): Promise<Identity> {
  const { identity, created } = await createDomainIdentity(app, { domain: input.must.text('Domain'), dkim: { kind: 'txt' } })
  if (created) await publishInLab(app, identity)
  return identity
}

async function list({ app, input }: SesCall): Promise<object> {
  const type = input.choice('IdentityType', ['EmailAddress', 'Domain'])
  const wanted = { EmailAddress: 'EMAIL_ADDRESS', Domain: 'DOMAIN' } as const
  const all = (await listIdentities(app)).filter(identity => type === undefined || identity.type === wanted[type])
  const page = pageOf(LIST, pageAsked(LIST, input), { entries: all, keyOf: ({ name }) => name })
  return { Identities: page.entries.map(({ name }) => name), NextToken: page.NextToken }
}

/** A map over those of the named identities that there are. */
async function attributes<T>({ app, input }: SesCall, attributesOf: (identity: Identity) => T | Promise<T>): Promise<Map<string, T>> {
  const names = input.must.texts('Identities')
  if (names.length > MOST_NAMED) throw new MailctlError('bad-data', `At most ${MOST_NAMED} identities can be asked for at once.`)
  const found = new Map<string, T>()
  for (const name of names) {
    const identity = await app.store.identity(identityName(name))
    if (identity) found.set(name, await attributesOf(identity))
  }
  return found
}

async function notificationAttributes(app: App, identity: Identity): Promise<object> {
  const topics = await topicsOf(app, identity)
  const of = <T>(
    name: (type: Notification) => string,
    value: (topic: StoredDestination | undefined, type: Notification) => T,
  ): [string, T][] => NOTIFICATIONS.map(type => [name(type), value(topics.get(type), type)])
  return Object.fromEntries<unknown>([
    ...of(
      type => `${type}Topic`,
      topic => (topic?.service.kind === 'sns' ? topic.service.topicArn : undefined),
    ),
    ['ForwardingEnabled', identity.feedbackForwarding],
    ...of(
      type => `HeadersIn${type}NotificationsEnabled`,
      (topic, type) => topic?.includeHeaders ?? identity.headersInNotifications?.includes(type) ?? false,
    ),
  ])
}

const onOff = (flag: boolean | undefined): 'on' | 'off' => (flag ? 'on' : 'off')
const isVerifiedAddress = ({ type, verification }: Identity): boolean => type === 'EMAIL_ADDRESS' && verification.status === 'SUCCESS'

/** Idempotent, unlike v2. */
async function remove({ app }: SesCall, name: string): Promise<void> {
  await deleteIdentity(app, name).catch((error: unknown) => {
    if (!(error instanceof MailctlError) || error.code !== 'not-found') throw error
  })
}

const MX_WORDS = { UseDefaultValue: 'USE_DEFAULT_VALUE', RejectMessage: 'REJECT_MESSAGE' } as const

export const identityActions: readonly QueryAction[] = [
  action('VerifyEmailIdentity', verifyEmail),
  action('VerifyEmailAddress', async call => {
    await verifyEmail(call)
    return null
  }),
  action('VerifyDomainIdentity', async call => ({ VerificationToken: verificationToken((await domainIdentity(call)).name) })),
  action('VerifyDomainDkim', async call => ({ DkimTokens: (await domainIdentity(call)).dkim.tokens })),
  action('ListIdentities', list),
  action('ListVerifiedEmailAddresses', async ({ app }) => ({
    VerifiedEmailAddresses: (await listIdentities(app)).filter(isVerifiedAddress).map(({ name }) => name),
  })),
  action('DeleteIdentity', async call => {
    await remove(call, call.input.must.text('Identity'))
    return {}
  }),
  action('DeleteVerifiedEmailAddress', async call => {
    await remove(call, call.input.must.text('EmailAddress'))
    return null
  }),
  action('GetIdentityVerificationAttributes', async call => ({
    VerificationAttributes: await attributes(call, ({ name, type, verification }) => ({
      VerificationStatus: STATUS[verification.status],
      VerificationToken: type === 'DOMAIN' ? verificationToken(name) : undefined,
    })),
  })),
  action('GetIdentityDkimAttributes', async call => ({
    DkimAttributes: await attributes(call, ({ dkim }) => ({
      DkimEnabled: dkim.signingEnabled,
      DkimVerificationStatus: STATUS[dkim.status],
      DkimTokens: dkim.origin === 'AWS_SES' && dkim.tokens.length > 0 ? dkim.tokens : undefined,
    })),
  })),
  action('SetIdentityDkimEnabled', async ({ app, input }) => {
    await setIdentity(app, input.must.text('Identity'), { signing: onOff(input.flag('DkimEnabled')) })
    return {}
  }),
  action('GetIdentityMailFromDomainAttributes', async call => ({
    MailFromDomainAttributes: await attributes(call, ({ mailFrom }) => ({
      MailFromDomain: mailFrom?.domain,
      MailFromDomainStatus: mailFrom ? STATUS[mailFrom.status] : undefined,
      BehaviorOnMXFailure: mailFrom?.onFailure === 'REJECT_MESSAGE' ? 'RejectMessage' : 'UseDefaultValue',
    })),
  })),
  action('SetIdentityMailFromDomain', async ({ app, input }) => {
    const mailFrom = input.text('MailFromDomain') ?? ''
    const word = input.choice('BehaviorOnMXFailure', ['UseDefaultValue', 'RejectMessage'])
    const onMxFailure = mailFrom !== '' && word ? { onMxFailure: MX_WORDS[word] } : {}
    const identity = await setIdentity(app, input.must.text('Identity'), { mailFrom, ...onMxFailure })
    await publishInLab(app, identity)
    return {}
  }),
  action('GetIdentityNotificationAttributes', async call => ({
    NotificationAttributes: await attributes(call, identity => notificationAttributes(call.app, identity)),
  })),
  action('SetIdentityNotificationTopic', async ({ app, input }) => {
    const type = notificationOf(input.must.text('NotificationType'))
    await setTopic(app, input.must.text('Identity'), type, input.text('SnsTopic') ?? '')
    return {}
  }),
  action('SetIdentityHeadersInNotificationsEnabled', async ({ app, input }) => {
    const type = notificationOf(input.must.text('NotificationType'))
    await setHeadersInNotifications(app, input.must.text('Identity'), type, input.flag('Enabled') ?? false)
    return {}
  }),
  action('SetIdentityFeedbackForwardingEnabled', async ({ app, input }) => {
    await setIdentity(app, input.must.text('Identity'), { feedbackForwarding: onOff(input.flag('ForwardingEnabled')) })
    return {}
  }),
  action('GetIdentityPolicies', async () => ({ Policies: new Map() })),
  action('ListIdentityPolicies', async () => ({ PolicyNames: [] })),
]
