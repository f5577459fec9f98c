/**
 * Watches a message body flow by and reads the header of every MIME part in it: how many parts there are and what their files are called.
 * Constant memory, and no look at the octets in between but for one search. It follows boundaries by their shape (`--` at the start of a
 * line), so it sees parts that a confused or malicious structure would hide from a stricter parser. SES facts: blocked file types, 500 parts.
 */
import { MailctlError } from '../base/errors.ts'
import { decodeText } from './encoded-word.ts'
import { findField, type Header, parseHeader } from './header.ts'
import { checkExtension } from './media-type.ts'

/** SES fact: most MIME parts of one message. */
export const MAX_PARTS = 500
const MAX_PART_HEADER_BYTES = 16 * 1024
const DELIMITER = Buffer.from('\r\n--')
const HEADER_END = Buffer.from('\r\n\r\n')

export class PartScanner {
  /** What may still turn out to begin something: the end of the last chunk, or a part header so far. */
  #held: Buffer = Buffer.from('\r\n')
  #inHeader = false
  #parts = 0

  /** @param header of the message @throws MailctlError bad-data: a blocked file type */
  constructor(header: Header) {
    checkNames(header)
  }

  /** @param chunk of the body, line ends as CRLF @throws MailctlError bad-data: a blocked file type, more than 500 parts */
  update(chunk: Buffer): void {
    let rest = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk])
    for (;;) {
      const end = rest.indexOf(this.#inHeader ? HEADER_END : DELIMITER)
      if (end < 0) break
      if (this.#inHeader) this.#readPart(rest.subarray(0, end + 2))
      rest = rest.subarray(end + 2)
      this.#inHeader = !this.#inHeader
    }
    if (this.#inHeader && rest.length > MAX_PART_HEADER_BYTES) this.#inHeader = false
    this.#held = Buffer.from(this.#inHeader ? rest : rest.subarray(Math.max(0, rest.length - DELIMITER.length + 1)))
  }

  /** @param block the delimiter's line and what follows it up to an empty line */
  #readPart(block: Buffer): void {
    // A signature's dashes may have opened what the real delimiter, the last one, begins.
    const delimiter = Math.max(0, block.lastIndexOf(DELIMITER) + 1)
    let header: Header
    try {
      header = parseHeader(block.subarray(block.indexOf('\r\n', delimiter) + 2))
    } catch {
      return // a line of dashes in a text, not a part
    }
    if (findField(header, 'Content-Type') === undefined && findField(header, 'Content-Disposition') === undefined) return
    this.#parts += 1
    if (this.#parts > MAX_PARTS) throw new MailctlError('bad-data', `The message has more than ${MAX_PARTS} MIME parts`)
    checkNames(header)
  }
}

function checkNames(header: Header): void {
  for (const field of ['Content-Type', 'Content-Disposition']) {
    for (const name of fileNames(findField(header, field)?.value ?? '')) checkExtension(name)
  }
}

/** `name` and `filename` parameters, RFC 2231 pieces joined and decoded, RFC 2047 words decoded as readers do. */
function fileNames(value: string): string[] {
  const pieces = new Map<string, string[]>()
  for (const [, parameter = '', index, quoted, bare = ''] of value.matchAll(
    /;\s*((?:file)?name)(\*\d*\*?)?\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]*))/gi,
  )) {
    const key = parameter.toLowerCase()
    let text = quoted === undefined ? bare : quoted.replace(/\\(.)/g, '$1')
    if (index?.endsWith('*')) text = percentDecoded(text.replace(/^[^']*'[^']*'/, ''))
    pieces.set(key, [...(pieces.get(key) ?? []), text])
  }
  return [...pieces.values()].map(texts => decodeText(texts.join('')))
}

const percentDecoded = (text: string): string =>
  text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
