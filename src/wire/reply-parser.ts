/**
 * SMTP replies from a stream of octets. RFC 5321 §4.2.
 *
 * Promises whole replies in order, or `SessionBroken` (protocol) at the first octet that cannot belong to one: a line without a code
 * from 200 to 599, two codes in one reply, a line above 2,048 octets, more than 128 lines. Never holds more than that. A line may end in
 * a bare LF, as some servers send it; nothing follows from it on this side.
 */
import type { Reply } from '../mail/reply.ts'
import { replyOf } from '../mail/reply.ts'
import { SessionBroken } from './session-broken.ts'

/** RFC 5321 §4.5.3.1.5 asks for 512; longer ones are seen and harmless up to here. */
export const MAX_REPLY_LINE = 2_048
export const MAX_REPLY_LINES = 128

const CR = 0x0d
const LF = 0x0a
const SPACE = 0x20
const HYPHEN = 0x2d
const ZERO = 0x30
const NOTHING = Buffer.alloc(0)

export class ReplyParser {
  #rest: Buffer = NOTHING
  #code = 0
  #lines: string[] = []

  /** Whether octets were taken that no finished reply accounts for. */
  get hasPartial(): boolean {
    return this.#rest.length > 0 || this.#lines.length > 0
  }

  /** @param heard gets each reply that this chunk completes, those before a broken one too  @throws SessionBroken protocol; what `heard` throws */
  push(chunk: Buffer, heard: (reply: Reply) => void): void {
    const data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    let start = 0
    for (let end = data.indexOf(LF); end !== -1; end = data.indexOf(LF, start)) {
      const reply = this.#line(data, start, end)
      if (reply) heard(reply)
      start = end + 1
    }
    if (data.length - start > MAX_REPLY_LINE) throw new SessionBroken('protocol', `a reply line is longer than ${MAX_REPLY_LINE} octets`)
    this.#rest = start === data.length ? NOTHING : Buffer.from(data.subarray(start))
  }

  #line(data: Buffer, start: number, lineFeed: number): Reply | undefined {
    if (lineFeed - start > MAX_REPLY_LINE) throw new SessionBroken('protocol', `a reply line is longer than ${MAX_REPLY_LINE} octets`)
    const end = lineFeed > start && data[lineFeed - 1] === CR ? lineFeed - 1 : lineFeed
    const code = codeAt(data, start, end)
    const separator = end - start > 3 ? data[start + 3] : SPACE
    if (code === undefined || (separator !== SPACE && separator !== HYPHEN))
      throw new SessionBroken('protocol', `'${data.toString('utf8', start, end).slice(0, 80)}' is not an SMTP reply`)
    if (this.#lines.length > 0 && code !== this.#code) throw new SessionBroken('protocol', `one reply has codes ${this.#code} and ${code}`)
    this.#code = code
    this.#lines.push(data.toString('utf8', start + 4, end))
    if (separator === HYPHEN) {
      if (this.#lines.length >= MAX_REPLY_LINES) throw new SessionBroken('protocol', `a reply has more than ${MAX_REPLY_LINES} lines`)
      return undefined
    }
    const lines = this.#lines
    this.#lines = []
    return replyOf(code, lines)
  }
}

/** Three digits, 200 to 599, at the start of the line. */
function codeAt(data: Buffer, start: number, end: number): number | undefined {
  if (end - start < 3) return undefined
  let code = 0
  for (let at = start; at < start + 3; at += 1) {
    const digit = (data[at] ?? 0) - ZERO
    if (digit < 0 || digit > 9) return undefined
    code = code * 10 + digit
  }
  return code >= 200 && code <= 599 ? code : undefined
}
