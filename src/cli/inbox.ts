/** What the inbox commands share: filters, the JSON of one entry, the list for people. */
import { formatSize } from '../base/duration.ts'
import { MailctlError } from '../base/errors.ts'
import { textSearch } from '../operations/search-text.ts'
import type { Authentication, InboxFilter, InboxMessage } from '../ports/lab.ts'
import type { Flags, OptionSpec } from './command.ts'
import type { Io } from './io.ts'
import { isoTime, parseSince, showTime, textFlag } from './moments.ts'
import { showTable } from './table.ts'

export const INBOX_FILTERS: readonly OptionSpec[] = [
  { flags: '--to <address>', summary: 'only mail to this recipient' },
  { flags: '--from <address>', summary: 'only mail from this address' },
  { flags: '--subject <text>', summary: 'only mail whose subject holds this text, or matches /re/' },
  { flags: '--since <when>', summary: 'only later mail: 2h, 2026-01-31 or 2026-01-31T12:00:00Z' },
]

/** @throws MailctlError usage */
export function inboxFilter(flags: Flags, now: number): InboxFilter {
  const [to, from, subject, since] = ['to', 'from', 'subject', 'since'].map(name => textFlag(flags, name))
  return {
    ...(to !== undefined && { to }),
    ...(from !== undefined && { from }),
    ...(subject !== undefined && { subject: textFilter(subject) }),
    ...(since !== undefined && { since: parseSince(since, now) }),
  }
}

/** `/re/flags` is a regular expression, anything else a text to find in either case.  @throws MailctlError usage, also by the filter */
export function textFilter(text: string): (text: string) => boolean {
  if (!isPattern(text)) return other => other.toLowerCase().includes(text.toLowerCase())
  const search = textSearch(textPattern(text))
  return other => search(other) !== null
}

const isPattern = (text: string): boolean => /^\/.+\/[imsu]*$/s.test(text)

/** @param text `/re/flags`; the slashes may be left out  @throws MailctlError usage */
export function textPattern(text: string): RegExp {
  const [, source = text, flags = ''] = /^\/(.+)\/([imsu]*)$/s.exec(text) ?? []
  try {
    return new RegExp(source, flags)
  } catch (cause) {
    throw new MailctlError('usage', `${text} is no regular expression`, { hint: 'Write /pattern/ or /pattern/i, as in JavaScript.', cause })
  }
}

/** The form of `inspect`, contract §8. */
export const authenticationJson = ({ spf, dkim, dmarc }: Authentication) => ({
  Spf: spf.result,
  Dkim: dkim.map(({ domain, selector, result, detail }) => ({ Domain: domain, Selector: selector, Result: result, Detail: detail })),
  Dmarc: dmarc.result,
})

export const inboxMessageJson = (message: InboxMessage) => ({
  Id: message.id,
  EnvelopeFrom: message.envelopeFrom,
  EnvelopeTo: message.envelopeTo,
  From: message.from,
  Subject: message.subject,
  SizeBytes: message.sizeBytes,
  ReceivedTimestamp: isoTime(message.receivedAt),
  Receiver: message.receiver,
  Authentication: authenticationJson(message.authentication),
  Folder: message.folder === 'spam' ? 'SPAM' : 'INBOX',
  Rules: message.rules,
})

/** `spf pass, dkim pass, dmarc pass` */
export const verdictText = ({ spf, dkim, dmarc }: Authentication): string =>
  `spf ${spf.result}, dkim ${dkim.map(({ result }) => result).join('+') || 'none'}, dmarc ${dmarc.result}`

const passesAll = ({ spf, dkim, dmarc }: Authentication): boolean =>
  spf.result === 'pass' && dmarc.result === 'pass' && dkim.length > 0 && dkim.every(({ result }) => result === 'pass')

export async function showInbox(io: Io, messages: readonly InboxMessage[]): Promise<void> {
  if (messages.length === 0) return io.line('The inbox is empty.')
  await showTable(io, {
    head: ['Id', 'Received', 'From', 'To', 'Subject', 'Size', 'Verdicts'],
    rows: messages.map(({ id, receivedAt, from, envelopeTo, subject, sizeBytes, authentication, folder }) => [
      id,
      showTime(receivedAt),
      from,
      envelopeTo.join(', '),
      subject,
      formatSize(sizeBytes),
      `${io.stdout.isTty && passesAll(authentication) ? 'all pass' : verdictText(authentication)}${folder === 'spam' ? ', spam folder' : ''}`,
    ]),
  })
}
