/**
 * What a received message is: who, what, which files. Reads any octets and never throws on their account; what is malformed is read as
 * far as it goes. Streams: attachments are hashed and not kept; header, text, nesting and number of parts are bounded. RFC 5322, RFC
 * 2045 to 2049, RFC 2183, RFC 2231.
 */
import { createHash, type Hash } from 'node:crypto'
import { decodeCharset } from './charset.ts'
import { parseStructured } from './content-type.ts'
import { decodeText } from './encoded-word.ts'
import { MessageLines } from './message-lines.ts'
import { type Decoder, decoderFor } from './transfer-encoding.ts'

export interface ParsedAttachment {
  /** Null when the message gives it none. */
  readonly name: string | null
  /** Lower case, without parameters. */
  readonly type: string
  /** Octets, decoded. */
  readonly sizeBytes: number
  /** Hexadecimal, of the decoded octets. */
  readonly sha256: string
  readonly disposition: 'attachment' | 'inline' | null
  /** Without angle brackets. */
  readonly contentId: string | null
}

export interface ParsedMessage {
  readonly subject: string
  /** Addresses without display names, groups resolved. */
  readonly from: readonly string[]
  readonly to: readonly string[]
  readonly cc: readonly string[]
  /** Every text/plain part that is no attachment, in order; null without any. */
  readonly text: string | null
  readonly html: string | null
  readonly attachments: readonly ParsedAttachment[]
  /** Fields of the message in order: names as written, values unfolded and decoded. */
  readonly fields: readonly (readonly [name: string, value: string])[]
  /** A limit was reached, and something was left out. */
  readonly truncated: boolean
}

const MAX_DEPTH = 50
const MAX_PARTS = 2_000
const MAX_PART_HEADER = 256 * 1024
const MAX_TEXT = 16 * 1024 * 1024

/** Fields of one part, values as latin1. */
type Fields = readonly (readonly [name: string, value: string])[]

interface Leaf {
  readonly decoder: Decoder
  write(octets: Buffer): void
  end(): void
}

/** Takes an attachment's decoded octets as they are read. */
export interface AttachmentSink {
  write(octets: Buffer): void
  end(): void
}

/** Called once for each attachment, in the order of `attachments`; undefined leaves it alone. */
export type OnAttachment = (facts: Omit<ParsedAttachment, 'sha256' | 'sizeBytes'>) => AttachmentSink | undefined

/** @throws what `onAttachment` and its sinks throw; never because of the message */
export async function parseMessage(
  source: AsyncIterable<Uint8Array | string>,
  onAttachment: OnAttachment = () => undefined,
): Promise<ParsedMessage> {
  const reader = new MessageReader(onAttachment)
  const lines = new MessageLines()
  for await (const chunk of source) {
    for (const line of lines.push(
      typeof chunk === 'string' ? Buffer.from(chunk) : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength),
    )) {
      reader.line(line)
    }
  }
  for (const line of lines.end()) reader.line(line)
  return reader.result()
}

interface Multipart {
  readonly boundary: string
  /** Type of parts that name none. RFC 2046 §5.1.5. */
  readonly defaultType: string
}

/** The state between two lines. */
class MessageReader {
  private readonly stack: Multipart[] = []
  private state: 'header' | 'body' | 'outside' = 'header'
  private header: string[] = []
  private headerOctets = 0
  private readonly root: Fields[] = []
  private defaultType = 'text/plain'
  private parts = 0
  private leaf: Leaf | undefined
  /** Waits for the next line: the line end before a boundary belongs to the boundary. */
  private held: Buffer | undefined
  private readonly texts: Record<'plain' | 'html', string[]> = { plain: [], html: [] }
  private readonly attachments: ParsedAttachment[] = []
  private textOctets = 0
  private truncated = false
  private readonly onAttachment: OnAttachment

  constructor(onAttachment: OnAttachment) {
    this.onAttachment = onAttachment
  }

  line(line: Buffer): void {
    if (this.stack.length > 0 && line[0] === 45 && line[1] === 45 && this.atBoundary(line)) return
    if (this.state === 'header') this.headerLine(line)
    else if (this.state === 'body' && this.leaf !== undefined) this.bodyLine(this.leaf, line)
  }

  async result(): Promise<ParsedMessage> {
    if (this.state === 'header' && this.header.length > 0) this.endHeader()
    this.endLeaf(this.held)
    const fields = this.root[0] ?? []
    const addresses = (name: string) => addressesOf(fields.filter(([found]) => found.toLowerCase() === name).map(([, value]) => value))
    const text = (parts: readonly string[]) => (parts.length === 0 ? null : parts.join('\n'))
    return {
      subject: decodeText(firstValue(fields, 'subject')),
      from: await addresses('from'),
      to: await addresses('to'),
      cc: await addresses('cc'),
      text: text(this.texts.plain),
      html: text(this.texts.html),
      attachments: this.attachments,
      fields: fields.map(([name, value]) => [name, decodeText(value)] as const),
      truncated: this.truncated,
    }
  }

  private atBoundary(line: Buffer): boolean {
    const text = line.toString('latin1').trimEnd()
    for (let level = this.stack.length - 1; level >= 0; level -= 1) {
      const boundary = this.stack[level]?.boundary ?? ''
      const closes = text === `--${boundary}--`
      if (!closes && text !== `--${boundary}`) continue
      if (this.state === 'header' && this.header.length > 0) this.endHeader()
      this.endLeaf(this.held === undefined ? undefined : withoutLineEnd(this.held))
      this.stack.length = closes ? level : level + 1
      this.defaultType = this.stack.at(-1)?.defaultType ?? 'text/plain'
      this.state = closes ? 'outside' : 'header'
      return true
    }
    return false
  }

