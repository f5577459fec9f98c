/**
 * A message on its way from the socket to the session: decoded, measured, and given on as a stream that ends only when all of it came and
 * all of it was sound. A message that breaks a rule is still read to its end, so that no part of it is taken for commands, and refused then.
 */
import { Readable } from 'node:stream'
import type { Reply } from '../mail/reply.ts'
import { DataDecoder } from './smtp-data.ts'
import { type Answer, smtpReply } from './smtp-session.ts'

/** What the stream keeps for a slow reader before the socket is paused. */
const BUFFERED = 64 * 1024
const BARE_LINE_END = smtpReply(550, '5.6.11', 'Bare CR or LF in the message: lines must end in CRLF')
const TOO_LARGE = smtpReply(552, '5.3.4', 'Message is larger than this server takes')

export class IncomingMessage {
  /** The reader lags: take no more until `onRoom` was called. */
  isFull = false
  readonly #decoder = new DataDecoder()
  readonly #maxBytes: number
  readonly #body: Readable
  readonly #answer: Promise<Reply>
  #refusal: Reply | undefined

  /** @param read the session's own reader of the message */
  constructor(read: (body: Readable) => Answer, maxBytes: number, onRoom: () => void) {
    this.#maxBytes = maxBytes
    const makeRoom = (): void => {
      if (!this.isFull) return
      this.isFull = false
      onRoom()
    }
    this.#body = new Readable({
      highWaterMark: BUFFERED,
      read: makeRoom,
      // Whoever gives up reading must not keep us from finding the end.
      destroy: (error, done) => {
        done(error)
        makeRoom()
      },
    })
    this.#body.on('error', () => {})
    try {
      this.#answer = Promise.resolve(read(this.#body))
    } catch (thrown) {
      this.#answer = Promise.reject(thrown)
    }
    // Answered early: the rest is thrown away. A failure is dealt with when the message has ended.
    const discard = (): unknown => this.#body.destroy()
    this.#answer.then(discard, discard)
  }

  get hasEnded(): boolean {
    return this.#decoder.ended
  }

  /** @returns how many octets of `chunk` were the message's */
  take(chunk: Buffer): number {
    const body = this.#body
    const decoder = this.#decoder
    const taken = decoder.take(chunk, part => {
      if (!body.destroyed && !body.push(part)) this.isFull = true
    })
    if (this.#refusal === undefined) {
      if (decoder.hasBareLineEnd) this.#refusal = BARE_LINE_END
      else if (decoder.size > this.#maxBytes) this.#refusal = TOO_LARGE
      if (this.#refusal !== undefined) this.abandon(this.#refusal.lines.join(' '))
    }
    if (!decoder.ended) return taken
    this.isFull = false
    body.push(null)
    return taken
  }

  /** The reply to the whole message, once it has ended: our own refusal goes before the session's answer. */
  answer(): Promise<Reply> {
    const refusal = this.#refusal
    if (refusal === undefined) return this.#answer
    return this.#answer.then(
      () => refusal,
      () => refusal,
    )
  }

  /** The reader gets an error instead of an end. */
  abandon(reason: string): void {
    this.isFull = false
    this.#body.destroy(new Error(reason))
  }
}
