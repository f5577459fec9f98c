/**
 * A header block as an ordered list of fields over octets (latin1 strings, one character an octet). Fields that are not touched are
 * written back exactly as they came. RFC 5322 §2.2; field names and values with CR, LF or NUL never get in. SES facts: which fields may
 * appear once, and the texts of the two refusals.
 */
import { MailctlError } from '../base/errors.ts'
import { printable } from '../base/redact.ts'
import { isWsp, trimWsp, trimWspAndLineEnds, withoutEnd } from './white-space.ts'

export interface HeaderField {
  /** As written. */
  readonly name: string
  /** Unfolded and trimmed; octets as latin1. `decodeText` makes it readable. */
  readonly value: string
  /** The whole field as octets with its folds, ending in CRLF. */
  readonly raw: string
}

export type Header = readonly HeaderField[]

export const MAX_HEADER_BYTES = 256 * 1024
const MAX_FIELDS = 2_000
/** RFC 5322 §2.1.1: a line without its CRLF. */
export const MAX_LINE_OCTETS = 998
const FOLD_AT = 78
const FIELD_NAME = /^[!-9;-~]+$/

/** SES fact: fields that may appear once. To, Cc, Bcc and Received are not among them. */
const SINGLE_FIELDS: ReadonlyMap<string, string> = new Map(
  `Accept-Language acceptLanguage Archived-At Auto-Submitted Bounces-to Comments Content-Alternative Content-Base Content-Class
  Content-Description Content-Disposition Content-Duration Content-ID Content-Language Content-Length Content-Location Content-MD5
  Content-Transfer-Encoding Content-Type Date Delivered-To Disposition-Notification-Options Disposition-Notification-To DKIM-Signature
  DomainKey-Signature Errors-To From Importance In-Reply-To Keywords List-Archive List-Help List-Id List-Owner List-Post List-Subscribe
  List-Unsubscribe Message-Context Message-ID MIME-Version Organization Original-From Original-Message-ID Original-Recipient
  Original-Subject Precedence Priority References Reply-To Return-Path Return-Receipt-To Sender Solicitation Sensitivity Subject
  Thread-Index Thread-Topic User-Agent VBR-Info`
    .split(/\s+/)
    .map(name => [name.toLowerCase(), name]),
)

/**
 * Reads a block whose lines end in CRLF, without the empty line after it.
 * @throws MailctlError bad-data: a line that is no field, a NUL, more than 256 KB or 2,000 fields
 */
export function parseHeader(block: Buffer): Header {
  if (block.length > MAX_HEADER_BYTES) throw tooMuchHeader(`is larger than ${MAX_HEADER_BYTES / 1024} KB`)
  const text = block.toString('latin1')
  if (text.includes('\0')) throw new MailctlError('bad-data', 'The header has a NUL octet', { hint: 'Is this a mail message?' })
  const fields: HeaderField[] = []
  for (let start = 0; start < text.length; ) {
    if (fields.length === MAX_FIELDS) throw tooMuchHeader(`has more than ${MAX_FIELDS} fields`)
    const end = fieldEnd(text, start)
    fields.push(readField(text.slice(start, end)) ?? refuseField(text, start, end))
    start = end
  }
  return fields
}

/** Behind the first CRLF that no white space follows. */
function fieldEnd(text: string, start: number): number {
  let crlf = text.indexOf('\r\n', start)
  while (crlf >= 0 && isWsp(text.charCodeAt(crlf + 2))) crlf = text.indexOf('\r\n', crlf + 2)
  return crlf < 0 ? text.length : crlf + 2
}

const tooMuchHeader = (why: string): MailctlError =>
  new MailctlError('bad-data', `The header ${why}`, { hint: 'An empty line must end the header; is this a mail message?' })

/** @returns undefined when it is none: no colon, or a name that is not one; spaces may stand between the two */
function readField(raw: string): HeaderField | undefined {
  const colon = raw.indexOf(':')
  if (colon < 0) return undefined
  const name = withoutEnd(raw.slice(0, colon), isSpace)
  if (!FIELD_NAME.test(name)) return undefined
  return { name, value: unfold(raw.slice(colon + 1)), raw: raw.endsWith('\r\n') ? raw : `${raw}\r\n` }
}

/** @param start where the line begins that is none */
function refuseField(text: string, start: number, end: number): never {
  const line = text.slice(0, start).split('\r\n').length
  const shown = printable(text.slice(start, Math.min(end, start + 60)).trimEnd())
  throw new MailctlError('bad-data', `Line ${line} of the header is not a field: '${shown}'`, {
    hint: 'A field is a name without spaces, a colon and a value; an empty line ends the header.',
  })
}

