/**
 * What a check of the DNS makes of an identity: the state of the domain, of its keys and of its MAIL FROM, each by `search.ts`, and when to
 * look again. A proof from real DNS is never lowered by what the lab says, nor a lab proof by outside DNS, except in `live`, where only real
 * DNS counts. SES facts: concepts §3 to §5.
 */
import type { DnsAnswer } from '../mail/dns-record.ts'
import type { Comparison } from './compare-record.ts'
import { afterSight, decidingTokens, provingTokens } from './dkim-keys.ts'
import type { PlannedRecord } from './dns-plan.ts'
import type { Identity, Proof, SoaRecord, VerificationErrorType } from './identity.ts'
import { afterLook, nextLookMs, restartedSearch, SEARCH_MS, type Search, type Sight } from './search.ts'

export interface RecordEvidence {
  readonly planned: PlannedRecord
  readonly answer: DnsAnswer
  readonly comparison: Comparison
}

export interface DomainEvidence {
  readonly records: readonly RecordEvidence[]
  readonly soa: SoaRecord | null
  /** What a success counts as. */
  readonly proof: Proof
  readonly network: 'lab' | 'relay' | 'live'
}

/** SES fact: NXDOMAIN, NODATA, another value and failing servers are told apart. */
export function errorTypeOf({ answer, comparison }: RecordEvidence): VerificationErrorType | null {
  if (comparison.status === 'FOUND') return null
  if (answer.kind === 'failure') return 'DNS_SERVER_ERROR'
  if (answer.kind === 'no-name') return 'HOST_NOT_FOUND'
  if (answer.kind === 'no-data' || comparison.status === 'MISSING') return 'TYPE_NOT_FOUND'
  return 'INVALID_VALUE'
}

function sightOf(records: readonly RecordEvidence[]): Sight {
  if (records.length === 0) return 'gone'
  if (records.every(({ comparison }) => comparison.status === 'FOUND')) return 'there'
  return records.some(({ comparison }) => comparison.status === 'MISSING' || comparison.status === 'MISMATCH') ? 'gone' : 'unknown'
}

type World = Pick<DomainEvidence, 'proof' | 'network'>

const isProved = ({ verification: { status } }: Identity): boolean => status === 'SUCCESS' || status === 'TEMPORARY_FAILURE'

/** A proof from the other of lab and real DNS, which answers from here can raise but not lower. In `live` a proof from the lab is none. */
export function isProvedElsewhere(identity: Identity, { proof, network }: World): boolean {
  const { verification } = identity
  return isProved(identity) && verification.proof !== proof && !(network === 'live' && verification.proof === 'lab')
}

/** The identity after this check. */
export function judgeDomain(identity: Identity, evidence: DomainEvidence, now: number): Identity {
  const elsewhere = isProvedElsewhere(identity, evidence)
  const isNone = !elsewhere && isProved(identity) && identity.verification.proof !== evidence.proof
  const before = isNone && sightOf(keysAmong(evidence, identity.dkim.tokens)) !== 'there' ? fromZero(identity, now) : identity
  const { verification, dkim } = before
  const deciding = keysAmong(evidence, decidingTokens(dkim))
  const keys = sightOf(deciding)
  const proving = isProved(before) ? keysAmong(evidence, provingTokens(dkim)) : deciding
  const sight = keys === 'there' ? keys : sightOf(proving)
  if (elsewhere && sight !== 'there') return withNextCheck({ ...identity, verification: { ...verification, lastCheckedAt: now } }, now)
  const next = afterLook(verification, sight, now)
  const failing = proving.map(errorTypeOf).filter(type => type !== null)
  const judged: Identity = {
    ...before,
    verification: {
      ...next,
      proof: proofAfter(before, next, evidence),
      lastCheckedAt: now,
      lastSuccessAt: next.status === 'SUCCESS' ? now : verification.lastSuccessAt,
      errorType:
        next.status === 'SUCCESS' ? null : (failing.find(type => type !== 'DNS_SERVER_ERROR') ?? failing[0] ?? verification.errorType),
      soa: evidence.soa ?? verification.soa,
    },
    dkim: afterSight({ ...dkim, ...afterLook(dkim, keys, now) }, foundTokens(evidence), now),
    mailFrom: judgeMailFrom(before, evidence, now),
  }
  return withNextCheck(judged, now)
}

