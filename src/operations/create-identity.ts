/** Making a domain identity with its DKIM keys; asking twice for the same gives the same. SES facts: concepts §3 and §4. */
import type { DkimKeyLength, Identity } from '../account/identity.ts'
import { MailctlError } from '../base/errors.ts'
import { parseDomain } from '../mail/idna.ts'
import type { App } from './app.ts'

/** Whose keys sign, and how their records are planned. */
export type DkimChoice =
  | { readonly kind: 'txt' | 'cname'; readonly keyLength: DkimKeyLength }
  /** `pem`: the caller's RSA private key, PEM or its base64. */
  | { readonly kind: 'byo'; readonly selector: string; readonly pem: string }

export const TOKENS = 3

type NewKeys = Pick<Identity['dkim'], 'origin' | 'method' | 'tokens' | 'keyLength'>

/** New keys, stored durably. @throws MailctlError bad-data (not an RSA key of 1024 to 2048 bits, impossible selector), store-unavailable */
export async function makeKeys({ keys }: Pick<App, 'keys'>, domain: string, choice: DkimChoice): Promise<NewKeys> {
  if (choice.kind === 'byo') {
    if (!/^[A-Za-z0-9-]{1,63}$/.test(choice.selector))
      throw new MailctlError('bad-data', `'${choice.selector}' is not a DKIM selector`, {
        hint: 'Use 1 to 63 letters, digits and hyphens.',
      })
    const selector = choice.selector.toLowerCase()
    const { length } = await keys.import(selector, domain, choice.pem)
    return { origin: 'EXTERNAL', method: 'byo', tokens: [selector], keyLength: length }
  }
  const made = await Promise.all(Array.from({ length: TOKENS }, () => keys.create(choice.keyLength)))
  return { origin: 'AWS_SES', method: choice.kind, tokens: made.map(({ selector }) => selector), keyLength: choice.keyLength }
}

/** A MAIL FROM domain in A-labels: a real subdomain of the identity. A single label is taken as one below it. @throws MailctlError bad-data */
export function mailFromDomain(text: string, domain: string): string {
  const name = parseDomain(text.includes('.') ? text : `${text}.${domain}`)
  if (name.endsWith(`.${domain}`)) return name
  throw new MailctlError('bad-data', `the MAIL FROM domain ${name} is not a subdomain of ${domain}`, {
    hint: `Choose one such as bounce.${domain}.`,
  })
}

/**
 * The domain's identity, made with three keys (or the caller's own) if there is none; an existing one is given back untouched.
 * @throws MailctlError bad-data, limit-exceeded, store-unavailable
 */
export async function createDomainIdentity(
  { store, clock, keys }: Pick<App, 'store' | 'clock' | 'keys'>,
  { domain, dkim }: { readonly domain: string; readonly dkim: DkimChoice },
): Promise<{ readonly identity: Identity; readonly created: boolean }> {
  const name = parseDomain(domain)
  if (!name.includes('.'))
    throw new MailctlError('bad-data', `'${name}' is a single label, not a domain`, { hint: `Did you mean ${name}.com?` })
  const known = await store.identity(name)
  if (known) return { identity: known, created: false }
  const made = await makeKeys({ keys }, name, dkim)
  const now = clock.now()
  const identity: Identity = {
    name,
    type: 'DOMAIN',
    createdAt: now,
    verification: { status: 'PENDING', proof: null, startedAt: now, lastCheckedAt: null, lastSuccessAt: null, errorType: null, soa: null },
    dkim: { ...made, signingEnabled: true, status: 'PENDING', lastKeyGeneratedAt: made.origin === 'AWS_SES' ? now : null },
    mailFrom: null,
    configurationSet: null,
    feedbackForwarding: true,
    token: null,
  }
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

/** Keys that no identity names any more. A file that stays behind harms nothing, so failures are let go. */
export async function dropKeys({ keys }: Pick<App, 'keys'>, domain: string, tokens: readonly string[]): Promise<void> {
  await Promise.allSettled(tokens.map(token => keys.remove(token, domain)))
}