const isSpace = (code: number): boolean => code === 0x20

const unfold = (value: string): string => trimWspAndLineEnds(value.replace(/\r\n(?=[ \t])/g, ''))

/**
 * A new field, folded at spaces to lines of 78 octets where it has spaces.
 * @param value octets as latin1, already encoded
 * @throws MailctlError bad-data: a name that is none, CR, LF or NUL in the value, or a word that does not fit a line of 998 octets
 */
export function headerField(name: string, value: string): HeaderField {
  if (!FIELD_NAME.test(name)) throw new MailctlError('bad-data', `'${printable(name)}' is not a header field name`)
  if (/[\r\n\0]/.test(value)) throw new MailctlError('bad-data', `Header '${name}' has a line break or NUL in its value`)
  if (/[^\x00-\xff]/.test(value)) throw new MailctlError('bad-data', `Header '${name}' has a value that is not encoded`)
  const raw = fold(name, trimWsp(value))
  if (raw.length > MAX_LINE_OCTETS && raw.split('\r\n').some(line => line.length > MAX_LINE_OCTETS)) {
    throw new MailctlError('bad-data', `Header '${name}' has a word that is longer than a line may be (${MAX_LINE_OCTETS} octets)`, {
      hint: 'Headers are folded at spaces: put some in.',
    })
  }
  return { name, value: unfold(raw.slice(name.length + 1)), raw }
}

/** Breaks before a space that is followed by something visible, so no line is ever white space alone. */
function fold(name: string, value: string): string {
  const whole = `${name}: ${value}`
  if (whole.length <= FOLD_AT) return `${whole}\r\n`
  const lines: string[] = []
  let line = `${name}:`
  for (const piece of ` ${value}`.match(/[ \t]+[^ \t]*/g) ?? []) {
    if (line.length + piece.length > FOLD_AT && line !== `${name}:`) {
      lines.push(line)
      line = piece
    } else {
      line += piece
    }
  }
  return `${[...lines, line].join('\r\n')}\r\n`
}

/** Whether the field has this name; the length tells most names apart. */
const named = (name: string): ((field: HeaderField) => boolean) => {
  const wanted = name.toLowerCase()
  return field => field.name.length === wanted.length && (field.name === name || field.name.toLowerCase() === wanted)
}

/** The first field of the name. */
export const findField = (header: Header, name: string): HeaderField | undefined => header.find(named(name))
export const findFields = (header: Header, name: string): HeaderField[] => header.filter(named(name))
export function withoutField(header: Header, name: string): Header {
  const isIt = named(name)
  return header.some(isIt) ? header.filter(field => !isIt(field)) : header
}
export const prependField = (header: Header, field: HeaderField): Header => [field, ...header]

/** The field takes the place of the first of its name and further ones go; without any it is appended. */
export function withField(header: Header, field: HeaderField): Header {
  const isIt = named(field.name)
  const index = header.findIndex(isIt)
  if (index < 0) return [...header, field]
  return [...header.slice(0, index), field, ...header.slice(index + 1).filter(other => !isIt(other))]
}

/** The block with the empty line that ends it. @throws MailctlError bad-data above 256 KB */
export function serializeHeader(header: Header): Buffer {
  const block = Buffer.from(`${header.map(({ raw }) => raw).join('')}\r\n`, 'latin1')
  if (block.length > MAX_HEADER_BYTES) throw tooMuchHeader(`is larger than ${MAX_HEADER_BYTES / 1024} KB`)
  return block
}

/**
 * What SES refuses in any message.
 * @throws MailctlError bad-data: `Duplicate header 'Subject'.`, `Missing required header 'From'.`
 */
export function checkHeader(header: Header): void {
  const seen = new Set<string>()
  for (const { name } of header) {
    const lower = name.toLowerCase()
    const single = SINGLE_FIELDS.get(lower)
    if (single !== undefined && seen.has(lower)) {
      throw new MailctlError('bad-data', `Duplicate header '${single}'.`, { hint: `Leave one '${single}' field in the message.` })
    }
    seen.add(lower)
  }
  if (!seen.has('from')) {
    throw new MailctlError('bad-data', "Missing required header 'From'.", { hint: 'Add a line such as From: ann@example.com at the top.' })
  }
}
