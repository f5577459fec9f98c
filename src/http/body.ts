/**
 * Reading the body of a request, all of it bounded: octets as they come, what they unpack to, how deep and how many the values of its JSON
 * are, and what all requests hold at once. Large base64 texts, which are nearly all of a large request, stay octets: they are decoded when
 * they are read. RFC 9110 §8.4 (content codings).
 */
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { createGunzip, createInflate, type Gunzip, type Inflate } from 'node:zlib'
import { RequestFault, serializationFault } from './faults.ts'
import type { HttpRequest } from './route.ts'

/** A message of 40 MB in base64, and what stands around it. */
const MAX_BODY_BYTES = 60 * 1024 * 1024
/** Requests larger than this share `MAX_HELD_BYTES`. */
const SMALL_BYTES = 256 * 1024
const MAX_HELD_BYTES = 256 * 1024 * 1024
const MAX_DEPTH = 64
/** Fifty entries of a bulk request with fifty addresses each are some thousand. */
const MAX_VALUES = 200_000
/** From this length on a base64 text is taken out of the JSON. */
const LARGE_TEXT = 64 * 1024

export interface Body {
  readonly octets: Buffer
  /** Lower-case hexadecimal SHA-256 of the body as it came. */
  readonly sha256: string
  /** To be called when the octets are needed no more. */
  release(): void
}

/** Of all doors of the process. */
let held = 0

/** @throws RequestFault: too large, an unknown coding, too much in hand already */
export async function readBody({ stream, headers }: HttpRequest): Promise<Body> {
  const declared = Number(headers['content-length'] ?? 0)
  if (declared > MAX_BODY_BYTES) throw tooLarge()
  let mine = 0
  const hold = (length: number): void => {
    const more = length > SMALL_BYTES ? length - mine : 0
    if (more <= 0) return
    if (held + more > MAX_HELD_BYTES) throw busy()
    held += more
    mine += more
  }
  const release = (): void => {
    held -= mine
    mine = 0
  }
  const hash = createHash('sha256')
  let came = 0
  const see = (chunk: Buffer): void => {
    hash.update(chunk)
    came += chunk.length
  }
  try {
    hold(declared)
    const unpack = unpacker(headers['content-encoding'])
    stream.on('data', see)
    stream.pause()
    // Giving up reading is no reason to break off the connection: there is an answer to come.
    const chunks = unpack === undefined ? stream.iterator({ destroyOnReturn: false }) : into(stream, unpack)
    const octets = await collect(chunks, unpack === undefined ? declared : 0, hold)
    // An unpacker ends where its data end, whatever stands behind them.
    if (unpack !== undefined && (!stream.readableEnded || unpack.bytesWritten !== came)) throw unreadable()
    return { octets, sha256: hash.digest('hex'), release }
  } catch (error) {
    release()
    throw error
  } finally {
    stream.off('data', see)
  }
}

/** @returns undefined for a body that is not packed @throws RequestFault: an unknown coding */
function unpacker(coding: string | undefined): Gunzip | Inflate | undefined {
  const name = coding?.trim().toLowerCase() ?? 'identity'
  if (name === 'identity' || name === '') return undefined
  if (name === 'gzip' || name === 'x-gzip') return createGunzip()
  if (name === 'deflate') return createInflate()
  throw new RequestFault({ status: 415, type: 'BadRequestException', message: 'Content-Encoding must be gzip, deflate or identity' })
}

function into(stream: Readable, unpack: Gunzip | Inflate): Readable {
  stream.on('error', error => unpack.destroy(error))
  return stream.pipe(unpack)
}

/** @param expected octets, to be taken at once; 0: unknown */
async function collect(chunks: AsyncIterable<Buffer>, expected: number, hold: (length: number) => void): Promise<Buffer> {
  let store = Buffer.allocUnsafeSlow(Math.max(expected, 4_096))
  let length = 0
  try {
    for await (const chunk of chunks) {
      const needed = length + chunk.length
      if (needed > MAX_BODY_BYTES) throw tooLarge()
      if (needed > store.length) {
        const size = Math.min(MAX_BODY_BYTES, Math.max(2 * store.length, needed))
        hold(size)
        const larger = Buffer.allocUnsafeSlow(size)
        store.copy(larger, 0, 0, length)
        store = larger
      }
      chunk.copy(store, length)
      length = needed
    }
  } catch (error) {
    if (error instanceof RequestFault) throw error
    throw unreadable()
  }
  return store.subarray(0, length)
}

