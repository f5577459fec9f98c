import { describe, expect, it } from 'vitest'
import { compareRecord } from '../../../src/account/compare-record.ts'
import { octodns, route53, terraform, zoneFile } from '../../../src/account/dns-formats.ts'
import { type PlannedRecord, planRecords } from '../../../src/account/dns-plan.ts'
import type { Identity } from '../../../src/account/identity.ts'
import { decidePublication, plannedToRecord } from '../../../src/account/publication.ts'
import { SEARCH_MS } from '../../../src/account/search.ts'
import { judgeDomain, type RecordEvidence } from '../../../src/account/verification.ts'
import type { DnsAnswer, DnsRecord } from '../../../src/mail/dns-record.ts'
import { identityOf, T0 } from '../../support/account.ts'

const KEY = 'A'.repeat(392)
const key: PlannedRecord = {
  purpose: 'DKIM',
  type: 'TXT',
  name: `${'a'.repeat(32)}._domainkey.shop.test`,
  value: `v=DKIM1; k=rsa; p=${KEY}`,
  required: true,
  selector: 'a'.repeat(32),
}
const spf: PlannedRecord = { purpose: 'SPF', type: 'TXT', name: 'shop.test', value: 'v=spf1 a:mta.test ~all', required: false }
const dmarc: PlannedRecord = { purpose: 'DMARC', type: 'TXT', name: '_dmarc.shop.test', value: 'v=DMARC1; p=none;', required: false }
const mx: PlannedRecord = { purpose: 'MAIL_FROM_MX', type: 'MX', name: 'b.shop.test', value: '10 mta.test', required: true }
const txt = (text: string, name = 'shop.test'): DnsRecord => ({ type: 'TXT', name, ttl: 60, text })
const mxOf = (exchange: string, preference = 10): DnsRecord => ({ type: 'MX', name: 'b.shop.test', ttl: 60, preference, exchange })
const found = (...records: DnsRecord[]): DnsAnswer => ({ kind: 'found', records, chain: [], authenticated: false, server: 's' })

describe('compareRecord', () => {
  const cases: [string, PlannedRecord, DnsAnswer, string, string][] = [
    ['the exact key', key, found(txt(key.value)), 'FOUND', ''],
    ['tags in another order, with blanks', key, found(txt(`v=DKIM1;p=${KEY.slice(0, 9)} ${KEY.slice(9)} ; k=rsa;`)), 'FOUND', ''],
    ['no version', key, found(txt(`p=${KEY}`)), 'FOUND', ''],
    ['one character of the key', key, found(txt(key.value.replace('AAAA', 'AABA'))), 'MISMATCH', 'first difference at character 21'],
    [
      'letter case of the key',
      key,
      found(txt(key.value.replace(/A$/, 'a'))),
      'MISMATCH',
      `first difference at character ${key.value.length}`,
    ],
    ['only the first string', key, found(txt(key.value.slice(0, 255))), 'MISMATCH', 'ends after character 255'],
    ['another algorithm', key, found(txt(`v=DKIM1; k=ed25519; p=${KEY}`)), 'MISMATCH', ''],
    ['sha1 only', key, found(txt(`v=DKIM1; h=sha1; p=${KEY}`)), 'MISMATCH', ''],
    ['a revoked key', key, found(txt('v=DKIM1; p=')), 'MISMATCH', 'revoked'],
    ['quotes inside', key, found(txt(`"${key.value}"`)), 'MISMATCH', 'character 1'],
    ['two records', key, found(txt(key.value), txt('x')), 'MISMATCH', '2 TXT records'],
    ['no name', key, { kind: 'no-name', chain: [], server: 's' }, 'MISSING', 'does not exist'],
    ['no data behind a CNAME', key, { kind: 'no-data', chain: ['far.test'], server: 's' }, 'MISSING', 'far.test'],
    ['a failing server', key, { kind: 'failure', reason: 'servfail', detail: 'SERVFAIL', server: 's' }, 'UNREACHABLE', 'SERVFAIL'],
    ['enough SPF among others', spf, found(txt('x'), txt('v=spf1 mx A:MTA.test -all')), 'FOUND', ''],
    ['SPF that comes too late', spf, found(txt('v=spf1 -all a:mta.test')), 'MISMATCH', 'v=spf1 a:mta.test -all a:mta.test'],
    ['SPF that denies us', spf, found(txt('v=spf1 -a:mta.test ~all')), 'MISMATCH', 'lacks a:mta.test'],
    ['SPF with a redirect', spf, found(txt('v=spf1 redirect=x.test')), 'MISMATCH', 'v=spf1 a:mta.test redirect=x.test'],
    ['two SPF records', spf, found(txt('v=spf1 -all'), txt('v=spf1 a:mta.test -all')), 'MISMATCH', '2 SPF'],
    ['no SPF', spf, found(txt('v=spf10 x')), 'MISSING', ''],
    ['any DMARC policy', dmarc, found(txt('v=DMARC1; p=reject')), 'FOUND', ''],
    ['DMARC without a policy', dmarc, found(txt('v=DMARC1; rua=mailto:a@b.test')), 'MISMATCH', 'policy'],
    ['the one MX', mx, found(mxOf('mta.test', 5)), 'FOUND', ''],
    ['a second MX', mx, found(mxOf('mta.test'), mxOf('other.test')), 'MISMATCH', 'exactly one'],
    ['another MX', mx, found(mxOf('other.test')), 'MISMATCH', '10 mta.test'],
  ]
  it.each(cases)('%s', (_, planned, answer, status, detail) => {
    const said = compareRecord(planned, answer)
    expect(said.status).toBe(status)
    expect(said.detail).toContain(detail)
  })
})

