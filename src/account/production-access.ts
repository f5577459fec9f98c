/**
 * Leaving the sandbox: what the account says of itself, the case that is made of it, and the checklist by which the case is decided. SES asks
 * people; this is the part of their list that can be seen. Pure. SES facts: concepts §2, api-v2 "PutAccountDetails" and validation texts.
 */
import { MailctlError } from '../base/errors.ts'
import { printable } from '../base/redact.ts'
import { SUPPRESSION_REASONS, type SuppressionReason } from './suppression.ts'

export interface AccountDetails {
  readonly mailType: 'MARKETING' | 'TRANSACTIONAL' | null
  readonly websiteUrl: string | null
  readonly contactLanguage: 'EN' | 'JA' | null
  /** How recipients are chosen, bounces and opt-outs handled. */
  readonly useCase: string | null
  readonly additionalContacts: readonly string[]
}

export const NO_DETAILS: AccountDetails = {
  mailType: null,
  websiteUrl: null,
  contactLanguage: null,
  useCase: null,
  additionalContacts: [],
}

/** What is asked for; absent: 50,000 and 14, or what the account has already. */
export interface AskedLimits {
  /** Recipients per rolling 24 hours, -1 unlimited. */
  readonly max24HourSend?: number
  /** Recipients per second. */
  readonly maxSendRate?: number
}

/** `FAILED`: it could not be decided, because something could not be learned. */
export type ReviewStatus = 'PENDING' | 'FAILED' | 'GRANTED' | 'DENIED'

export interface ProductionCase {
  readonly details: AccountDetails
  readonly asked: AskedLimits
  readonly review: {
    readonly status: ReviewStatus
    readonly caseId: string
    readonly requestedAt: number
    readonly decidedAt: number | null
    /** By the checklist, or by the account's owner without one. */
    readonly by: 'checklist' | 'owner'
    /** As it was when the case was decided; empty while it is pending, and when its owner decided. */
    readonly findings: readonly Finding[]
  }
}

/** How a case comes to the one that is stored. */
export type CaseStep = 'opens' | 'decides' | 'overrides'

/**
 * Applied by the store, inside the commit that writes the case.
 * @returns false: the case was decided by somebody else meanwhile, and this decision is to be dropped
 * @throws MailctlError conflict, when another case is pending
 */
export function mayFollow(stored: ProductionCase | undefined, next: ProductionCase, step: CaseStep): boolean {
  const pending = stored?.review.status === 'PENDING' ? stored.review : undefined
  if (step === 'overrides') return true
  if (step === 'decides') return pending?.caseId === next.review.caseId
  if (pending) throw underReview(pending.caseId)
  return true
}

/** SES fact: ConflictException; while a case is pending its details cannot be changed. */
export const underReview = (caseId: string): MailctlError =>
  new MailctlError('conflict', `The request for production access ${caseId} is still under review.`, {
    hint: 'mailctl serve decides it within seconds; mailctl account request-production --approve grants access at once.',
  })

const LONGEST_URL = 1_000
const LONGEST_USE_CASE = 5_000
const MOST_CONTACTS = 4
const SHORTEST_CONTACT = 6
const LONGEST_CONTACT = 254
/** SES's own patterns. */
const URL_PATTERN = '^http[s]?://(?:[a-zA-Z]|[0-9]|[$-_@.&+]|[!*\\(\\),]|(?:%[0-9a-fA-F][0-9a-fA-F]))+$'
const CONTACT_PATTERN = '^(.+)@(.+)$'
/** The same languages without the alternatives that overlap, which take a hostile text for ever. */
const URL = /^https?:\/\/[a-zA-Z!$-_]+$/
const CONTACT = /.@./

/**
 * Every rule that is broken is named, in SES's words.
 * @param need whether a review will read it: then what SES requires has to be there
 * @throws MailctlError bad-data
 */