  private headerLine(line: Buffer): void {
    const text = line.toString('latin1').replace(/\r?\n$/, '')
    if (text === '' || (text.trim() === '' && this.header.length === 0)) {
      if (this.header.length > 0 || this.root.length > 0 || text === '') this.endHeader()
      return
    }
    this.headerOctets += line.length
    if (this.headerOctets > MAX_PART_HEADER) {
      this.truncated = true
      return
    }
    this.header.push(text)
  }

  private endHeader(): void {
    const fields = readFields(this.header)
    this.header = []
    this.headerOctets = 0
    if (this.root.length === 0) this.root.push(fields)
    this.state = 'body'
    this.held = undefined
    this.parts += 1
    if (this.parts > MAX_PARTS) {
      this.truncated = true
      this.state = 'outside'
      return
    }
    const declared = parseStructured(firstValue(fields, 'content-type'))
    const type = /^[^/]+\/[^/]+$/.test(declared.value) ? declared.value : declared.value === 'text' ? 'text/plain' : this.defaultType
    const boundary = declared.parameters.get('boundary')?.trimEnd() ?? ''
    if (type.startsWith('multipart/') && boundary !== '') {
      this.state = 'outside'
      if (this.stack.length < MAX_DEPTH) {
        this.defaultType = type === 'multipart/digest' ? 'message/rfc822' : 'text/plain'
        this.stack.push({ boundary, defaultType: this.defaultType })
      } else this.truncated = true
      return
    }
    // The machine's half of a report is no file; `dsn.ts` reads it.
    if (type === 'message/delivery-status') this.state = 'outside'
    else this.leaf = this.openLeaf(fields, type, declared.parameters)
  }

  private openLeaf(fields: Fields, type: string, parameters: ReadonlyMap<string, string>): Leaf {
    const disposition = parseStructured(firstValue(fields, 'content-disposition'))
    const name = disposition.parameters.get('filename') ?? parameters.get('name') ?? null
    const decoder = decoderFor(parseStructured(firstValue(fields, 'content-transfer-encoding')).value)
    const kind = type === 'text/html' ? 'html' : type === 'text/plain' || type.startsWith('multipart/') ? 'plain' : undefined
    if (kind !== undefined && disposition.value !== 'attachment') return this.textLeaf(kind, decoder, parameters.get('charset') ?? '')
    return this.attachmentLeaf(decoder, {
      name: name === '' ? null : name,
      type,
      disposition: disposition.value === 'attachment' || disposition.value === 'inline' ? disposition.value : null,
      contentId: /<?([^<>]+)>?/.exec(firstValue(fields, 'content-id').trim())?.[1]?.trim() ?? null,
    })
  }

  private textLeaf(kind: 'plain' | 'html', decoder: Decoder, charset: string): Leaf {
    const octets: Buffer[] = []
    return {
      decoder,
      write: chunk => {
        this.textOctets += chunk.length
        if (this.textOctets <= MAX_TEXT) octets.push(chunk)
        else this.truncated = true
      },
      end: () => this.texts[kind].push(decodeCharset(Buffer.concat(octets), charset).replace(/\r\n/g, '\n')),
    }
  }

  private attachmentLeaf(decoder: Decoder, facts: Omit<ParsedAttachment, 'sha256' | 'sizeBytes'>): Leaf {
    const hash: Hash = createHash('sha256')
    const sink = this.onAttachment(facts)
    let sizeBytes = 0
    return {
      decoder,
      write: chunk => {
        hash.update(chunk)
        sink?.write(chunk)
        sizeBytes += chunk.length
      },
      end: () => {
        sink?.end()
        this.attachments.push({ ...facts, sizeBytes, sha256: hash.digest('hex') })
      },
    }
  }

  private bodyLine(leaf: Leaf, line: Buffer): void {
    if (this.held !== undefined) leaf.write(leaf.decoder.line(this.held))
    this.held = line
  }

  private endLeaf(last: Buffer | undefined): void {
    if (this.leaf === undefined) return
    if (last !== undefined) this.leaf.write(this.leaf.decoder.line(last))
    this.leaf.write(this.leaf.decoder.end())
    this.leaf.end()
    this.leaf = undefined
    this.held = undefined
  }
}

const withoutLineEnd = (line: Buffer): Buffer => {
  if (line.at(-1) !== 10) return line
  return line.subarray(0, line.at(-2) === 13 ? -2 : -1)
}

const firstValue = (fields: Fields, name: string): string => fields.find(([found]) => found.toLowerCase() === name)?.[1] ?? ''

/** Lines that are neither fields nor their continuation are passed over. */
function readFields(lines: readonly string[]): Fields {
  const fields: [name: string, value: string][] = []
  for (const line of lines) {
    const last = fields.at(-1)
    const colon = line.indexOf(':')
    if (/^[ \t]/.test(line) && last !== undefined) last[1] += line
    else if (colon > 0 && /^[!-9;-~]+[ \t]*$/.test(line.slice(0, colon)))
      fields.push([line.slice(0, colon).trimEnd(), line.slice(colon + 1)])
  }
  return fields.map(([name, value]) => [name, value.trim()] as const)
}

async function addressesOf(values: readonly string[]): Promise<string[]> {
  const { default: addressparser } = await import('nodemailer/lib/addressparser')
  return values.flatMap(value =>
    addressparser(value, { flatten: true })
      .map(({ address }) => decodeText(address))
      .filter(address => address !== ''),
  )
}
