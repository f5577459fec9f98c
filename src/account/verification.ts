/**
 * What a check of the DNS makes of an identity's state. A search lasts 72 hours and then fails; a proof that vanishes is kept in grace for
 * as long and then withdrawn; a failure of the DNS itself never counts as an answer. A proof from real DNS is never lowered by what the lab
 * says, nor a lab proof by outside DNS, except in `live`, where only real DNS counts. SES facts: concepts §3 to §5.
 */
import type { DnsAnswer } from '../mail/dns-record.ts'
import type { Comparison } from './compare-record.ts'
import type { PlannedRecord } from './dns-plan.ts'
import type { Identity, Proof, SoaRecord, VerificationErrorType } from './identity.ts'

/** SES fact: the DNS is searched for 72 hours; the grace of a lost record is as long. */
export const SEARCH_MS = 72 * 3_600_000

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

type Searched = 'PENDING' | 'SUCCESS' | 'FAILED' | 'TEMPORARY_FAILURE'

/** The next state of anything that is searched for. `unknown`: the DNS gave no answer. */
function nextState(
  { status, startedAt }: { readonly status: Searched | 'NOT_STARTED'; readonly startedAt: number },
  seen: 'there' | 'gone' | 'unknown',
  now: number,
): { readonly status: Searched; readonly startedAt: number } {
  if (seen === 'there') return { status: 'SUCCESS', startedAt }
  if (status === 'SUCCESS') return { status: 'TEMPORARY_FAILURE', startedAt: now }
  if (status === 'NOT_STARTED') return { status: 'PENDING', startedAt: now }
  const over = now - startedAt >= SEARCH_MS
  // Silence proves nothing: a proof in grace outlives it until an answer says that the records are gone.
  if (status === 'TEMPORARY_FAILURE') return { status: over && seen === 'gone' ? 'FAILED' : 'TEMPORARY_FAILURE', startedAt }
  return { status: over ? 'FAILED' : status, startedAt }
}

const seenIn = (records: readonly RecordEvidence[]): 'there' | 'gone' | 'unknown' => {
  if (records.length === 0) return 'gone'
  if (records.every(({ comparison }) => comparison.status === 'FOUND')) return 'there'
  return records.some(({ comparison }) => comparison.status === 'MISSING' || comparison.status === 'MISMATCH') ? 'gone' : 'unknown'
}

/** The identity after this check. All DKIM records must stand: the waiting keys need no DNS change at rotation only if they are there. */
export function judgeDomain(identity: Identity, evidence: DomainEvidence, now: number): Identity {
  const { verification } = identity
  const keys = evidence.records.filter(({ planned }) => planned.purpose === 'DKIM')
  const seen = seenIn(keys)
  const proved = verification.status === 'SUCCESS' || verification.status === 'TEMPORARY_FAILURE'
  const otherWorld = verification.proof !== null && verification.proof !== evidence.proof
  if (seen !== 'there' && proved && otherWorld && !(evidence.network === 'live' && verification.proof === 'lab'))
    return { ...identity, verification: { ...verification, lastCheckedAt: now } }
  // In `live` a proof from the lab is no proof: the search begins anew.
  const before = proved && otherWorld && seen !== 'there' ? ({ status: 'NOT_STARTED', startedAt: now } as const) : verification
  const next = nextState(before, seen, now)
  const failing = keys.map(errorTypeOf).filter(type => type !== null)
  const proof =
    seen === 'there'
      ? verification.proof === 'dns'
        ? 'dns'
        : evidence.proof
      : next.status === 'TEMPORARY_FAILURE'
        ? verification.proof
        : null
  return {
    ...identity,
    verification: {
      ...next,
      proof,
      lastCheckedAt: now,
      lastSuccessAt: seen === 'there' ? now : verification.lastSuccessAt,
      errorType: seen === 'there' ? null : (failing.find(type => type !== 'DNS_SERVER_ERROR') ?? failing[0] ?? null),
      soa: evidence.soa ?? verification.soa,
    },
    // Its own progress: new keys are PENDING in a domain that is verified.
    dkim: {
      ...identity.dkim,
      status: nextState({ ...before, status: before === verification ? identity.dkim.status : before.status }, seen, now).status,
    },
    mailFrom: judgeMailFrom(identity, evidence, now),
  }
}

/** SES fact: the one MX decides. */
function judgeMailFrom({ mailFrom }: Identity, { records }: DomainEvidence, now: number): Identity['mailFrom'] {
  if (mailFrom === null) return null
  const mx = records.filter(({ planned }) => planned.purpose === 'MAIL_FROM_MX')
  return { ...mailFrom, ...nextState(mailFrom, seenIn(mx), now) }
}

/** A failed search starts again when its owner asks for it. SES fact: the process restarts from zero. */
export function restarted(identity: Identity, now: number): Identity {
  const { verification, dkim, mailFrom } = identity
  const again = <Part extends { readonly status: string }>(part: Part): Part =>
    part.status === 'FAILED' || part.status === 'NOT_STARTED' ? { ...part, status: 'PENDING', startedAt: now } : part
  return {
    ...identity,
    verification: again(verification),
    dkim: dkim.status === 'FAILED' || dkim.status === 'NOT_STARTED' ? { ...dkim, status: 'PENDING' } : dkim,
    mailFrom: mailFrom === null ? null : again(mailFrom),
  }
}