describe('decidePublication', () => {
  const cname: DnsRecord = { type: 'CNAME', name: 'shop.test', ttl: 60, target: 'x.test' }
  it.each<[string, PlannedRecord, DnsRecord[], string]>([
    ['an empty place', key, [], 'ADD'],
    ['the same key', key, [plannedToRecord(key)], 'KEEP'],
    ['an old value of our token', key, [txt('old', key.name)], 'ADD'],
    ["another's selector", { ...key, name: 'google._domainkey.shop.test' }, [txt('old')], 'REFUSE'],
    ['other TXT beside SPF', spf, [txt('verification')], 'ADD'],
    ['an SPF that is enough', spf, [txt('v=spf1 a:mta.test -all')], 'KEEP'],
    ["another's SPF", spf, [txt('v=spf1 mx -all')], 'REFUSE'],
    ["another's DMARC", dmarc, [txt('v=DMARC1; p=reject')], 'KEEP'],
    ["another's MX", mx, [mxOf('other.test')], 'REFUSE'],
    ['ours beside another MX', mx, [mxOf('mta.test'), mxOf('other.test')], 'REFUSE'],
    ['a CNAME', spf, [cname], 'REFUSE'],
  ])('%s', (_, planned, standing, action) => {
    expect(decidePublication(planned, standing).action).toBe(action)
  })
})

describe('judgeDomain', () => {
  const evidence = (answer: DnsAnswer, more: object = {}) => {
    const record: RecordEvidence = { planned: key, answer, comparison: compareRecord(key, answer) }
    return { records: [record], soa: null, proof: 'dns', network: 'relay', ...more } as const
  }
  const there = found(txt(key.value))
  const gone: DnsAnswer = { kind: 'no-name', chain: [], server: 's' }
  const silent: DnsAnswer = { kind: 'failure', reason: 'timeout', detail: '', server: '' }
  const tokens = ['a'.repeat(32)]
  const signing = { token: 'a'.repeat(32), method: 'txt', keyLength: 'RSA_2048_BIT' } as const
  const of = (verification: Partial<Identity['verification']> = {}): Identity => {
    const made = identityOf('shop.test', verification)
    return { ...made, dkim: { ...made.dkim, tokens, signing } }
  }
  const pending: Identity = {
    ...of({ status: 'PENDING', proof: null, lastSuccessAt: null }),
    dkim: { ...of().dkim, status: 'PENDING', unproved: tokens, signing: null },
  }
  const proved = of()
  const HOUR = 3_600_000

  it('success proves', () => {
    const { verification, dkim } = judgeDomain(pending, evidence(there), T0 + 5)
    expect(verification).toMatchObject({ status: 'SUCCESS', proof: 'dns', lastSuccessAt: T0 + 5, errorType: null })
    expect(dkim.status).toBe('SUCCESS')
  })
  it.each([
    [gone, 'HOST_NOT_FOUND'],
    [{ ...gone, kind: 'no-data' } as DnsAnswer, 'TYPE_NOT_FOUND'],
    [found(txt('x')), 'INVALID_VALUE'],
    [silent, 'DNS_SERVER_ERROR'],
  ])('tells why it waits', (answer, errorType) => {
    expect(judgeDomain(pending, evidence(answer), T0).verification).toMatchObject({ status: 'PENDING', errorType, proof: null })
  })
  it('searches for 72 hours', () => {
    expect(judgeDomain(pending, evidence(gone), T0 + SEARCH_MS - 1).verification.status).toBe('PENDING')
    expect(judgeDomain(pending, evidence(gone), T0 + SEARCH_MS).verification.status).toBe('FAILED')
  })
  it('keeps a lost proof in grace for 72 hours from its loss, and takes it back when it returns', () => {
    const at = T0 + 1_000 * HOUR
    const grace = judgeDomain(proved, evidence(gone), at)
    expect(grace.verification).toMatchObject({ status: 'TEMPORARY_FAILURE', proof: 'dns', startedAt: at })
    expect(judgeDomain(grace, evidence(there), at + HOUR).verification.status).toBe('SUCCESS')
    expect(judgeDomain(grace, evidence(silent), at + SEARCH_MS).verification.status).toBe('TEMPORARY_FAILURE')
    expect(judgeDomain(grace, evidence(gone), at + SEARCH_MS).verification).toMatchObject({ status: 'FAILED', proof: null })
  })
  it('keeps the proofs of the lab and of DNS apart', () => {
    const lab = of({ proof: 'lab' })
    expect(judgeDomain(lab, evidence(gone), T0).verification).toMatchObject({ status: 'SUCCESS', proof: 'lab' })
    expect(judgeDomain(lab, evidence(gone, { network: 'live' }), T0).verification).toMatchObject({ status: 'PENDING', proof: null })
    expect(judgeDomain(lab, evidence(there), T0).verification.proof).toBe('dns')
    expect(judgeDomain(proved, evidence(gone, { proof: 'lab', network: 'lab' }), T0).verification).toMatchObject({
      status: 'SUCCESS',
      proof: 'dns',
    })
  })
})

