/**
 * Domain names as the DNS and SMTP want them: lower-case A-labels. RFC 5890 to 5893 through Node's UTS 46 mapping, RFC 1035 §2.3.4 for
 * lengths, RFC 5321 §4.1.2 for the letters. What comes back is never an address literal, never empty and has no final dot.
 */
import { domainToASCII, domainToUnicode } from 'node:url'
import { MailctlError } from '../base/errors.ts'
import { printable } from '../base/redact.ts'

const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/

/**
 * Text to a host name in lower-case A-labels, or undefined when it is none: a label outside 1–63 octets, a name above 253, a character
 * that is no letter, digit or inner hyphen. One final dot is dropped.
 */
export function domainToALabels(text: string): string | undefined {
  const dotless = text.endsWith('.') ? text.slice(0, -1) : text
  const ascii = /^[\x00-\x7f]*$/.test(dotless) ? dotless.toLowerCase() : unicodeToALabels(dotless)
  if (ascii.length > 253) return undefined
  return ascii.split('.').every(label => LABEL.test(label)) ? ascii : undefined
}

/** As `domainToALabels`. @throws MailctlError bad-data, naming the text */
export function parseDomain(text: string): string {
  const domain = domainToALabels(text)
  if (domain !== undefined) return domain
  throw new MailctlError('bad-data', `'${printable(text)}' is not a domain name`, {
    hint: 'A domain is letters, digits and hyphens in labels of 1 to 63 characters, 253 in all: mail.example.com.',
  })
}

/** A-labels as people read them; a name that cannot be decoded comes back as it is. For display only. */
export const domainToDisplay = (domain: string): string => domainToUnicode(domain) || domain

/** Node's mapping reads a name that ends in a number as an IPv4 address (`１.１` → `1.0.0.1`); a last label of letters prevents it. */
function unicodeToALabels(text: string): string {
  const guard = '.guard'
  const mapped = domainToASCII(text + guard)
  return mapped.endsWith(guard) ? mapped.slice(0, -guard.length) : ''
}
