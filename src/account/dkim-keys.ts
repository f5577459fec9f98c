/**
 * The DKIM keys of a domain: which one signs, which wait, which are on their way out, and the moves between them. A key signs only after its
 * record was found in DNS; until then the key that signed before goes on. A key that signed stays published until mail that it signed has
 * arrived everywhere. SES facts: concepts §4.
 */
import { MailctlError } from '../base/errors.ts'
import type { DkimKeyLength, DkimMethod, Identity } from './identity.ts'

/** Characters of a selector of our own. */
export const TOKEN_LENGTH = 32
/** RFC 1035 §2.3.4: characters of a name in the DNS, as people write it. */
const LONGEST_NAME = 253

/** A key's name is published under the domain's. @throws MailctlError bad-data */
export function checkRoomForKey(domain: string, selectorLength: number): void {
  const most = LONGEST_NAME - selectorLength - '._domainkey.'.length
  if (domain.length <= most) return
  throw new MailctlError('bad-data', `The domain has ${domain.length} characters; with its DKIM keys in the DNS it can have ${most}`, {
    hint: 'Verify a shorter domain above it: that covers its subdomains.',
  })
}

type Dkim = Identity['dkim']

/** Mail waits in queues for days, is forwarded, and is verified again when it is read. */
export const OVERLAP_MS = 7 * 24 * 3_600_000
/** Keys in their overlap at once. */
const MAX_RETIRED = 5
const DAY_MS = 24 * 3_600_000

/** `PENDING`: not found in DNS yet. `RETIRING`: signs until the keys that replace it are found. `RETIRED`: does not sign any more. */
export type KeyState = 'SIGNING' | 'WAITING' | 'PENDING' | 'RETIRING' | 'RETIRED'

export interface KeyRole {
  readonly token: string
  readonly method: DkimMethod
  readonly state: KeyState
  /** When its record may go; null: it is needed. */
  readonly publishedUntil: number | null
}

/** Every key whose record is to be published, those that will sign next first. */
export function keyRoles({ tokens, method, unproved, signing, retired }: Dkim): KeyRole[] {
  const roles = tokens.map((token): KeyRole => {
    const state = token === signing?.token ? 'SIGNING' : unproved.includes(token) ? 'PENDING' : 'WAITING'
    return { token, method, state, publishedUntil: null }
  })
  if (signing !== null && !tokens.includes(signing.token))
    roles.push({ token: signing.token, method: signing.method, state: 'RETIRING', publishedUntil: null })
  for (const { token, method: old, retiredAt } of retired)
    roles.push({ token, method: old, state: 'RETIRED', publishedUntil: retiredAt + OVERLAP_MS })
  return roles
}

/** Selectors whose private keys are needed no more when the identity has become `after`. */
export function droppedTokens(before: Dkim, after: Dkim): string[] {
  const kept = new Set(keyRoles(after).map(({ token }) => token))
  return keyRoles(before)
    .map(({ token }) => token)
    .filter(token => !kept.has(token))
}

const isProved = ({ status }: Pick<Dkim, 'status'>): boolean => status === 'SUCCESS' || status === 'TEMPORARY_FAILURE'

/**
 * The keys whose records decide about DKIM: all of a new set, since waiting keys need no change of DNS later only if they are there from
 * the start; of a set that stands, those that were found, so that a key added by a rotation lowers nothing until it is published.
 */
export const decidingTokens = (dkim: Dkim): readonly string[] =>
  isProved(dkim) ? dkim.tokens.filter(token => !dkim.unproved.includes(token)) : dkim.tokens

/** And those that decide about a domain that was proved: while its keys are being replaced, the one that still signs. */
export const provingTokens = (dkim: Dkim): readonly string[] =>
  !isProved(dkim) && dkim.signing !== null ? [dkim.signing.token] : decidingTokens(dkim)

/** After a look that moved `status`. @param found selectors whose records stand */
export function afterSight(dkim: Dkim, found: ReadonlySet<string>, now: number): Dkim {
  if (dkim.status === 'FAILED' && dkim.signing !== null && dkim.tokens.includes(dkim.signing.token))
    return { ...withoutExpired(dkim, now), signing: null, unproved: dkim.tokens }
  if (dkim.status !== 'SUCCESS') return withoutExpired(dkim, now)
  const unproved = dkim.unproved.filter(token => !found.has(token))
  const [first] = dkim.tokens
  if (first === undefined || unproved.includes(first)) return { ...withoutExpired(dkim, now), unproved }
  return { ...withoutExpired(signsWith(dkim, first, now), now), unproved }
}