describe('planRecords', () => {
  const identity = {
    ...identityOf('shop.test'),
    mailFrom: { domain: 'b.shop.test', status: 'PENDING', onFailure: 'USE_DEFAULT_VALUE', startedAt: T0 },
  } as const
  const withKeys = { ...identity, dkim: { ...identity.dkim, tokens: ['t1', 't2', 't3'] } }
  const keys = new Map([
    ['t1', 'K1'],
    ['t2', 'K2'],
    ['t3', 'K3'],
  ])
  it.each(['relay', 'live'] as const)('names nothing of the provider in %s mode', network => {
    for (const method of ['txt', 'cname'] as const) {
      const plan = planRecords({ ...withKeys, dkim: { ...withKeys.dkim, method } }, keys, {
        network,
        hostname: 'mta.test',
        region: 'us-east-1',
      })
      expect(plan).toHaveLength(7)
      expect(JSON.stringify(plan)).not.toMatch(/amazon/)
    }
  })
  it('gives the provider\u2019s values in the lab', () => {
    const plan = planRecords(withKeys, keys, { network: 'lab', hostname: 'mta.test', region: 'eu-west-1' })
    expect(plan.find(({ purpose }) => purpose === 'MAIL_FROM_MX')?.value).toBe('10 feedback-smtp.eu-west-1.amazonses.com')
  })
})

describe('formats', () => {
  const odd: PlannedRecord = { ...spf, value: `a"b\\c $\{x}` }
  it('zone: splits at 255 and escapes', () => {
    expect(zoneFile([key])).toContain(`TXT "${key.value.slice(0, 255)}" "${key.value.slice(255)}"`)
    expect(zoneFile([odd, mx])).toContain(`"a\\"b\\\\c $\{x}"`)
    expect(zoneFile([mx])).toContain('b.shop.test. 300 IN MX 10 mta.test.')
  })
  it('route53: JSON that replaces nothing', () => {
    const { Changes } = JSON.parse(route53([key, mx]))
    expect(Changes.map((change: { Action: string }) => change.Action)).toEqual(['CREATE', 'CREATE'])
    expect(Changes[0].ResourceRecordSet.ResourceRecords[0].Value).toBe(`"${key.value.slice(0, 255)}" "${key.value.slice(255)}"`)
  })
  it('terraform: no templates, strings joined its way', () => {
    expect(terraform([odd])).toContain(`$$\{x}`)
    expect(terraform([key])).toContain(`${key.value.slice(0, 255)}\\"\\"${key.value.slice(255)}`)
  })
  it('octodns: relative names, semicolons escaped', () => {
    const text = octodns([dmarc, spf, mx], 'shop.test')
    expect(text).toContain("''")
    expect(text).toContain('"_dmarc":')
    expect(text).toContain('v=DMARC1\\\\; p=none\\\\;')
  })
})
