/**
 * What a DNS answer says about a planned record: found, missing, different or not to be learned, with the evidence. A DKIM key is compared
 * octet by octet, only the order of tags and white space are free; SPF and DMARC count as found when what stands there is enough.
 * RFC 6376 §3.2 and §3.6.1, RFC 7208 §3.2, RFC 7489 §6.3.
 */
import { type DnsAnswer, type DnsRecord, recordData } from '../mail/dns-record.ts'
import { trimWspAndLineEnds } from '../mail/white-space.ts'
import type { PlannedRecord } from './dns-plan.ts'
import { isSpf, mergedSpf, missingMechanisms } from './spf-record.ts'

export interface Comparison {
  readonly status: 'FOUND' | 'MISSING' | 'MISMATCH' | 'UNREACHABLE'
  /** What stands there, as it was said: remote text. */
  readonly found: readonly string[]
  /** Who said so; `''` when nobody was reached. */
  readonly server: string
  /** One line for people; `''` when there is nothing to say. May quote remote text. */
  readonly detail: string
}

/** What to ask for this record: keys are looked for as TXT, which CNAMEs lead to. */
export const questionType = ({ type }: PlannedRecord): 'TXT' | 'MX' => (type === 'MX' ? 'MX' : 'TXT')

export function compareRecord(planned: PlannedRecord, answer: DnsAnswer): Comparison {
  const { server } = answer
  if (answer.kind === 'failure') return { status: 'UNREACHABLE', found: [], server, detail: answer.detail }
  if (answer.kind !== 'found') return { status: 'MISSING', found: [], server, detail: absence(planned, answer) }
  const found = answer.records.map(recordData)
  return { server, found, ...judge(planned, found, answer.records) }
}

function absence(planned: PlannedRecord, { kind, chain }: Extract<DnsAnswer, { kind: 'no-name' | 'no-data' }>): string {
  const name = chain.at(-1)
  const where = name === undefined ? 'the name' : `${name}, where the CNAME leads,`
  return kind === 'no-name' ? `${where} does not exist` : `${where} has no ${questionType(planned)} record`
}

type Judgement = Partial<Pick<Comparison, 'found'>> & Pick<Comparison, 'status' | 'detail'>
const FOUND: Judgement = { status: 'FOUND', detail: '' }

function judge(planned: PlannedRecord, found: readonly string[], records: readonly DnsRecord[]): Judgement {
  switch (planned.purpose) {
    case 'DKIM':
      return judgeKey(planned.text ?? planned.value, found)
    case 'SPF':
    case 'MAIL_FROM_SPF':
      return judgeSpf(planned, found)
    case 'DMARC':
      return judgeDmarc(found)
    case 'MAIL_FROM_MX':
      return judgeMx(planned, records)
    case 'VERIFICATION':
      return found.includes(planned.value) ? FOUND : { status: 'MISMATCH', detail: 'another text stands there' }
  }
}

function judgeKey(expected: string, found: readonly string[]): Judgement {
  if (found.length > 1) return { status: 'MISMATCH', detail: `${found.length} TXT records stand there; a key must be the only one` }
  const [text = ''] = found
  if (text === expected) return FOUND
  const tags = parseTags(text)
  const wanted = parseTags(expected)
  const difference = { status: 'MISMATCH', detail: differenceOf(text, expected) } as const
  if (tags === undefined || wanted === undefined) return difference
  const value = (tag: string, otherwise: string): string => tags.get(tag) ?? otherwise
  const lists = (tag: string, words: readonly string[]): boolean =>
    value(tag, words[0] ?? '')
      .split(':')
      .some(word => words.includes(word.trim()))
  const fits =
    value('v', 'DKIM1') === 'DKIM1' &&
    value('k', 'rsa') === 'rsa' &&
    lists('h', ['sha256']) &&
    lists('s', ['*', 'email']) &&
    value('p', '').replace(/[ \t\r\n]/g, '') === wanted.get('p')
  if (fits) return FOUND
  if (tags.get('p') === '') return { status: 'MISMATCH', detail: 'the key is revoked: its p= is empty' }
  return difference
}

/** RFC 6376 §3.2: tags in any order, each once; `v` first if there is one (§3.6.1). @returns undefined when the text is no tag list */
function parseTags(text: string): Map<string, string> | undefined {
  const tags = new Map<string, string>()
  const parts = text.replace(/;[ \t\r\n]*$/, '').split(';')
  for (const [index, part] of parts.entries()) {
    const equals = part.indexOf('=')
    const tag = trimWspAndLineEnds(part.slice(0, Math.max(equals, 0)))
    const value = trimWspAndLineEnds(part.slice(equals + 1))
    if (!/^[a-z][a-z0-9_]*$/i.test(tag) || tags.has(tag) || (tag === 'v' && index > 0)) return undefined
    tags.set(tag, value)
  }
  return tags
}

function differenceOf(found: string, expected: string): string {
  if (found === '') return 'the text is empty'
  if (expected.startsWith(found))
    return `the text ends after character ${found.length}; ${expected.length - found.length} more are expected`
  let at = 0
  while (at < expected.length && found[at] === expected[at]) at += 1
  if (at === expected.length) return `the text goes on after character ${at}, where it should end`
  return `first difference at character ${at + 1}`
}

function judgeSpf(planned: PlannedRecord, found: readonly string[]): Judgement {
  const records = found.filter(isSpf)
  const [standing] = records
  if (standing === undefined) return { status: 'MISSING', found: [], detail: 'no TXT record there begins with v=spf1' }
  if (records.length > 1)
    return { status: 'MISMATCH', found: records, detail: `${records.length} SPF records stand there; more than one counts as an error` }
  const missing = missingMechanisms(standing, planned.value)
  if (missing.length === 0) return { ...FOUND, found: records }
  return {
    status: 'MISMATCH',
    found: records,
    detail: `lacks ${missing.join(' ')}; merged it would be: ${mergedSpf(standing, planned.value)}`,
  }
}

export const isDmarc = (text: string): boolean => /^v[ \t]*=[ \t]*DMARC1[ \t]*(?:;|$)/.test(text)

function judgeDmarc(found: readonly string[]): Judgement {
  const records = found.filter(isDmarc)
  const [standing] = records
  if (standing === undefined) return { status: 'MISSING', found: [], detail: 'no TXT record there begins with v=DMARC1' }
  if (records.length > 1)
    return { status: 'MISMATCH', found: records, detail: `${records.length} DMARC records stand there; receivers then use none` }
  const policy = parseTags(standing)?.get('p')?.toLowerCase()
  if (policy === 'none' || policy === 'quarantine' || policy === 'reject') return { ...FOUND, found: records }
  return { status: 'MISMATCH', found: records, detail: 'it has no valid policy: p=none, p=quarantine or p=reject' }
}

/** SES fact: exactly one MX; with one, its preference means nothing. */
function judgeMx({ value }: PlannedRecord, records: readonly DnsRecord[]): Judgement {
  const [only, ...others] = records
  if (others.length > 0) return { status: 'MISMATCH', detail: `${records.length} MX records stand there; there must be exactly one` }
  const host = value.slice(value.indexOf(' ') + 1)
  if (only?.type === 'MX' && only.exchange === host) return FOUND
  return { status: 'MISMATCH', detail: `the MX must be ${value}` }
}
