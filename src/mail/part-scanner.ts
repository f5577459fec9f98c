/**
 * Watches a message body flow by and reads the header of every MIME part in it: how many parts there are and what their files are called.
 * Constant memory, and no look at the octets in between but for one search. It follows boundaries by their shape (`--` at the start of a
 * line), so it sees parts that a confused or malicious structure would hide from a stricter parser. SES facts: blocked file types, 500 parts.
 */
import { MailctlError } from '../base/errors.ts'
import { parseStructured } from './content-type.ts'
import { decodeText } from './encoded-word.ts'
import { findFields, type Header } from './header.ts'
import { checkExtension } from './media-type.ts'
import { indexOfSequence } from './octet-finder.ts'

/** SES fact: most MIME parts of one message. */
export const MAX_PARTS = 500
const MAX_PART_HEADER_BYTES = 16 * 1024
const DELIMITER = Buffer.from('\r\n--')
const HEADER_END = Buffer.from('\r\n\r\n')

/** Whether any part so far says that it is encoded so. */
export interface Encodings {
  base64: boolean
  quotedPrintable: boolean
}

export class PartScanner {
  readonly encodings: Encodings = { base64: false, quotedPrintable: false }
  /** What may still turn out to begin something: the end of the last chunk, or a part header so far. */
  #held: Buffer = Buffer.from('\r\n')
  #inHeader = false
  /** Those that were declared so far: one for each part at most. */
  readonly #boundaries = new Set<string>()
  #parts = 0

  /** @param header of the message @throws MailctlError bad-data: a blocked file type */
  constructor(header: Header) {
    this.#seeContent(['Content-Type', 'Content-Disposition'].flatMap(name => findFields(header, name).map(({ value }) => value)))
    for (const { value } of findFields(header, 'Content-Transfer-Encoding')) this.#seeEncoding(value)
  }

  /** @param chunk of the body, line ends as CRLF @throws MailctlError bad-data: a blocked file type, more than 500 parts */
  update(chunk: Buffer): void {
    let rest = this.#goesOn(chunk) ? Buffer.concat([this.#held, chunk]) : chunk
    for (;;) {
      const end = this.#inHeader ? rest.indexOf(HEADER_END) : indexOfSequence(rest, DELIMITER, { from: 0, rareAt: 2 })
      if (end < 0) break
      this.#inHeader = this.#inHeader ? this.#readPart(rest.subarray(0, end + 2)) : true
      rest = rest.subarray(end + 2)
    }
    // Of a header that never seems to end, only the last octets are looked at.
    this.#held = Buffer.from(rest.subarray(-(this.#inHeader ? MAX_PART_HEADER_BYTES : DELIMITER.length - 1)))
  }

  /** Whether something that the chunk before began goes on in this one, or may in the next: nearly no chunk has to be joined to what was held. */
  #goesOn(chunk: Buffer): boolean {
    const across = DELIMITER.length - 1
    return this.#inHeader || chunk.length < across || Buffer.concat([this.#held, chunk.subarray(0, across)]).includes(DELIMITER)
  }

  /**
   * Lines that are no fields are passed over, as the readers of mail do.
   * @param block the delimiter's line and what follows it up to an empty line
   * @returns whether another header begins there: that of an attached message
   */
  #readPart(block: Buffer): boolean {
    // A signature's dashes may have opened what the real delimiter, the last one, begins.
    const text = unfolded(block.subarray(Math.max(0, block.lastIndexOf(DELIMITER))))
    const fields = contentFields(text)
    this.#seeEncoding(/^content-transfer-encoding[ \t]*:(.*)$/im.exec(text)?.[1] ?? '')
    if (fields.length === 0 && !this.#boundaries.has(boundaryOf(text))) return false
    this.#parts += 1
    if (this.#parts > MAX_PARTS) {
      throw new MailctlError('bad-data', `The message has more than ${MAX_PARTS} MIME parts`, { hint: 'Pack its files into an archive.' })
    }
    this.#seeContent(fields)
    return fields.some(value => /^\s*message\/(?:rfc822|global)\b/i.test(value))
  }

  #seeContent(values: readonly string[]): void {
    for (const value of values) {
      const { parameters } = parseStructured(value)
      const boundary = parameters.get('boundary')
      if (boundary !== undefined) this.#boundaries.add(boundary)
      for (const name of fileNames(value, parameters)) checkExtension(name)
    }
  }

  #seeEncoding(value: string): void {
    if (/base64/i.test(value)) this.encodings.base64 = true
    else if (/quoted/i.test(value)) this.encodings.quotedPrintable = true
  }
}

const unfolded = (block: Buffer): string => block.toString('latin1').replace(/\r\n(?=[ \t])/g, '')

const contentFields = (text: string): string[] =>
  [...text.matchAll(/^content-(?:type|disposition)[ \t]*:(.*)$/gim)].map(([, value = '']) => value)

/** Of the delimiter that the text begins with. RFC 2046 §5.1.1: white space may follow it. */
const boundaryOf = (text: string): string => text.trimStart().split('\r\n', 1).join('').slice(2).trimEnd()

/** Every reading of `name` and `filename`: as the standards have it, and whatever stands after such a word. */
function fileNames(value: string, parameters: ReadonlyMap<string, string>): string[] {
  const loose = [...value.matchAll(/\b(?:file)?name\*?\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]*))/gi)]
  return [
    parameters.get('name') ?? '',
    parameters.get('filename') ?? '',
    ...loose.map(([, quoted, bare = '']) => decodeText(quoted === undefined ? bare : quoted.replace(/\\(.)/g, '$1'))),
  ]
}
