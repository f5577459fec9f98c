/** What a test says of a message, with what it has instead when that is not so. */
import type { MailMatchers, ReceivedMail } from './types.ts'

type Verdict = ReturnType<MailMatchers['toHaveSubject']>

const fits = (text: string, wanted: string | RegExp): boolean =>
  typeof wanted === 'string' ? text.includes(wanted) : text.search(wanted) >= 0
const quoted = (wanted: string | RegExp): string => (typeof wanted === 'string' ? `'${wanted}'` : String(wanted))

/** @param what it was to have  @param has what it has instead */
const verdict = (mail: ReceivedMail, pass: boolean, what: string, has: readonly string[]): Verdict => ({
  pass,
  message: () =>
    pass
      ? `the mail '${mail.subject}' was not to have ${what}`
      : `the mail '${mail.subject}' has not ${what}; it has ${has.length === 0 ? 'none' : has.map(text => `\n  ${text}`).join('')}`,
})

export const matchers: MailMatchers = {
  toHaveSubject: (mail: ReceivedMail, wanted: string | RegExp): Verdict =>
    verdict(mail, fits(mail.subject, wanted), `the subject ${quoted(wanted)}`, [mail.subject]),
  toBeDeliveredTo: (mail: ReceivedMail, address: string): Verdict =>
    verdict(
      mail,
      mail.envelope.to.some(to => to.toLowerCase() === address.toLowerCase()),
      `the recipient ${address}`,
      mail.envelope.to,
    ),
  toContainText: (mail: ReceivedMail, wanted: string | RegExp): Verdict =>
    verdict(
      mail,
      fits(mail.text, wanted) || fits(mail.html, wanted),
      `the text ${quoted(wanted)}`,
      [mail.text, mail.html].filter(text => text !== ''),
    ),
  toHaveLink: (mail: ReceivedMail, wanted: string | RegExp): Verdict =>
    verdict(
      mail,
      mail.links.some(link => fits(link, wanted)),
      `the link ${quoted(wanted)}`,
      mail.links,
    ),
  toHaveAttachment: (mail: ReceivedMail, name: string | RegExp): Verdict =>
    verdict(
      mail,
      mail.attachments.some(file => (typeof name === 'string' ? file.name === name : file.name.search(name) >= 0)),
      `the attachment ${quoted(name)}`,
      mail.attachments.map(file => file.name),
    ),
  toBeAuthenticated(mail: ReceivedMail): Verdict {
    const { spf, dkim, dmarc } = mail.authentication
    return verdict(mail, spf === 'pass' && dkim === 'pass' && dmarc === 'pass', 'SPF, DKIM and DMARC that pass', [
      `spf ${spf}, dkim ${dkim}, dmarc ${dmarc}`,
    ])
  },
}