const keysAmong = ({ records }: DomainEvidence, tokens: readonly string[]): RecordEvidence[] =>
  records.filter(({ planned }) => planned.selector !== undefined && tokens.includes(planned.selector))

const foundTokens = ({ records }: DomainEvidence): Set<string> =>
  new Set(
    records.flatMap(({ planned, comparison }) =>
      planned.selector !== undefined && comparison.status === 'FOUND' ? [planned.selector] : [],
    ),
  )

function proofAfter({ verification }: Identity, { status }: Search, { proof }: DomainEvidence): Proof | null {
  if (status === 'SUCCESS') return verification.proof === 'dns' ? 'dns' : proof
  return status === 'TEMPORARY_FAILURE' ? verification.proof : null
}

/** SES fact: the one MX decides. */
function judgeMailFrom({ mailFrom }: Identity, { records }: DomainEvidence, now: number): Identity['mailFrom'] {
  if (mailFrom === null) return null
  const mx = records.filter(({ planned }) => planned.purpose === 'MAIL_FROM_MX')
  return { ...mailFrom, ...afterMailFromLook(mailFrom, sightOf(mx), now) }
}

/** A MAIL FROM is PENDING from its first moment, so it never comes to NOT_STARTED. */
function afterMailFromLook(
  mailFrom: NonNullable<Identity['mailFrom']>,
  sight: Sight,
  now: number,
): Pick<typeof mailFrom, 'status' | 'startedAt'> {
  const { status, startedAt } = afterLook(mailFrom, sight, now)
  return { status: status === 'NOT_STARTED' ? 'PENDING' : status, startedAt }
}

/** As if nothing had ever been found. */
const fromZero = (identity: Identity, now: number): Identity => ({
  ...identity,
  verification: { ...identity.verification, status: 'NOT_STARTED', startedAt: now },
  dkim: { ...identity.dkim, status: 'NOT_STARTED', startedAt: now, signing: null, unproved: identity.dkim.tokens },
})

/** A failed search starts again when its owner asks for it. SES fact: the process restarts from zero. */
export function restarted(identity: Identity, now: number): Identity {
  const { verification, dkim, mailFrom } = identity
  const isAtRest = [verification, dkim, ...(mailFrom === null ? [] : [mailFrom])].some(
    ({ status }) => status === 'FAILED' || status === 'NOT_STARTED',
  )
  if (!isAtRest) return identity
  const again: Identity = {
    ...identity,
    verification: { ...verification, ...restartedSearch(verification, now) },
    dkim: { ...dkim, ...restartedSearch(dkim, now) },
    mailFrom: mailFrom === null || mailFrom.status !== 'FAILED' ? mailFrom : { ...mailFrom, status: 'PENDING', startedAt: now },
  }
  return withNextCheck(again, now)
}

/**
 * The identity with the moment of its next look: the earliest that its parts ask for. Nothing is looked for in a domain that failed, and
 * addresses are proved by mail.
 */
export function withNextCheck(identity: Identity, now: number): Identity {
  const { type, verification, dkim, mailFrom } = identity
  if (type !== 'DOMAIN' || verification.status === 'FAILED') return { ...identity, nextCheckAt: null }
  // A key that a rotation added is searched for like a new set.
  const addedAt = dkim.lastKeyGeneratedAt ?? dkim.startedAt
  const isAdded = dkim.status === 'SUCCESS' && dkim.unproved.length > 0 && now - addedAt < SEARCH_MS
  const added: Search[] = isAdded ? [{ status: 'PENDING', startedAt: addedAt }] : []
  const waits = [verification, dkim, ...(mailFrom === null ? [] : [mailFrom]), ...added].map(search => nextLookMs(search, now))
  const known = waits.filter(wait => wait !== null)
  return { ...identity, nextCheckAt: known.length === 0 ? null : now + Math.min(...known) }
}
