/** Changing what an identity does: signing, keys, MAIL FROM, default configuration set, feedback; and removing it. SES facts: concepts §4 and §5. */
import type { Identity } from '../account/identity.ts'
import { MailctlError } from '../base/errors.ts'
import type { App } from './app.ts'
import { readConfigurationSet } from './configuration-sets.ts'
import { type DkimChoice, dropKeys, mailFromDomain, makeKeys } from './create-identity.ts'
import { readIdentity } from './read-identity.ts'

/** What is absent stays. */
export interface IdentityChange {
  readonly signing?: 'on' | 'off'
  readonly dkim?: DkimChoice
  /** `''` clears it. */
  readonly mailFrom?: string
  readonly onMxFailure?: 'USE_DEFAULT_VALUE' | 'REJECT_MESSAGE'
  /** `''` clears it. */
  readonly configurationSet?: string
  readonly feedbackForwarding?: 'on' | 'off'
}

/** SES fact: the key length changes at most once in 24 hours. */
const KEY_CHANGE_MS = 24 * 3_600_000

/** @throws MailctlError not-found, bad-data, usage (domain settings of an address), limit-exceeded (key length changed less than 24 h ago) */
export async function setIdentity(app: Pick<App, 'store' | 'clock' | 'keys'>, name: string, change: IdentityChange): Promise<Identity> {
  const identity = await readIdentity(app, name)
  if (change.configurationSet) await readConfigurationSet(app, change.configurationSet)
  const domainOnly = [change.dkim, change.mailFrom, change.onMxFailure].some(value => value !== undefined)
  if (identity.type !== 'DOMAIN' && domainOnly)
    throw new MailctlError('usage', `${identity.name} is an address: keys and MAIL FROM belong to its domain`, {
      hint: `mailctl identity set ${identity.name.slice(identity.name.lastIndexOf('@') + 1)} …`,
    })
  const withKeys = change.dkim === undefined ? identity : await changeKeys(app, identity, change.dkim)
  const changed: Identity = {
    ...withKeys,
    dkim: change.signing === undefined ? withKeys.dkim : { ...withKeys.dkim, signingEnabled: change.signing === 'on' },
    mailFrom: changedMailFrom(withKeys, change, app.clock.now()),
    configurationSet: change.configurationSet === undefined ? withKeys.configurationSet : change.configurationSet || null,
    feedbackForwarding: change.feedbackForwarding === undefined ? withKeys.feedbackForwarding : change.feedbackForwarding === 'on',
  }
  await app.store.saveIdentity(changed)
  const gone = identity.dkim.tokens.filter(token => !changed.dkim.tokens.includes(token))
  await dropKeys(app, identity.name, gone)
  return changed
}

/** New keys only where the choice asks for other ones than there are; how records are planned may change freely. */
async function changeKeys({ keys, clock }: Pick<App, 'keys' | 'clock'>, identity: Identity, choice: DkimChoice): Promise<Identity> {
  const { dkim, name } = identity
  const now = clock.now()
  if (choice.kind !== 'byo' && dkim.origin === 'AWS_SES') {
    if (choice.keyLength === dkim.keyLength) return { ...identity, dkim: { ...dkim, method: choice.kind } }
    if (dkim.lastKeyGeneratedAt !== null && dkim.lastKeyGeneratedAt > identity.createdAt && now - dkim.lastKeyGeneratedAt < KEY_CHANGE_MS)
      throw new MailctlError('limit-exceeded', `the key length of ${name} was changed less than 24 hours ago`, {
        hint: 'Wait, then change it again.',
      })
  }
  const made = await makeKeys({ keys }, name, choice)
  return {
    ...identity,
    verification: { ...identity.verification, startedAt: now },
    dkim: { ...dkim, ...made, status: 'PENDING', lastKeyGeneratedAt: made.origin === 'AWS_SES' ? now : dkim.lastKeyGeneratedAt },
  }
}

function changedMailFrom(
  { name, mailFrom }: Identity,
  { mailFrom: asked, onMxFailure }: IdentityChange,
  now: number,
): Identity['mailFrom'] {
  const onFailure = onMxFailure ?? mailFrom?.onFailure ?? 'USE_DEFAULT_VALUE'
  if (asked === '') return null
  if (asked === undefined) {
    if (mailFrom === null && onMxFailure !== undefined)
      throw new MailctlError('usage', `${name} has no MAIL FROM domain`, { hint: 'Give one with --mail-from.' })
    return mailFrom === null ? null : { ...mailFrom, onFailure }
  }
  const domain = mailFromDomain(asked, name)
  return mailFrom?.domain === domain ? { ...mailFrom, onFailure } : { domain, status: 'PENDING', onFailure, startedAt: now }
}

/** Removes the identity and its private keys; its DNS records stay where they were published. @throws MailctlError not-found, bad-data */
export async function deleteIdentity(app: Pick<App, 'store' | 'keys'>, name: string): Promise<Identity> {
  const identity = await readIdentity(app, name)
  await app.store.deleteIdentity(identity.name)
  await dropKeys(app, identity.name, identity.dkim.tokens)
  return identity
}
