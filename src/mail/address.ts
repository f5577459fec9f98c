/**
 * Mail addresses: strict reading of one address (RFC 5321 §4.1.2 Mailbox), of a mailbox and of a list with groups (RFC 5322 §3.4), and
 * writing them back. CR, LF and NUL are refused before anything is read, so a header can never be smuggled in through an address.
 * SES facts: 7-bit local part, a domain and no address literal, each member of a group counts as a recipient.
 */
import { MailctlError } from '../base/errors.ts'
import { printable } from '../base/redact.ts'
import { decodeUndeclared } from './charset.ts'
import { decodeText, encodeWords, isPlainText } from './encoded-word.ts'
import { domainToALabels } from './idna.ts'

export interface Mailbox {
  /** `local@domain`, ready for SMTP: the local part quoted where it must be, the domain as lower-case A-labels. */
  readonly address: string
  /** Without quotes; case kept. */
  readonly localPart: string
  /** Lower-case A-labels. */
  readonly domain: string
  /** Decoded text; empty when there is none. */
  readonly displayName: string
}

const ATEXT = "[A-Za-z0-9!#$%&'*+\\-/=?^_`{|}~]"
const DOT_ATOM = new RegExp(`^${ATEXT}+(?:\\.${ATEXT}+)*$`)
const PHRASE = new RegExp(`^(?:${ATEXT}| )+$`)
const ASCII = /^[\x00-\x7f]*$/
const MAX_LOCAL_PART = 64
/** RFC 5321 §4.5.3.1.3: a path is 256 octets with its angle brackets. */
const MAX_ADDRESS = 254
/** A field of this many characters is not read at all. */
const MAX_LIST_CHARACTERS = 256 * 1024

/** Reads a bare address with nothing around it: no display name, comment or space. @throws MailctlError bad-data */
export function parseAddress(text: string): Mailbox {
  refuseControls(text)
  const at = text.lastIndexOf('@')
  if (at < 0) throw refusal(text, 'has no @')
  return toMailbox(readLocalPart(text.slice(0, at), text), text.slice(at + 1), '', text)
}

