/**
 * Failures told in words: the reports of qmail (QSBMF), Exim, Gmail, Yahoo, old Sendmail, OpenSMTPD, Notes, mail gateways and all the
 * others that send no `message/delivery-status`. Formats are data: where such a report says which recipient it is about, and where it
 * ends and the returned message begins. What stands between one recipient and the next is the reason for the first.
 */
import { failureIn } from './failure-reasons.ts'
import { enhancedCode, replyCode } from './failure-status.ts'
import type { Field } from './report-parts.ts'
import { fieldValue } from './report-parts.ts'

export interface ToldFailure {
  readonly address: string
  /** White space collapsed; the whole report's text where none stands by the recipient. */
  readonly reason: string
}

export interface ToldReport {
  readonly failures: readonly ToldFailure[]
  readonly isDelay: boolean
}

const MAX_LINES = 3_000
const MAX_LINE = 1_000
const MAX_REASON = 2_000
const MAX_RECIPIENTS = 1_000
const ADDRESS = String.raw`["'<(]{0,2}(?:mailto:|smtp:|rfc822;\s?)?([^\s<>()"',;:\[\]=]{1,64}@[A-Za-z0-9.-]{1,255})[">')]{0,2}`

/** Where the returned message begins. */
const ORIGINAL_BEGINS: readonly RegExp[] = [
  /^[\s|>=*-]{0,80}(?:below (?:this line )?is a copy|this is a copy of|original message|the header of the original|unsent message|message headers follow|included is a copy|original mail (?:as )?follows|returned message|message text follows|enclosed is a copy|message header follows|your original message|the original message (?:follows|is|was included|headers)|returned mail follows|copy of (?:the|your) (?:original )?message|text of (?:the|your) message|headers? (?:of|from) (?:the|your) (?:original )?message|start of returned message|unsent message below|forwarded message|begin(?:ning)? of)/i,
  /^\s{0,3}(?:Reporting-MTA: |Received: (?:from|by|\()|Return-Path: ?<|DKIM-Signature: |X-Received: |X-Google-|From \S+ {1,3}(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) )/i,
]

interface RecipientLine {
  readonly pattern: RegExp
  /** The line says why, after the address. */
  readonly saysWhy?: true
}

const line = (before: string, after = ''): RegExp => new RegExp(`${before}${ADDRESS}${after}`, 'i')

/** How a report names a recipient; tried in this order on each line. */
const RECIPIENT_LINES: readonly RecipientLine[] = [
  // the command that was refused: old Sendmail, au and KDDI, m-FILTER, Verizon
  { pattern: line(String.raw`^[\s>]{0,20}RCPT to:\s{0,5}`) },
  // `550 <a@b>... User unknown`: Sendmail
  { pattern: line(String.raw`^\s{0,20}(?:[45]\d\d[ -])?(?:[45]\.\d\.\d{1,3} )?`, String.raw`\s{0,3}\.{3}`), saysWhy: true },
  // `<a@b>:`, `a@b: reason`, `"a@b":`: qmail, Postfix, Yahoo, OpenSMTPD, GMX
  { pattern: line(String.raw`^\s{0,20}`, String.raw`\s{0,3}(?:\([^()]{0,200}\)\s{0,3})?:`), saysWhy: true },
  // alone on its line: Exim, Gmail, Notes, Exchange
  { pattern: line(String.raw`^[\s*]{0,20}`, String.raw`[\s,;.]{0,20}$`) },
  {
    pattern: line(
      String.raw`^\s{0,20}(?:failed |final |original |intended |bad )?(?:recipients?|address(?:ee)?|user|rcpt)(?: address| name)?\s{0,5}[:=]\s{0,5}`,
    ),
  },
  {
    pattern: line(
      String.raw`\b(?:delivering your (?:mail|message) to|(?:not|n't|un)(?: be)?(?: \w+)? ?deliver(?:ed|able)(?: your \w+)? to:?|(?:reach|following|failed|these) (?:the )?(?:following )?(?:recipients?|address(?:es)?)(?: failed| rejected)?:|\d attempts:|(?:message|mail) to|deliver (?:your )?(?:mail|message|it)? ?to:?|send(?:ing)? (?:your )?(?:mail|message)? ?to)\s{0,5}`,
    ),
    saysWhy: true,
  },
  // `Unknown user: a@b`, `User mailbox exceeds allowed size: a@b`: IMail and others
  {
    pattern: line(
      String.raw`^\s{0,20}(?!(?:from|sender|reply|to|cc|subject|contact)\b|[^@]{0,80}\b(?:from|sender)\b)[A-Z][\w ,'-]{3,60}:\s{0,5}`,
    ),
  },
]

/** The words of subjects and senders of reports; either is needed before the text is believed. */
const REPORT_SUBJECT =
  /failure notice|undeliver|non[- ]?deliver|returned mail|mail returned|return(?:ed|ing) (?:to|message)|deliver\w* (?:status|fail|problem|error|delay|report|incomplete|notification)|(?:mail|message|delivery|permanent|system)\w* (?:delivery |system )?(?:fail|error)|failed (?:delivery|mail|to deliver)|could ?n[o']t be delivered|not (?:be )?delivered|unable to deliver|(?:mail|message) (?:could|status|delayed|not)|warning: (?:could|message)|loop alert|rejected:|bounce|\bNDN\b/i
const REPORT_SENDER =
  /mailer-?daemon|post-?master|post_master|mail delivery|mail-?daemon|<>|delivery sub|mdaemon|auto-?reply@.*bounce|^\s*$/i
const REPORT_OPENING =
  /(?:could not be|was not|wasn't|not been|cannot be|couldn't be|unable to be) delivered|(?:unable|failed|was not able|wasn't able|error(?: \w+)? (?:while )?(?:delivering|trying to deliver)) ?(?:to )?(?:deliver|your)|delivery (?:to|has|of|status|failed|failure)|permanent (?:error|fatal|failure)|undeliverable|error message below|transcript of session|failure reasons|did not reach|rejected by|addresses? failed|has been delayed|is delayed|delayed for|unknown user|message log|duplicated message-id/i
const DELAY =
  /\b(?:warning message only|has been delayed|is (?:being )?delayed|delayed for|will (?:be retried|retry|keep trying)|temporary failure|not been delivered yet|still trying|no action is required)/i
const MAX_OPENING = 8_000

/** @returns null when the message is no such report, or names nobody */
export function readToldReport(header: readonly Field[], text: string): ToldReport | null {
  const lines = text
    .slice(0, 256 * 1024)
    .split(/\r?\n/, MAX_LINES)
    .map(each => each.slice(0, MAX_LINE))
  const end = lines.findIndex((each, index) => index > 0 && ORIGINAL_BEGINS.some(begins => begins.test(each)))
  const told = end < 0 ? lines : lines.slice(0, end)
  const opening = told.join('\n').slice(0, MAX_OPENING)
  const named = addressesIn(fieldValue(header, 'x-failed-recipients'))
  if (named.length === 0 && !looksLikeReport(header, opening)) return null
  const sender = addressesIn(`${fieldValue(header, 'to')} ${fieldValue(header, 'from')}`).map(lower)
  const found = failuresIn(told)
  const others = [...found].filter(([address]) => !sender.includes(lower(address)))
  const kept =
    named.length > 0 ? named.map((address): Told => [address, reasonOf(found, address)]) : others.length > 0 ? others : [...found]
  const fallback =
    kept.length > 0 ? kept : addressesOfOriginal(lines.slice(end < 0 ? lines.length : end)).map((address): Told => [address, ''])
  if (fallback.length === 0) return null
  // what only introduces the list of recipients, or ends it, is the reason where nothing stands by one
  const whole = collapse(opening)
  return {
    failures: fallback.slice(0, MAX_RECIPIENTS).map(([address, reason]) => ({ address, reason: isTelling(reason) ? reason : whole })),
    isDelay: DELAY.test(`${fieldValue(header, 'subject')}\n${opening}`) || /\b(?:delay|warning)/i.test(fieldValue(header, 'subject')),
  }
}

const isTelling = (reason: string): boolean =>
  replyCode(reason) !== undefined || enhancedCode(reason) !== undefined || failureIn(reason) !== undefined

type Told = readonly [address: string, reason: string]

function looksLikeReport(header: readonly Field[], opening: string): boolean {
  const subject = REPORT_SUBJECT.test(fieldValue(header, 'subject').slice(0, 500))
  const sender = REPORT_SENDER.test(fieldValue(header, 'from').slice(0, 500)) || /^<\s*>$/.test(fieldValue(header, 'return-path'))
  if (subject && sender) return true
  return (subject || sender) && (REPORT_OPENING.test(opening) || /\b[45]\d\d\b/.test(opening))
}

const lower = (address: string): string => address.toLowerCase()

/** What stands by each recipient, in order of appearance; one that is named twice has both reasons. */
function failuresIn(lines: readonly string[]): Map<string, string> {
  const reasons = new Map<string, string[]>()
  const names = new Map<string, string>()
  let open: string[] | undefined
  for (const each of lines) {
    const match = recipientIn(each)
    if (match === undefined) {
      open?.push(each)
      continue
    }
    const key = lower(match.address)
    if (!names.has(key)) {
      if (names.size === MAX_RECIPIENTS) break
      names.set(key, match.address)
    }
    open = reasons.get(key) ?? []
    reasons.set(key, open)
    open.push(match.reason)
  }
  return new Map([...names].map(([key, address]): Told => [address, collapse(joined(reasons.get(key) ?? []))]))
}

function joined(pieces: readonly string[]): string {
  let text = ''
  for (const piece of pieces) {
    if (text.length > MAX_REASON * 2) break
    text += `${piece}\n`
  }
  return text
}

function recipientIn(each: string): { readonly address: string; readonly reason: string } | undefined {
  if (!each.includes('@')) return undefined
  for (const { pattern, saysWhy } of RECIPIENT_LINES) {
    const match = pattern.exec(each)
    if (match === null) continue
    const [, named = ''] = match
    return { address: named.replace(/\.+$/, ''), reason: saysWhy ? each.replace(named, '') : '' }
  }
  return undefined
}

const reasonOf = (found: ReadonlyMap<string, string>, address: string): string =>
  [...found].find(([other]) => lower(other) === lower(address))?.[1] ?? ''

export const addressesIn = (text: string): string[] => [
  ...new Set([...text.slice(0, 8_000).matchAll(/[^\s<>,;"()[\]]{1,64}@[A-Za-z0-9.-]{1,255}/g)].map(([address]) => address)),
]

function addressesOfOriginal(lines: readonly string[]): string[] {
  const to = lines.slice(0, 200).find(each => /^\s{0,8}to:/i.test(each))
  return to === undefined ? [] : addressesIn(to)
}

const collapse = (text: string): string =>
  text
    .replace(/[\s\u0000]+/g, ' ')
    .trim()
    .slice(0, MAX_REASON)
