/**
 * A message as it came, header block and body apart and every octet as it was: what verifiers need. (`split.ts` is for mail that we are
 * going to send and puts line ends right; here that would break signatures.) The header block is bounded, the body flows.
 */
import type { Readable } from 'node:stream'
import { MailctlError } from '../base/errors.ts'

/** Verifiers look at foreign mail, so this is more generous than what we send. */
const MAX_HEAD_BYTES = 1024 * 1024

export interface RawMessage {
  /** With the empty line that ends it, when there is one. */
  readonly head: Buffer
  readonly body: AsyncIterable<Buffer>
}

/**
 * The caller reads `body` to its end or destroys the stream.
 * @throws MailctlError bad-data: no end of the header within 1 MB
 */
export async function readRawMessage(message: Readable): Promise<RawMessage> {
  const chunks: AsyncIterator<Buffer> = message[Symbol.asyncIterator]()
  const seen: Buffer[] = []
  let length = 0
  let tail = ''
  for (;;) {
    const { value, done } = await chunks.next()
    if (done) return { head: Buffer.concat(seen), body: rest([]) }
    const chunk = Buffer.from(value)
    // The end may lie across chunks: at most three octets of it are behind us.
    const window = tail + chunk.toString('latin1')
    const end = endOfHead(window, length === 0)
    if (end >= 0) {
      const cut = end - tail.length
      return { head: Buffer.concat([...seen, chunk.subarray(0, cut)]), body: rest([chunk.subarray(cut)], chunks) }
    }
    seen.push(chunk)
    length += chunk.length
    tail = window.slice(-3)
    if (length > MAX_HEAD_BYTES) {
      throw new MailctlError('bad-data', 'The header is larger than 1 MB', {
        hint: 'An empty line must end the header; is this a mail message?',
      })
    }
  }
}

/** Where the body begins, -1 when that is not in the text yet. */
function endOfHead(text: string, isStart: boolean): number {
  const leading = isStart ? /^\r?\n/.exec(text) : null
  if (leading) return leading[0].length
  const match = /\n\r?\n/.exec(text)
  return match ? match.index + match[0].length : -1
}

async function* rest(first: readonly Buffer[], chunks?: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield* first
  if (chunks) yield* { [Symbol.asyncIterator]: () => chunks }
}