const unreadable = (): RequestFault => serializationFault('The body could not be read')
const tooLarge = (): RequestFault =>
  new RequestFault({ status: 413, type: 'BadRequestException', message: 'The request is larger than 60 MB' })
const busy = (): RequestFault =>
  new RequestFault({ status: 429, type: 'TooManyRequestsException', message: 'Too many large requests at once' })

/** A base64 text that was left where it stands in the body. */
export class LargeText {
  readonly #base64: Buffer

  constructor(base64: Buffer) {
    this.#base64 = base64
  }

  /** Octets that it decodes to, nearly. */
  get length(): number {
    return Math.floor((this.#base64.length * 3) / 4)
  }

  text(): string {
    return this.#base64.toString('latin1')
  }

  /** Decoded at once. */
  bytes(): Buffer {
    return Buffer.from(this.text(), 'base64')
  }

  /** Decoded, piece by piece. */
  open(): Readable {
    return Readable.from(pieces(this.#base64), { objectMode: false, highWaterMark: PIECE })
  }
}

/** Characters decoded at once; a multiple of four. */
const PIECE = 64 * 1024

function* pieces(base64: Buffer): Generator<Buffer> {
  for (let at = 0; at < base64.length; at += PIECE) yield Buffer.from(base64.toString('latin1', at, at + PIECE), 'base64')
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPENING = new Set([0x5b, 0x7b])
const CLOSING = new Set([0x5d, 0x7d])
const COMMA = 0x2c

/** Any JSON value, with large base64 texts as `LargeText`. @throws RequestFault SerializationException */
export function parseJson(octets: Buffer): unknown {
  const { json, large } = withoutLargeTexts(octets)
  try {
    return large.length === 0
      ? JSON.parse(json)
      : JSON.parse(json, (_, value: unknown) =>
          typeof value === 'string' && value.startsWith(MARK) ? (large[Number(value.slice(MARK.length))] ?? value) : value,
        )
  } catch {
    throw serializationFault('The body is not JSON')
  }
}

/** Stands for a large text. A client that writes it itself writes a text that no member may have. */
const MARK = '\u0000large:'

function withoutLargeTexts(octets: Buffer): { readonly json: string; readonly large: readonly LargeText[] } {
  const large: LargeText[] = []
  const kept: Buffer[] = []
  let from = 0
  let depth = 0
  let values = 0
  for (let at = 0; at < octets.length; at += 1) {
    const octet = octets[at] ?? 0
    if (octet === QUOTE) {
      const end = endOfText(octets, at + 1)
      const text = octets.subarray(at + 1, end)
      if (text.length >= LARGE_TEXT && isBase64(text)) {
        kept.push(octets.subarray(from, at), Buffer.from(JSON.stringify(MARK + large.length)))
        large.push(new LargeText(text))
        from = end + 1
      }
      at = end
    } else if (octet === COMMA) values += 1
    else if (OPENING.has(octet)) {
      values += 1
      depth += 1
    } else if (CLOSING.has(octet)) depth -= 1
    if (depth > MAX_DEPTH || values > MAX_VALUES) throw serializationFault('The body is nested too deeply or has too many values')
  }
  kept.push(octets.subarray(from))
  return { json: (kept.length === 1 ? (kept[0] ?? octets) : Buffer.concat(kept)).toString('utf8'), large }
}

/** The position of the quote that ends it; of the end of the body when there is none. */
function endOfText(octets: Buffer, from: number): number {
  for (let end = octets.indexOf(QUOTE, from); end >= 0; end = octets.indexOf(QUOTE, end + 1)) {
    let backslashes = 0
    while (octets[end - 1 - backslashes] === BACKSLASH && end - 1 - backslashes >= from) backslashes += 1
    if (backslashes % 2 === 0) return end
  }
  return octets.length
}

function isBase64(text: Buffer): boolean {
  const padding = text.at(-1) === 0x3d ? (text.at(-2) === 0x3d ? 2 : 1) : 0
  if (text.length % 4 !== 0) return false
  for (let at = 0; at < text.length - padding; at += 1) if (BASE64[text[at] ?? 0] !== 1) return false
  return true
}

const BASE64 = new Uint8Array(256)
for (const character of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/') BASE64[character.charCodeAt(0)] = 1
