/** Changing what an identity does: signing, keys, MAIL FROM, default configuration set, feedback, tags; and removing it. SES facts: concepts §3 to §5. */
import { checkLengthChange, keyRoles, withNewKeys } from '../account/dkim-keys.ts'
import { coveringNames, type Identity } from '../account/identity.ts'
import { changedTags, type ResourceTag } from '../account/resource-tags.ts'
import { withNextCheck } from '../account/verification.ts'
import { MailctlError } from '../base/errors.ts'
import type { App } from './app.ts'
import { readConfigurationSet } from './configuration-sets.ts'
import { type DkimChoice, dropKeys, mailFromDomain, makeKeys, saveWithKeys } from './create-identity.ts'
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
  /** Added, or given another value. */
  readonly tags?: readonly (readonly [key: string, value: string])[]
  readonly removedTags?: readonly string[]
}

type ChangingApp = Pick<App, 'store' | 'clock' | 'keys'>

/** @throws MailctlError not-found, bad-data, usage (domain settings of an address), conflict, limit-exceeded (key length, tags) */
export async function setIdentity(app: ChangingApp, name: string, change: IdentityChange): Promise<Identity> {
  const identity = await readIdentity(app, name)
  if (change.configurationSet) await readConfigurationSet(app, change.configurationSet)
  const domainOnly = [change.dkim, change.mailFrom, change.onMxFailure].some(value => value !== undefined)
  if (identity.type !== 'DOMAIN' && domainOnly)
    throw new MailctlError('usage', `${identity.name} is an address: keys and MAIL FROM belong to its domain`, {
      hint: `mailctl identity set ${identity.name.slice(identity.name.lastIndexOf('@') + 1)} …`,
    })
  const now = app.clock.now()
  // Everything that may be refused comes before new keys are made.
  const changed: Identity = {
    ...identity,
    mailFrom: changedMailFrom(identity, change, now),
    configurationSet: change.configurationSet === undefined ? identity.configurationSet : change.configurationSet || null,
    feedbackForwarding: change.feedbackForwarding === undefined ? identity.feedbackForwarding : change.feedbackForwarding === 'on',
    tags: changedTags(identity.tags, { added: tagsOf(change.tags ?? []), removed: change.removedTags ?? [] }, 'an identity'),
    dkim: change.signing === undefined ? identity.dkim : { ...identity.dkim, signingEnabled: change.signing === 'on', signingChosen: true },
  }
  const withKeys = change.dkim === undefined ? changed : await changeKeys(app, changed, change.dkim)
  const saved = domainOnly ? withNextCheck(withKeys, now) : withKeys
  try {
    await saveWithKeys(app, saved, identity)
  } catch (error) {
    await dropKeys(app, identity.name, newTokens(identity, saved))
    throw error
  }
  return saved
}

function newTokens(before: Identity, after: Identity): string[] {
  const known = new Set(keyRoles(before.dkim).map(({ token }) => token))
  return after.dkim.tokens.filter(token => !known.has(token))
}

/** New keys only where the choice asks for other ones than there are; how records are planned may change freely. */
async function changeKeys(app: ChangingApp, identity: Identity, choice: DkimChoice): Promise<Identity> {
  const { dkim, name } = identity
  const now = app.clock.now()
  if (choice.kind === 'byo') return await takeKey(app, identity, choice)
  if (dkim.origin === 'AWS_SES') {
    if (choice.keyLength === undefined) return withMethod(identity, choice.kind)
    checkLengthChange(identity, choice.keyLength, now)
  }
  return withNewKeys(identity, await makeKeys(app, name, choice), now)
}

const withMethod = (identity: Identity, method: 'txt' | 'cname'): Identity => {
  const { dkim } = identity
  const signing = dkim.signing !== null && dkim.tokens.includes(dkim.signing.token) ? { ...dkim.signing, method } : dkim.signing
  return { ...identity, dkim: { ...dkim, method, signing } }
}

/**
 * The caller's own key takes over once it is found in DNS; the same one again changes nothing. A selector that is in use keeps its key: its
 * record in DNS could not be that of both.
 * @returns the identity as it would be; saving it is the caller's
 * @throws MailctlError bad-data, conflict
 */
export async function takeKey(app: ChangingApp, identity: Identity, choice: Extract<DkimChoice, { kind: 'byo' }>): Promise<Identity> {
  const { dkim, name } = identity
  const selector = choice.selector.toLowerCase()
  const inUse = keyRoles(dkim).some(({ token }) => token === selector)
  const made = await makeKeys(app, name, choice, inUse ? await app.keys.publicKey(selector, name) : undefined)
  if (dkim.origin === 'EXTERNAL' && dkim.tokens[0] === selector) return identity
  if (inUse && dkim.signing?.token !== selector)
    throw new MailctlError('conflict', `the key ${selector} of ${name} is on its way out and cannot come back`, {
      hint: 'Give the key a new selector.',
    })
  return withNewKeys(identity, made, app.clock.now())
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
  // SES fact: after a failure the setup must be restarted, which giving the same domain again does.
  const stays = mailFrom?.domain === domain && mailFrom.status !== 'FAILED'
  return stays ? { ...mailFrom, onFailure } : { domain, status: 'PENDING', onFailure, startedAt: now }
}

export interface Deletion {
  readonly identity: Identity
  /** Other identities of the account below it, which lose what they inherit: its signature, its MAIL FROM, its settings. In order of name. */
  readonly dependents: readonly string[]
}

/** What a deletion would remove, and whom it would touch. @throws MailctlError not-found, bad-data */
export async function examineDeletion({ store }: Pick<App, 'store'>, name: string): Promise<Deletion> {
  const identity = await readIdentity({ store }, name)
  if (identity.type !== 'DOMAIN') return { identity, dependents: [] }
  const others = (await store.identities()).filter(other => other.name !== identity.name)
  return { identity, dependents: others.map(other => other.name).filter(other => isBelow(other, identity.name)) }
}

const isBelow = (name: string, domain: string): boolean =>
  name.includes('@') ? coveringNames(name).includes(domain) : name.endsWith(`.${domain}`)

/** Removes the identity and its private keys; its DNS records stay where they were published. @throws MailctlError not-found, bad-data */
export async function deleteIdentity(app: Pick<App, 'store' | 'keys'>, name: string): Promise<Deletion> {
  const deletion = await examineDeletion(app, name)
  const { identity } = deletion
  await app.store.deleteIdentity(identity.name)
  await dropKeys(
    app,
    identity.name,
    keyRoles(identity.dkim).map(({ token }) => token),
  )
  return deletion
}

/** For a caller who makes the identity first: nothing is to be made when these would be refused. @throws MailctlError bad-data, limit-exceeded */
export const checkIdentityTags = (tags: NonNullable<IdentityChange['tags']>): void =>
  void changedTags([], { added: tagsOf(tags), removed: [] }, 'an identity')

const tagsOf = (pairs: readonly (readonly [key: string, value: string])[]): ResourceTag[] => pairs.map(([key, value]) => ({ key, value }))
