import { describe, expect, it, test } from 'vitest'
import {
  type AccountDetails,
  type CaseStep,
  checkDetails,
  checklist,
  type Evidence,
  mayFollow,
  NO_DETAILS,
  type ProductionCase,
  type ReviewedDomain,
  type ReviewStatus,
  verdictOf,
} from '../../../src/account/production-access.ts'
import { T0 } from '../../support/account.ts'

const details: AccountDetails = {
  mailType: 'TRANSACTIONAL',
  websiteUrl: 'https://shop.example/about?x=1',
  contactLanguage: 'EN',
  useCase: 'Receipts',
  additionalContacts: ['ann@shop.example'],
}
const one = (path: string, constraint: string): string =>
  `1 validation error detected: Value at '${path}' failed to satisfy constraint: ${constraint}`
const PATTERN = 'Member must satisfy regular expression pattern: '
const URL = `${PATTERN}^http[s]?://(?:[a-zA-Z]|[0-9]|[$-_@.&+]|[!*\\(\\),]|(?:%[0-9a-fA-F][0-9a-fA-F]))+$`
const contacts = 'additionalContactEmailAddresses'

describe('the details', () => {
  it.each<[what: string, change: Partial<AccountDetails>]>([
    ['as they should be', {}],
    ['without what SES does not require', { contactLanguage: null, useCase: null, additionalContacts: [] }],
    ['a URL of 1,000 characters', { websiteUrl: `http://${'a'.repeat(993)}` }],
    ['a use case of 5,000 characters', { useCase: 'x'.repeat(5_000) }],
    ['four contacts', { additionalContacts: Array.from({ length: 4 }, (_, i) => `a@b.c${i}`) }],
    ['a contact of 254 characters', { additionalContacts: [`${'a'.repeat(249)}@b.cd`] }],
  ])('are taken: %s', (_, change) => {
    expect(() => checkDetails({ ...details, ...change }, 'reviewed')).not.toThrow()
  })

  it.each<[what: string, change: Partial<AccountDetails>, text: string]>([
    ['no mail type', { mailType: null }, one('mailType', 'Member must not be null')],
    ['no URL', { websiteUrl: null }, one('websiteURL', 'Member must not be null')],
    ['a long URL', { websiteUrl: `http://${'a'.repeat(994)}` }, one('websiteURL', 'Member must have length less than or equal to 1000')],
    ['no scheme', { websiteUrl: 'shop.example' }, one('websiteURL', URL)],
    ['another scheme', { websiteUrl: 'ftp://shop.example' }, one('websiteURL', URL)],
    ['what would keep an overlapping pattern busy', { websiteUrl: `http://${'9'.repeat(500)} ` }, one('websiteURL', URL)],
    ['a space', { websiteUrl: 'https://shop example' }, one('websiteURL', URL)],
    ['a long use case', { useCase: 'x'.repeat(5_001) }, one('useCaseDescription', 'Member must have length less than or equal to 5000')],
    ['five contacts', { additionalContacts: Array(5).fill('ann@b.cd') }, one(contacts, 'Member must have length less than or equal to 4')],
    [
      'a short contact',
      { additionalContacts: ['a@b.c'] },
      one(`${contacts}.1.member`, 'Member must have length greater than or equal to 6'),
    ],
    [
      'a long contact',
      { additionalContacts: ['ann@b.cd', `${'a'.repeat(250)}@b.cd`] },
      one(`${contacts}.2.member`, 'Member must have length less than or equal to 254'),
    ],
    ['a contact that is no address', { additionalContacts: ['ann at b.cd'] }, one(`${contacts}.1.member`, `${PATTERN}^(.+)@(.+)$`)],
  ])('are refused: %s', (_, change, text) => {
    expect(() => checkDetails({ ...details, ...change }, 'reviewed')).toThrow(expect.objectContaining({ code: 'bad-data', message: text }))
  })

  it('name every broken rule, an empty URL breaks two', () => {
    expect(() => checkDetails({ ...details, websiteUrl: '', additionalContacts: ['x'] }, 'unreviewed')).toThrow(
      /^4 validation errors detected: Value at 'websiteURL' .* to 1; Value at 'websiteURL' .*; Value at 'additionalContactEmailAddresses\.1\.member' .*; Value at /,
    )
  })

  it('need not be there when nobody reviews them, but what is there must be right', () => {
    expect(() => checkDetails(NO_DETAILS, 'unreviewed')).not.toThrow()
    expect(() => checkDetails({ ...NO_DETAILS, websiteUrl: 'x' }, 'unreviewed')).toThrow(/websiteURL/)
  })
})

