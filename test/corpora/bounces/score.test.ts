import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { type BounceClass, classifyBounce } from '../../../src/account/classify-bounce.ts'
import { failureIn } from '../../../src/mail/failure-reasons.ts'
import { type MailReport, type ReportedRecipient, readReport } from '../../../src/mail/mail-report.ts'
import type { EnhancedStatus } from '../../../src/mail/reply.ts'

interface Label {
  readonly results: readonly { readonly status: string; readonly reason: string; readonly hard: boolean; readonly feedback: string }[]
  readonly recipients?: readonly string[]
}

interface Terms {
  readonly event: string | readonly string[]
  readonly bounceType?: string | readonly string[]
  readonly bounceSubType?: readonly string[]
}

const folder = 'test/corpora/bounces'
const labels: Readonly<Record<string, Label>> = JSON.parse(readFileSync(`${folder}/sisimai-expected.json`, 'utf8'))
const terms: Readonly<Record<string, Terms>> = JSON.parse(readFileSync(`${folder}/ses-mapping.json`, 'utf8')).strict

const read = (file: string): MailReport | null =>
  readReport(Buffer.from(readFileSync(`${folder}/${file}`, 'latin1').replace(/\r?\n/g, '\r\n'), 'latin1'))

/** Half B is the one that no rule was written by. */
const halfOf = (file: string): 'A' | 'B' => ((createHash('sha256').update(file).digest()[0] ?? 0) < 128 ? 'A' : 'B')

const classOf = ({ action, status, diagnosticCode, afterData }: ReportedRecipient): BounceClass | undefined => {
  if (action !== 'failed') return undefined
  const outcome = { action, status: (status || '5.0.0') as EnhancedStatus, reply: diagnosticCode.replace(/^[^;]*;\s*/, '') } as const
  return classifyBounce(outcome, 'default', afterData)
}

/** Hard: no such user, host or domain. A label's `hard` leaves out refusals of the sender and of the content, which SES calls Permanent. */
function isHard(recipient: ReportedRecipient): boolean {
  const found = classOf(recipient)
  if (found?.bounceType !== 'Permanent') return false
  const reason = failureIn(recipient.diagnosticCode)?.reason ?? ''
  return (
    found.bounceSubType === 'NoEmail' ||
    /^5\.1\.([0-6]|10)$/.test(recipient.status) ||
    ['noSuchDomain', 'moved', 'acceptsNoMail'].includes(reason)
  )
}

function hasStatuses(found: readonly ReportedRecipient[], { results }: Label): boolean {
  const left = found.map(({ status }) => status)
  return results.every(({ status }) => {
    const isPseudo = /^\d\.\d\.9\d\d$/.test(status)
    const at = left.findIndex(each => each === status || (isPseudo && each.charAt(0) === status.charAt(0)))
    if (at >= 0) left.splice(at, 1)
    return at >= 0 || status === ''
  })
}

function isInTerms(recipient: ReportedRecipient | undefined, { bounceType, bounceSubType }: Terms): boolean {
  const found = recipient && classOf(recipient)
  if (found === undefined) return false
  return [bounceType].flat().includes(found.bounceType) && (bounceSubType?.includes(found.bounceSubType) ?? true)
}

function score(half: 'A' | 'B') {
  const sum = { files: 0, status: 0, hardOrSoft: 0, recipients: 0, withRecipients: 0, sesTerms: 0, withSesTerms: 0 }
  for (const [file, label] of Object.entries(labels)) {
    if (halfOf(file) !== half) continue
    const found = read(`sisimai/${file}`)?.recipients ?? []
    sum.files += 1
    sum.status += Number(hasStatuses(found, label))
    sum.hardOrSoft += Number(found.some(isHard) === label.results.some(({ hard }) => hard))
    if (label.recipients !== undefined) {
      const addresses = found.map(({ address }) => address.toLowerCase())
      sum.withRecipients += 1
      sum.recipients += Number(label.recipients.every(address => addresses.includes(address.toLowerCase())))
    }
    const [only, ...more] = label.results
    const wanted = terms[only?.reason ?? '']
    if (wanted?.event === 'Bounce' && more.length === 0) {
      sum.withSesTerms += 1
      sum.sesTerms += Number(isInTerms(found[0], wanted))
    }
  }
  return sum
}

test.each([
  ['A', { status: 140, hardOrSoft: 138, recipients: 126, sesTerms: 73 }],
  ['B', { status: 138, hardOrSoft: 130, recipients: 125, sesTerms: 57 }],
] as const)('half %s is read as labelled, but for few', (half, least) => {
  const sum = score(half)
  console.info(half, JSON.stringify(sum))
  for (const [name, count] of Object.entries(least)) expect(sum[name as keyof typeof least], name).toBeGreaterThanOrEqual(count)
})

const kinds = Object.entries(labels).filter(([, { results }]) => ['feedback', 'vacation'].includes(results[0]?.reason ?? ''))
test.each(kinds)('%s is of its kind', (file, { results }) => {
  const found = read(`sisimai/${file}`)
  expect(found?.kind).toBe(results[0]?.reason === 'feedback' ? 'ARF' : 'AUTO_REPLY')
  if (results[0]?.feedback) expect(found?.feedbackType).toBe(results[0].feedback)
})

test.each(readdirSync(`${folder}/arf-mail-auth`).filter(name => name.endsWith('.eml')))('%s is a feedback report', name => {
  const expected = JSON.parse(readFileSync(`${folder}/arf-mail-auth/${name.replace('.eml', '.json')}`, 'utf8'))
  const found = read(`arf-mail-auth/${name}`)
  expect(found?.kind).toBe('ARF')
  expect(found?.feedbackType?.replace('-', '')).toBe(String(expected.feedback_type).toLowerCase())
})

test.each(readdirSync(`${folder}/not-a-bounce`).filter(name => name.endsWith('.eml')))('%s is no report', name => {
  expect(read(`not-a-bounce/${name}`)).toBeNull()
})