/** Reads `ann@example.com` or `Ann Lee <ann@example.com>`. @throws MailctlError bad-data, also for a list or a group */
export function parseMailbox(text: string): Mailbox {
  const [mailbox, ...others] = parseMailboxList(text)
  if (mailbox === undefined) throw refusal(text, 'is empty')
  if (others.length > 0 || /^[^"<(]*:/.test(text)) throw refusal(text, 'is more than one address')
  return mailbox
}

/** Reads a list; the members of groups count like any other. Empty elements are passed over. @throws MailctlError bad-data */
export function parseMailboxList(text: string): Mailbox[] {
  refuseControls(text)
  if (text.length > MAX_LIST_CHARACTERS) throw refusal(text.slice(0, 60), 'is too long a list')
  return new ListReader(text).read()
}

/** As `parseMailboxList`, from the octets of a header field: raw 8-bit text in it is UTF-8, or else windows-1252. */
export const mailboxesOf = ({ value }: { readonly value: string }): Mailbox[] =>
  parseMailboxList(ASCII.test(value) ? value : decodeUndeclared(Buffer.from(value, 'latin1')))

/** Those of several fields, in order. A loop: this is done for every message, and `flatMap` copies through the runtime. */
export function mailboxesIn(fields: readonly { readonly value: string }[]): Mailbox[] {
  const all: Mailbox[] = []
  for (const field of fields) all.push(...mailboxesOf(field))
  return all
}

/** As a header field shows it: a display name as atoms, quoted string or encoded words. */
export function formatMailbox({ address, displayName }: Mailbox): string {
  if (displayName === '') return address
  if (!isPlainText(displayName)) return `${encodeWords(displayName)} <${address}>`
  if (PHRASE.test(displayName) && displayName.trim() === displayName && !displayName.includes('  ')) return `${displayName} <${address}>`
  return `"${displayName.replace(/["\\]/g, '\\$&')}" <${address}>`
}

export const formatMailboxList = (mailboxes: readonly Mailbox[]): string => mailboxes.map(formatMailbox).join(', ')

function refusal(text: string, why: string): MailctlError {
  const shown = printable(text)
  return new MailctlError('bad-data', `Address '${shown.length > 100 ? `${shown.slice(0, 100)}…` : shown}' ${why}`, {
    hint: 'Write ann@example.com or "Ann Lee" <ann@example.com>; separate several with commas.',
  })
}

function refuseControls(text: string): void {
  if (/[\u0000-\u0008\u000a-\u001f\u007f]/.test(text)) throw refusal(text, 'has a line break or control character')
}

/** The local part without its quotes. */
function readLocalPart(text: string, whole: string): string {
  if (!text.startsWith('"')) {
    if (text === '') throw refusal(whole, 'has nothing before the @')
    if (/[^\x00-\x7f]/.test(text)) throw refusal(whole, 'has a local part that is not ASCII')
    if (!DOT_ATOM.test(text)) throw refusal(whole, 'has a local part that is not valid')
    return text
  }
  if (!/^"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\[\x20-\x7e])*"$/.test(text)) throw refusal(whole, 'has a quoted local part that is not valid')
  return text.slice(1, -1).replace(/\\(.)/g, '$1')
}

function toMailbox(localPart: string, domainText: string, displayName: string, whole: string): Mailbox {
  if (domainText === '') throw refusal(whole, 'has no domain')
  if (domainText.startsWith('[')) throw refusal(whole, 'has an address literal where a domain is needed')
  const domain = domainText.endsWith('.') ? undefined : domainToALabels(domainText)
  if (domain === undefined) throw refusal(whole, 'has a domain that is not valid')
  const written = DOT_ATOM.test(localPart) ? localPart : `"${localPart.replace(/["\\]/g, '\\$&')}"`
  const address = `${written}@${domain}`
  if (written.length > MAX_LOCAL_PART) throw refusal(whole, `has a local part of more than ${MAX_LOCAL_PART} characters`)
  if (address.length > MAX_ADDRESS) throw refusal(whole, `is longer than ${MAX_ADDRESS} characters`)
  return { address, localPart, domain, displayName }
}

/** One pass over a list. RFC 5322 without its obsolete forms, except dots in display names and empty list elements, which people write. */
class ListReader {
  private at = 0
  private readonly text: string

  constructor(text: string) {
    this.text = text
  }

  read(): Mailbox[] {
    const found: Mailbox[] = []
    let inGroup = false
    for (;;) {
      this.skipSpace()
      const next = this.text[this.at]
      if (next === undefined) {
        if (inGroup) throw refusal(this.text, "has a group without its closing ';'")
        return found
      }
      if (next === ',') {
        this.at += 1
      } else if (next === ';' && inGroup) {
        this.at += 1
        inGroup = false
        this.expectEndOfElement()
      } else if (this.readElement(found) === 'group') {
        if (inGroup) throw refusal(this.text, 'has a group inside a group')
        inGroup = true
      } else if (this.text[this.at] !== ';' || !inGroup) {
        this.expectEndOfElement()
      }
    }
  }

  /** A mailbox is appended to `found`; of a group only its name and colon are read. */
  private readElement(found: Mailbox[]): 'mailbox' | 'group' {
    const start = this.at
    const words: string[] = []
    for (;;) {
      this.skipSpace()
      const next = this.text[this.at]
      if (next === '<') {
        this.at += 1
        this.skipSpace()
        const [localPart, domain] = this.readAddrSpec(this.at)
        this.skipSpace()
        if (this.text[this.at] !== '>') throw refusal(this.text, "has a '<' without its '>'")
        this.at += 1
        const displayName = decodeText(Buffer.from(words.join(' '), 'utf8').toString('latin1'))
        if (/[\u0000-\u0008\u000a-\u001f\u007f]/.test(displayName)) throw refusal(this.text, 'has a control character in a display name')
        found.push(toMailbox(localPart, domain, displayName, this.text))
        return 'mailbox'
      }
      if (next === ':' && words.length > 0) {
        this.at += 1
        return 'group'
      }
      if (next === undefined || next === ',' || next === ';') throw refusal(this.text.slice(start).trim(), 'has no @')
      const wordAt = this.at
      const word = next === '"' ? this.readQuoted() : this.readAtom()
      if (this.text[this.at] === '@' && words.length === 0) {
        const [localPart, domain] = this.readAddrSpec(wordAt)
        found.push(toMailbox(localPart, domain, '', this.text))
        return 'mailbox'
      }
      if (word === '') throw refusal(this.text, `has a '${printable(next)}' that must be quoted`)
      words.push(next === '"' ? word.slice(1, -1).replace(/\\(.)/g, '$1') : word)
    }
  }

  private readAddrSpec(start: number): [localPart: string, domain: string] {
    this.at = start
    if (this.text[start] === '"') this.readQuoted()
    else this.readAtom()
    const localPart = readLocalPart(this.text.slice(start, this.at), this.text)
    if (this.text[this.at] !== '@') throw refusal(this.text, 'has no @')
    this.at += 1
    if (this.text[this.at] === '[') throw refusal(this.text, 'has an address literal where a domain is needed')
    return [localPart, this.readAtom()]
  }

  /** Letters of atoms with dots and anything beyond ASCII; stops at a special or a space. */
  private readAtom(): string {
    const end = this.text.slice(this.at).search(/[\s()<>[\]:;@\\,"]/)
    const atom = end < 0 ? this.text.slice(this.at) : this.text.slice(this.at, this.at + end)
    this.at += atom.length
    return atom
  }

  /** With its quotes. */
  private readQuoted(): string {
    const start = this.at
    for (this.at += 1; this.at < this.text.length; this.at += 1) {
      const next = this.text[this.at]
      if (next === '\\') this.at += 1
      else if (next === '"') {
        this.at += 1
        return this.text.slice(start, this.at)
      }
    }
    throw refusal(this.text, 'has a quote that is not closed')
  }

  /** White space and comments, nested ones included. */
  private skipSpace(): void {
    let depth = 0
    for (; this.at < this.text.length; this.at += 1) {
      const next = this.text[this.at]
      if (next === '(') depth += 1
      else if (depth > 0 && next === '\\') this.at += 1
      else if (depth > 0 && next === ')') depth -= 1
      else if (depth === 0 && next !== ' ' && next !== '\t') return
    }
    if (depth > 0) throw refusal(this.text, 'has a comment that is not closed')
  }

  private expectEndOfElement(): void {
    this.skipSpace()
    const next = this.text[this.at]
    if (next !== undefined && next !== ',' && next !== ';') throw refusal(this.text, `has '${printable(next)}' where a comma belongs`)
    if (next === ',') this.at += 1
  }
}