function signsWith(dkim: Dkim, token: string, now: number): Dkim {
  const { signing, retired, method, keyLength } = dkim
  if (signing?.token === token) return dkim
  return {
    ...dkim,
    signing: { token, method, keyLength },
    retired: signing === null ? retired : [...retired, { token: signing.token, method: signing.method, retiredAt: now }],
  }
}

const withoutExpired = (dkim: Dkim, now: number): Dkim => ({
  ...dkim,
  retired: dkim.retired.filter(({ retiredAt }) => now < retiredAt + OVERLAP_MS),
})

/**
 * The key that would sign after a rotation.
 * @throws MailctlError usage (a key of the caller's own), conflict (the keys are not proved yet, or the next is not), limit-exceeded
 */
export function nextToSign({ name, dkim }: Pick<Identity, 'name' | 'dkim'>, now: number): string {
  if (dkim.origin !== 'AWS_SES')
    throw new MailctlError('usage', `${name} signs with a key of your own, which mailctl does not rotate`, {
      hint: `Bring the next one: mailctl dkim import ${name} --selector NAME --key-file FILE`,
    })
  const [first, next] = dkim.tokens
  if (first === undefined || next === undefined || dkim.signing?.token !== first)
    throw new MailctlError('conflict', `the keys of ${name} were not found in DNS yet; nothing is there to rotate`, {
      hint: `mailctl verify domain ${name} shows what is missing.`,
    })
  if (dkim.unproved.includes(next)) throw notFoundYet(name, next)
  if (withoutExpired(dkim, now).retired.length >= MAX_RETIRED)
    throw new MailctlError(
      'limit-exceeded',
      `${MAX_RETIRED} old keys of ${name} are still to stay published; that is the most there can be`,
      {
        hint: `mailctl dkim show ${name} says until when.`,
      },
    )
  return next
}

/** A key that must not sign yet. */
export const notFoundYet = (name: string, token: string): MailctlError =>
  new MailctlError('conflict', `the next key of ${name}, ${token}, was not found in DNS; it must be before it signs`, {
    hint: `Publish it (mailctl dns plan ${name}), then mailctl verify domain ${name}.`,
  })

/** The next key signs, the one before stays published, and a new one waits at the end. @param added its selector  @throws as `nextToSign` */
export function rotated(identity: Identity, added: string, now: number): Identity {
  const next = nextToSign(identity, now)
  const [, ...waiting] = identity.dkim.tokens
  const dkim = {
    ...identity.dkim,
    tokens: [...waiting, added],
    unproved: [...identity.dkim.unproved, added],
    lastKeyGeneratedAt: now,
  }
  return { ...identity, dkim: withoutExpired(signsWith(dkim, next, now), now) }
}

export type NewKeys = Pick<Dkim, 'origin' | 'method' | 'tokens' | 'keyLength'>

/** Other keys take over once they are found; what signs now goes on until then. */
export function withNewKeys(identity: Identity, made: NewKeys, now: number): Identity {
  const { dkim } = identity
  const changesLength = dkim.origin === 'AWS_SES' && made.origin === 'AWS_SES' && made.keyLength !== dkim.keyLength
  return {
    ...identity,
    dkim: {
      ...withoutExpired(dkim, now),
      ...made,
      status: 'PENDING',
      startedAt: now,
      unproved: made.tokens,
      lastKeyGeneratedAt: made.origin === 'AWS_SES' ? now : dkim.lastKeyGeneratedAt,
      lengthChangedAt: changesLength ? now : dkim.lengthChangedAt,
      downgradedAt: changesLength && made.keyLength === 'RSA_1024_BIT' ? now : dkim.downgradedAt,
    },
  }
}

/**
 * SES fact: not to the same length, and at most once in 24 hours, except that the first change to 1024 bits in that time is free.
 * @throws MailctlError bad-data, limit-exceeded
 */
export function checkLengthChange({ name, dkim }: Pick<Identity, 'name' | 'dkim'>, to: DkimKeyLength, now: number): void {
  if (to === dkim.keyLength)
    throw new MailctlError('bad-data', `the keys of ${name} are ${to} already`, {
      hint: `New ones of the same length: mailctl dkim rotate ${name}`,
    })
  const isRecent = (at: number | null): boolean => at !== null && now - at < DAY_MS
  if (!isRecent(dkim.lengthChangedAt) || (to === 'RSA_1024_BIT' && !isRecent(dkim.downgradedAt))) return
  throw new MailctlError('limit-exceeded', `the key length of ${name} was changed less than 24 hours ago`, {
    hint: `It may change again from ${new Date((dkim.lengthChangedAt ?? now) + DAY_MS).toISOString()} on.`,
  })
}