export function checkDetails(details: AccountDetails, need: 'reviewed' | 'unreviewed'): void {
  const { mailType, websiteUrl, useCase, additionalContacts } = details
  const errors: string[] = []
  const refuse = (path: string, constraint: string): void => {
    errors.push(`Value at '${path}' failed to satisfy constraint: ${constraint}`)
  }
  if (mailType === null && need === 'reviewed') refuse('mailType', 'Member must not be null')
  if (websiteUrl === null && need === 'reviewed') refuse('websiteURL', 'Member must not be null')
  if (websiteUrl !== null) {
    if (websiteUrl.length < 1) refuse('websiteURL', 'Member must have length greater than or equal to 1')
    if (websiteUrl.length > LONGEST_URL) refuse('websiteURL', `Member must have length less than or equal to ${LONGEST_URL}`)
    if (!URL.test(websiteUrl)) refuse('websiteURL', `Member must satisfy regular expression pattern: ${URL_PATTERN}`)
  }
  if (useCase !== null && useCase.length > LONGEST_USE_CASE)
    refuse('useCaseDescription', `Member must have length less than or equal to ${LONGEST_USE_CASE}`)
  if (additionalContacts.length > MOST_CONTACTS)
    refuse('additionalContactEmailAddresses', `Member must have length less than or equal to ${MOST_CONTACTS}`)
  for (const [index, contact] of additionalContacts.entries()) {
    const path = `additionalContactEmailAddresses.${index + 1}.member`
    if (contact.length < SHORTEST_CONTACT) refuse(path, `Member must have length greater than or equal to ${SHORTEST_CONTACT}`)
    if (contact.length > LONGEST_CONTACT) refuse(path, `Member must have length less than or equal to ${LONGEST_CONTACT}`)
    if (!CONTACT.test(contact) || /[\r\n]/.test(contact)) refuse(path, `Member must satisfy regular expression pattern: ${CONTACT_PATTERN}`)
  }
  if (errors.length === 0) return
  const found = `${errors.length} validation error${errors.length === 1 ? '' : 's'} detected`
  throw new MailctlError('bad-data', `${found}: ${errors.join('; ')}`, {
    hint: 'mailctl account request-production --help names the rules.',
  })
}

export type Check = 'DOMAIN' | 'SPF' | 'DMARC' | 'FEEDBACK' | 'BOUNCE' | 'COMPLAINT' | 'SUPPRESSION' | 'USE_CASE'

export interface Finding {
  readonly check: Check
  /** `UNKNOWN`: it could not be learned. */
  readonly status: 'PASSED' | 'MISSING' | 'UNKNOWN'
  /** What was found, in one sentence. */
  readonly detail: string
  /** What mends it, a command where there is one; null when nothing has to be done. */
  readonly fix: string | null
}

/** What stands in DNS. */
export type RecordState = 'FOUND' | 'MISSING' | 'MISMATCH' | 'UNREACHABLE'

/** The domain that speaks for the account: the best one it has. */
export interface ReviewedDomain {
  readonly name: string
  readonly verification: string
  readonly isVerified: boolean
  readonly dkim: string
  readonly signs: boolean
  /** Forwarded by mail, or told to event destinations; else nothing of the owner's is made for it. */
  readonly feedback: 'forwarded' | 'told' | 'unattended'
  /** Null: not asked, because the domain is not that far. */
  readonly records: { readonly spf: RecordState; readonly dmarc: RecordState } | null
}

export interface Evidence {
  /** Undefined: there is none. */
  readonly domain: ReviewedDomain | undefined
  /** When the simulator's bounce, and its complaint, first came back as an event. */
  readonly bounceProvedAt: number | null
  readonly complaintProvedAt: number | null
  readonly suppressedReasons: readonly SuppressionReason[]
  readonly useCase: string | null
}

/** In the order in which one would go about it. */
export function checklist(evidence: Evidence): Finding[] {
  const { domain, bounceProvedAt, complaintProvedAt } = evidence
  return [
    domainFinding(domain),
    recordFinding('SPF', domain, domain?.records?.spf),
    recordFinding('DMARC', domain, domain?.records?.dmarc),
    feedbackFinding(domain),
    proofFinding('BOUNCE', bounceProvedAt, 'mailctl simulate bounce'),
    proofFinding('COMPLAINT', complaintProvedAt, 'mailctl simulate complaint'),
    suppressionFinding(evidence.suppressedReasons),
    useCaseFinding(evidence.useCase),
  ]
}

