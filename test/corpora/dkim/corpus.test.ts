import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { BodyHasher, type Canonicalization, canonicalField, headerFields } from '../../../src/mail/dkim-canonical.ts'
import type { DnsAnswer } from '../../../src/mail/dns-record.ts'
import { DKIM_RULES, type DkimRules, type DkimVerdict, verifyDkim } from '../../../src/mail/verify-dkim.ts'

interface Case {
  readonly name: string
  readonly expect: string
  readonly message_b64?: string
  readonly message_lf_b64?: string
  readonly dns?: Zone
}
type Zone = Readonly<Record<string, string | readonly string[] | { readonly txt?: string; readonly error?: string }>>

const read = (name: string): unknown => JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8'))
const octets = (base64: string | undefined): Buffer => Buffer.from(base64 ?? '', 'base64')
const crlf = (message: Buffer): Buffer => Buffer.from(message.toString('latin1').replace(/\r?\n/g, '\r\n'), 'latin1')

function splitAtEmptyLine(message: Buffer): { head: Buffer; body: Buffer } {
  const text = message.toString('latin1')
  const at = /^\r?\n|\r?\n\r?\n/.exec(text)
  if (!at) return { head: message, body: Buffer.alloc(0) }
  return { head: message.subarray(0, at.index + at[0].length), body: message.subarray(at.index + at[0].length) }
}

const lookupIn =
  (zone: Zone) =>
  async (name: string): Promise<DnsAnswer> => {
    const key = Object.keys(zone).find(each => each.toLowerCase() === name.toLowerCase())
    const entry = key === undefined ? undefined : zone[key]
    if (entry === undefined) return { kind: 'no-name', chain: [], server: 'corpus' }
    if (typeof entry === 'object' && 'error' in entry) return { kind: 'failure', reason: 'timeout', detail: entry.error ?? '', server: 'corpus' }
    const text = typeof entry === 'string' ? entry : 'txt' in entry ? (entry.txt ?? '') : (entry as readonly string[]).join('')
    return { kind: 'found', records: [{ type: 'TXT', name, ttl: 60, text }], chain: [], authenticated: false, server: 'corpus' }
  }

async function verdicts(message: Buffer, zone: Zone, now: number, rules: DkimRules = DKIM_RULES): Promise<DkimVerdict[]> {
  const { head, body } = splitAtEmptyLine(message)
  async function* chunks(): AsyncGenerator<Buffer> {
    for (let i = 0; i < body.length; i += 7) yield body.subarray(i, i + 7)
  }
  return verifyDkim({ head, body: chunks(), lookup: lookupIn(zone), now, rules })
}
const overall = (results: readonly DkimVerdict[]): 'pass' | 'fail' => (results.some(({ result }) => result === 'pass') ? 'pass' : 'fail')
const explain = (results: readonly DkimVerdict[]): string => results.map(({ result, detail }) => `${result}: ${detail}`).join(' | ')

/** Labelled `pass`, but the message has no DKIM-Signature field at all; the three peers say `not-pass`, and so do we. */
const UNSIGNED = 'mailauth/no-body-no-separator/relaxed-relaxed/ed'

describe('messages signed by dkimpy, mailauth and Mail::DKIM', () => {
  const { dns, messages } = read('peer-signed.json') as { dns: Zone; messages: Case[] }
  test('are all there', () => expect(messages).toHaveLength(135))
  test.each(messages)('$name: $expect', async ({ name, message_b64, expect: expected }) => {
    const results = await verdicts(octets(message_b64), dns, Date.parse('2026-12-01T00:00:00Z'))
    if (name === UNSIGNED) expect(results).toEqual([])
    else if (expected === 'either') expect(results).not.toEqual([])
    else expect(overall(results), explain(results)).toBe(expected)
  })
})

describe('the corpus of Mail::DKIM', () => {
  const { dns, messages } = read('maildkim-corpus.json') as { dns: Zone; messages: Case[] }
  const now = Date.parse('2010-01-01T00:00:00Z')
  const asThen: DkimRules = { ...DKIM_RULES, minRsaBits: 512, allowSha1: true, allowDrafts: true }
  test.each(messages)('$name by the rules of its day: $expect', async ({ message_b64, expect: expected }) => {
    const results = await verdicts(crlf(octets(message_b64)), dns, now, asThen)
    expect(overall(results), explain(results)).toBe(expected === 'pass' ? 'pass' : 'fail')
  })
  test.each(messages)('$name by the rules of today: refused', async ({ message_b64 }) => {
    const results = await verdicts(crlf(octets(message_b64)), dns, now)
    expect(overall(results), explain(results)).toBe('fail')
  })
  test('a key server that does not answer is a temporary error', async () => {
    const silent = messages.find(({ name }) => name === 'badkey_14')
    const results = await verdicts(crlf(octets(silent?.message_b64)), dns, now, asThen)
    expect(results.map(({ result }) => result)).toEqual(['temperror'])
  })
})

describe('real messages of mail-auth', () => {
  const messages = read('mail-auth.json') as Case[]
  test.each(messages)('$name: $expect', async ({ message_lf_b64, dns, expect: expected }) => {
    const results = await verdicts(crlf(octets(message_lf_b64)), dns ?? {}, Date.parse('2022-11-07T00:00:00Z'))
    expect(overall(results), explain(results)).toBe(expected)
  })
  test('both signatures of RFC 8463 appendix A pass', async () => {
    const [first] = messages
    const results = await verdicts(crlf(octets(first?.message_lf_b64)), first?.dns ?? {}, Date.parse('2022-11-07T00:00:00Z'))
    expect(results.map(({ result }) => result)).toEqual(['pass', 'pass'])
  })
  test('005 is refused once x= is past', async () => {
    const late = messages.find(({ name }) => name === 'mail-auth-005')
    const results = await verdicts(crlf(octets(late?.message_lf_b64)), late?.dns ?? {}, Date.parse('2026-01-01T00:00:00Z'))
    expect(results.map(({ result }) => result)).not.toContain('pass')
  })
})

describe('canonical forms', () => {
  interface Form {
    readonly name: string
    readonly input_b64: string
    readonly simple_b64: string
    readonly relaxed_b64: string
  }
  const forms = read('canonicalization.json') as Form[]
  const hashed = (body: Buffer, canonicalization: Canonicalization): string => {
    const hasher = new BodyHasher({ canonicalization, algorithm: 'sha256' })
    for (const octet of body) hasher.update(Buffer.of(octet))
    return hasher.digest().hash.toString('hex')
  }
  const plainHash = async (body: Buffer): Promise<string> => (await import('node:crypto')).createHash('sha256').update(body).digest('hex')

  test.each(forms.flatMap(form => (['simple', 'relaxed'] as const).map(kind => ({ ...form, kind }))))('$name $kind', async ({ kind, ...form }) => {
    const { head, body } = splitAtEmptyLine(crlf(octets(form.input_b64)))
    const canonical = splitAtEmptyLine(octets(kind === 'simple' ? form.simple_b64 : form.relaxed_b64))
    const fields = headerFields(head).map(field => `${canonicalField(field, kind)}\r\n`)
    expect(`${fields.join('')}\r\n`).toBe(canonical.head.toString('latin1'))
    expect(hashed(body, kind)).toBe(await plainHash(canonical.body))
  })
})
