/** Making a domain identity with its DKIM keys; asking twice for the same gives the same. SES facts: concepts §3 and §4. */
import { checkRoomForKey, droppedTokens, type NewKeys, TOKEN_LENGTH } from '../account/dkim-keys.ts'
import type { DkimKeyLength, Identity } from '../account/identity.ts'
import { withNextCheck } from '../account/verification.ts'
import { MailctlError } from '../base/errors.ts'
import { parseDomain } from '../mail/idna.ts'
import type { App } from './app.ts'

/** Whose keys sign, and how their records are planned. */
export type DkimChoice =
  /** `keyLength` absent: 2048 bits, or what the keys have that are there. */
  | { readonly kind: 'txt' | 'cname'; readonly keyLength?: DkimKeyLength }
  /** `pem`: the caller's RSA private key, PEM or its base64. */
  | { readonly kind: 'byo'; readonly selector: string; readonly pem: string }

const TOKENS = 3
const DEFAULT_LENGTH = 'RSA_2048_BIT'

/**
 * New keys, stored durably.
 * @param standing the public key that a caller's selector has already, which the key must be then
 * @throws MailctlError bad-data (not an RSA key of 1024 to 2048 bits, impossible selector, a domain that leaves no room for it), conflict
 *   (another key), store-unavailable
 */
export async function makeKeys({ keys }: Pick<App, 'keys'>, domain: string, choice: DkimChoice, standing?: string): Promise<NewKeys> {
  if (choice.kind === 'byo') {
    if (!/^[A-Za-z0-9-]{1,63}$/.test(choice.selector))
      throw new MailctlError('bad-data', `'${choice.selector}' is not a DKIM selector`, {
        hint: 'Use 1 to 63 letters, digits and hyphens.',
      })
    const selector = choice.selector.toLowerCase()
    checkRoomForKey(domain, selector.length)
    const { length } = await keys.import(selector, domain, choice.pem, standing)
    return { origin: 'EXTERNAL', method: 'byo', tokens: [selector], keyLength: length }
  }
  checkRoomForKey(domain, TOKEN_LENGTH)
  const keyLength = choice.keyLength ?? DEFAULT_LENGTH
  const made = await Promise.all(Array.from({ length: TOKENS }, () => keys.create(keyLength)))
  return { origin: 'AWS_SES', method: choice.kind, tokens: made.map(({ selector }) => selector), keyLength }
}

/** A MAIL FROM domain in A-labels: a real subdomain of the identity. A single label is taken as one below it. @throws MailctlError bad-data */
export function mailFromDomain(text: string, domain: string): string {
  const name = parseDomain(text.includes('.') ? text : `${text}.${domain}`)
  if (name.endsWith(`.${domain}`)) return name
  throw new MailctlError('bad-data', `the MAIL FROM domain ${name} is not a subdomain of ${domain}`, {
    hint: `Choose one such as bounce.${domain}.`,
  })
}

/** A domain that may be an identity, in A-labels. @throws MailctlError bad-data */
export function domainName(text: string): string {
  const name = parseDomain(text)
  if (name.includes('.')) return name
  throw new MailctlError('bad-data', `'${name}' is a single label, not a domain`, { hint: `Did you mean ${name}.com?` })
}

/**
 * The domain's identity, made with three keys (or the caller's own) if there is none; an existing one is given back untouched.
 * @throws MailctlError bad-data, limit-exceeded, store-unavailable
 */
export async function createDomainIdentity(
  { store, clock, keys }: Pick<App, 'store' | 'clock' | 'keys'>,
  { domain, dkim }: { readonly domain: string; readonly dkim: DkimChoice },
): Promise<{ readonly identity: Identity; readonly created: boolean }> {
  const name = domainName(domain)
  const known = await store.identity(name)
  if (known) return { identity: known, created: false }
  const made = await makeKeys({ keys }, name, dkim)
  const now = clock.now()
  const bare = newIdentity(name, 'DOMAIN', now)
  const lastKeyGeneratedAt = made.origin === 'AWS_SES' ? now : null
  const identity = withNextCheck({ ...bare, dkim: { ...bare.dkim, ...made, unproved: made.tokens, lastKeyGeneratedAt } }, now)
  try {
    await store.addIdentity(identity)
    return { identity, created: true }
  } catch (error) {
    await dropKeys({ keys }, name, made.tokens)
    // Another process was first: its keys count.
    const first = error instanceof MailctlError && error.code === 'already-exists' ? await store.identity(name) : undefined
    if (first === undefined) throw error
    return { identity: first, created: false }
  }
}

/** As SES has one just made: a domain without its keys yet, or an address. */
export function newIdentity(name: string, type: Identity['type'], now: number): Identity {
  const isDomain = type === 'DOMAIN'
  return {
    name,
    type,
    createdAt: now,
    verification: { status: 'PENDING', proof: null, startedAt: now, lastCheckedAt: null, lastSuccessAt: null, errorType: null, soa: null },
    dkim: {
      signingEnabled: isDomain,
      signingChosen: isDomain,
      status: isDomain ? 'PENDING' : 'NOT_STARTED',
      startedAt: now,
      origin: 'AWS_SES',
      method: 'txt',
      tokens: [],
      keyLength: DEFAULT_LENGTH,
      lastKeyGeneratedAt: null,
      unproved: [],
      signing: null,
      retired: [],
      lengthChangedAt: null,
      downgradedAt: null,
    },
    mailFrom: null,
    configurationSet: null,
    feedbackForwarding: true,
    token: null,
    tags: [],
    nextCheckAt: null,
  }
}

/** Replaces the record, and then removes the private keys that it names no more. @throws MailctlError not-found, conflict */
export async function saveWithKeys(app: Pick<App, 'store' | 'keys'>, identity: Identity, was: Identity): Promise<void> {
  await app.store.saveIdentity(identity, was)
  await dropKeys(app, identity.name, droppedTokens(was.dkim, identity.dkim))
}

/** Keys that no identity names any more. A file that stays behind harms nothing, so failures are let go. */
export async function dropKeys({ keys }: Pick<App, 'keys'>, domain: string, tokens: readonly string[]): Promise<void> {
  await Promise.allSettled(tokens.map(token => keys.remove(token, domain)))
}