/** What the findings come to. */
export function verdictOf(findings: readonly Finding[]): Exclude<ReviewStatus, 'PENDING'> {
  if (findings.some(({ status }) => status === 'MISSING')) return 'DENIED'
  return findings.some(({ status }) => status === 'UNKNOWN') ? 'FAILED' : 'GRANTED'
}

const passed = (check: Check, detail: string): Finding => ({ check, status: 'PASSED', detail, fix: null })
const missing = (check: Check, detail: string, fix: string): Finding => ({ check, status: 'MISSING', detail, fix })

function domainFinding(domain: ReviewedDomain | undefined): Finding {
  if (domain === undefined) return missing('DOMAIN', 'There is no domain identity', 'mailctl verify domain example.com')
  const name = printable(domain.name)
  if (!domain.isVerified) return missing('DOMAIN', `${name} is not verified (${domain.verification})`, `mailctl verify domain ${name}`)
  if (domain.dkim !== 'SUCCESS') return missing('DOMAIN', `DKIM of ${name} is not proved (${domain.dkim})`, `mailctl verify domain ${name}`)
  if (!domain.signs) return missing('DOMAIN', `${name} does not sign with DKIM`, `mailctl identity set ${name} --signing on`)
  return passed('DOMAIN', `${name} is verified and signs with DKIM`)
}

function recordFinding(check: 'SPF' | 'DMARC', domain: ReviewedDomain | undefined, state: RecordState | undefined): Finding {
  if (domain === undefined || state === undefined)
    return missing(check, `${check} was not looked for: it needs a verified domain first`, 'mailctl verify domain example.com')
  const name = printable(domain.name)
  switch (state) {
    case 'FOUND':
      return passed(check, `${check} of ${name} is in place`)
    case 'UNREACHABLE':
      return { check, status: 'UNKNOWN', detail: `DNS did not answer for the ${check} record of ${name}`, fix: `mailctl dns check ${name}` }
    case 'MISSING':
      return missing(check, `${name} has no ${check} record`, `mailctl dns plan ${name}`)
    case 'MISMATCH':
      return missing(check, `The ${check} record of ${name} is not as it must be`, `mailctl dns check ${name}`)
  }
}

function feedbackFinding(domain: ReviewedDomain | undefined): Finding {
  if (domain === undefined)
    return missing('FEEDBACK', 'Nobody hears of bounces and complaints without an identity', 'mailctl verify domain example.com')
  const name = printable(domain.name)
  switch (domain.feedback) {
    case 'forwarded':
      return passed('FEEDBACK', `Bounces and complaints of ${name} are forwarded to the sender`)
    case 'told':
      return passed('FEEDBACK', `Event destinations tell of bounces and complaints of ${name}`)
    case 'unattended':
      return missing(
        'FEEDBACK',
        `Forwarding is off for ${name}, and no event destination tells of its bounces and complaints`,
        `mailctl identity set ${name} --feedback on`,
      )
  }
}

function proofFinding(check: 'BOUNCE' | 'COMPLAINT', provedAt: number | null, fix: string): Finding {
  const what = check.toLowerCase()
  return provedAt === null
    ? missing(check, `A ${what} of the mailbox simulator was never seen to come back`, fix)
    : passed(check, `The simulator's ${what} came back as an event on ${new Date(provedAt).toISOString().slice(0, 10)}`)
}

function suppressionFinding(reasons: readonly SuppressionReason[]): Finding {
  const off = SUPPRESSION_REASONS.filter(reason => !reasons.includes(reason))
  return off.length === 0
    ? passed('SUPPRESSION', 'Addresses that bounced or complained are suppressed')
    : missing(
        'SUPPRESSION',
        `The suppression list does not take: ${off.join(', ')}`,
        'mailctl account set --suppressed-reasons BOUNCE,COMPLAINT',
      )
}

function useCaseFinding(useCase: string | null): Finding {
  return useCase !== null && useCase.trim() !== ''
    ? passed('USE_CASE', 'The use case is described')
    : missing(
        'USE_CASE',
        'The use case is not described',
        "add --use-case 'how recipients are chosen, how bounces and opt-outs are handled'",
      )
}
