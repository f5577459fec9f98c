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

const LF = 0x0a
const NOTHING = Buffer.alloc(0)

export class ReplyParser {
  #rest: Buffer = NOTHING
  #code = 0
  #lines: string[] = []

  /** Whether octets were taken that no finished reply accounts for. */
  get hasPartial(): boolean {
    return this.#rest.length > 0 || this.#lines.length > 0
  }

  /** @returns the replies that this chunk completes  @throws SessionBroken protocol */
  push(chunk: Buffer): Reply[] {
    const replies: Reply[] = []
    const data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    let start = 0
    for (let end = data.indexOf(LF); end !== -1; end = data.indexOf(LF, start)) {
      const reply = this.#line(data.subarray(start, end))
      if (reply) replies.push(reply)
      start = end + 1
    }
    if (data.length - start > MAX_REPLY_LINE) throw new SessionBroken('protocol', `a reply line is longer than ${MAX_REPLY_LINE} octets`)
    this.#rest = start === data.length ? NOTHING : Buffer.from(data.subarray(start))
    return replies
  }

  #line(octets: Buffer): Reply | undefined {
    if (octets.length > MAX_REPLY_LINE) throw new SessionBroken('protocol', `a reply line is longer than ${MAX_REPLY_LINE} octets`)
    const line = octets.toString('utf8').replace(/\r$/, '')
    const match = /^([2-5]\d\d)(?:([ -])(.*))?$/s.exec(line)
    if (!match) throw new SessionBroken('protocol', `'${line.slice(0, 80)}' is not an SMTP reply`)
    const code = Number(match[1])
    if (this.#lines.length > 0 && code !== this.#code) throw new SessionBroken('protocol', `one reply has codes ${this.#code} and ${code}`)
    this.#code = code
    this.#lines.push(match[3] ?? '')
    if (match[2] === '-') {
      if (this.#lines.length >= MAX_REPLY_LINES) throw new SessionBroken('protocol', `a reply has more than ${MAX_REPLY_LINES} lines`)
      return undefined
    }
    const lines = this.#lines
    this.#lines = []
    return replyOf(code, lines)
  }
}
