/**
 * Whether a planned record may be written where something stands already. Only what is ours is ever replaced: the names of our own DKIM
 * tokens. Records that speak for a whole domain (SPF, DMARC, MX) are kept when they are enough and otherwise left to their owner, with the
 * merged value as a suggestion. Decides only; writes nothing.
 */
import { type DnsRecord, recordData } from '../mail/dns-record.ts'
import { compareRecord } from './compare-record.ts'
import type { PlannedRecord } from './dns-plan.ts'

export type Publication =
  /** `replaces`: records of ours that must go in the same step. */
  | { readonly action: 'ADD'; readonly replaces: readonly DnsRecord[] }
  | { readonly action: 'KEEP' }
  | { readonly action: 'REFUSE'; readonly detail: string }

/** Seconds of life in caches for what we publish: short enough to correct a mistake within the hour. */
const TTL = 300

/** The planned record as data. */
export function plannedToRecord({ type, name, value }: PlannedRecord): DnsRecord {
  if (type === 'TXT') return { type, name, ttl: TTL, text: value }
  if (type === 'CNAME') return { type, name, ttl: TTL, target: value }
  const space = value.indexOf(' ')
  return { type, name, ttl: TTL, preference: Number(value.slice(0, space)), exchange: value.slice(space + 1) }
}

/** A selector that only we can have made: 32 random characters. */
const isOwnToken = (name: string): boolean => /^[a-z2-7]{32}\._domainkey\./.test(name)

/** @param standing every TXT, MX and CNAME record of exactly the planned name */
export function decidePublication(planned: PlannedRecord, standing: readonly DnsRecord[]): Publication {
  const record = plannedToRecord(planned)
  const alike = standing.filter(other => other.type === record.type)
  const same = alike.some(other => recordData(other) === recordData(record))
  const alias = standing.find(other => other.type === 'CNAME')
  if (planned.purpose === 'DKIM') {
    if (same && standing.length === 1) return { action: 'KEEP' }
    if (standing.length === 0 || isOwnToken(planned.name))
      return { action: 'ADD', replaces: standing.filter(other => recordData(other) !== recordData(record)) }
    return { action: 'REFUSE', detail: `another ${standing[0]?.type} record stands there: remove it, or choose another selector` }
  }
  if (alias !== undefined)
    return { action: 'REFUSE', detail: `a CNAME to ${recordData(alias)} stands there, beside which nothing else may stand` }
  if (same && planned.type === 'TXT') return { action: 'KEEP' }
  if (alike.length === 0) return { action: 'ADD', replaces: [] }
  const answer = { kind: 'found', records: alike, chain: [], authenticated: false, server: '' } as const
  const { status, detail } = compareRecord(planned, answer)
  if (status === 'FOUND') return { action: 'KEEP' }
  if (status === 'MISSING') return { action: 'ADD', replaces: [] }
  return { action: 'REFUSE', detail }
}