describe('the checklist', () => {
  const domain: ReviewedDomain = {
    name: 'shop.example',
    verification: 'SUCCESS',
    isVerified: true,
    dkim: 'SUCCESS',
    signs: true,
    feedback: 'forwarded',
    records: { spf: 'FOUND', dmarc: 'FOUND' },
  }
  const evidence: Evidence = {
    domain,
    bounceProvedAt: T0,
    complaintProvedAt: T0,
    suppressedReasons: ['BOUNCE', 'COMPLAINT'],
    useCase: 'Receipts',
  }
  const records = (spf: 'FOUND' | 'MISSING' | 'MISMATCH' | 'UNREACHABLE', dmarc = spf) => ({
    domain: { ...domain, records: { spf, dmarc } },
  })

  it('grants when all is there', () => {
    const findings = checklist(evidence)
    expect(findings.map(({ check, status }) => `${check} ${status}`)).toEqual([
      'DOMAIN PASSED',
      'SPF PASSED',
      'DMARC PASSED',
      'FEEDBACK PASSED',
      'BOUNCE PASSED',
      'COMPLAINT PASSED',
      'SUPPRESSION PASSED',
      'USE_CASE PASSED',
    ])
    expect(findings.every(({ fix }) => fix === null)).toBe(true)
    expect(verdictOf(findings)).toBe('GRANTED')
  })

  it('takes event destinations for feedback that is not forwarded', () => {
    const findings = checklist({ ...evidence, domain: { ...domain, feedback: 'told' } })
    expect(findings.find(({ check }) => check === 'FEEDBACK')).toMatchObject({
      status: 'PASSED',
      detail: expect.stringMatching(/^Event destinations/),
    })
  })

  it.each<[what: string, change: Partial<Evidence>, checks: string[], fix: string, verdict?: string]>([
    ['no domain', { domain: undefined }, ['DOMAIN', 'SPF', 'DMARC', 'FEEDBACK'], 'mailctl verify domain example.com'],
    [
      'a domain that is not verified',
      { domain: { ...domain, isVerified: false, verification: 'PENDING', records: null } },
      ['DOMAIN', 'SPF', 'DMARC'],
      'mailctl verify domain shop.example',
    ],
    ['no DKIM', { domain: { ...domain, dkim: 'FAILED' } }, ['DOMAIN'], 'mailctl verify domain shop.example'],
    ['no signing', { domain: { ...domain, signs: false } }, ['DOMAIN'], 'mailctl identity set shop.example --signing on'],
    ['no records', records('MISSING'), ['SPF', 'DMARC'], 'mailctl dns plan shop.example'],
    ['a wrong record', records('FOUND', 'MISMATCH'), ['DMARC'], 'mailctl dns check shop.example'],
    ['no feedback', { domain: { ...domain, feedback: 'unattended' } }, ['FEEDBACK'], 'mailctl identity set shop.example --feedback on'],
    ['no bounce seen', { bounceProvedAt: null }, ['BOUNCE'], 'mailctl simulate bounce'],
    ['no complaint seen', { complaintProvedAt: null }, ['COMPLAINT'], 'mailctl simulate complaint'],
    ['no suppression', { suppressedReasons: ['BOUNCE'] }, ['SUPPRESSION'], 'mailctl account set --suppressed-reasons BOUNCE,COMPLAINT'],
    ['no use case', { useCase: ' ' }, ['USE_CASE'], "add --use-case 'how recipients are chosen, how bounces and opt-outs are handled'"],
    ['a name server that does not answer', records('FOUND', 'UNREACHABLE'), ['DMARC'], 'mailctl dns check shop.example', 'FAILED'],
    [
      'a silent name server and something missing',
      { ...records('UNREACHABLE'), useCase: null },
      ['SPF', 'DMARC', 'USE_CASE'],
      'mailctl dns check shop.example',
    ],
  ])('names what is missing: %s', (_, change, checks, fix, verdict = 'DENIED') => {
    const findings = checklist({ ...evidence, ...change })
    const open = findings.filter(({ status }) => status !== 'PASSED')
    expect(open.map(({ check }) => check)).toEqual(checks)
    expect(open[0]?.fix).toBe(fix)
    expect(verdictOf(findings)).toBe(verdict)
  })
})

test.each<[stored: [ReviewStatus, string] | null, next: string, step: CaseStep, may: boolean | 'conflict']>([
  [null, 'b', 'opens', true],
  [['DENIED', 'a'], 'b', 'opens', true],
  [['PENDING', 'a'], 'b', 'opens', 'conflict'],
  [['PENDING', 'a'], 'b', 'overrides', true],
  [['PENDING', 'a'], 'a', 'decides', true],
  [['PENDING', 'b'], 'a', 'decides', false],
  [['GRANTED', 'a'], 'a', 'decides', false],
  [['GRANTED', 'b'], 'a', 'decides', false],
])('after %j the case %s %s: %s', (stored, caseId, step, may) => {
  const caseOf = (status: ReviewStatus, id: string): ProductionCase => ({
    details,
    asked: {},
    review: { status, caseId: id, requestedAt: T0, decidedAt: null, by: 'checklist', findings: [] },
  })
  const follow = () => mayFollow(stored === null ? undefined : caseOf(...stored), caseOf('DENIED', caseId), step)
  if (may === 'conflict')
    expect(follow).toThrow(expect.objectContaining({ code: 'conflict', message: expect.stringContaining('a is still under review') }))
  else expect(follow()).toBe(may)
})
