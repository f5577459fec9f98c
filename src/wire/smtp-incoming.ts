/**
 * A message on its way from the socket to the session: decoded, measured, and given on whole when it is small and the session takes it so,
 * else as a stream that ends only when all of it came and all of it was sound. A message that breaks a rule is still read to its end, so
 * that no part of it is taken for commands, and refused then; but not for ever.
 */
import { Readable } from 'node:stream'
import type { Reply } from '../mail/reply.ts'
import { ChunkDecoder } from './smtp-chunks.ts'
import { type CollectingRoom, Collector } from './smtp-collector.ts'
import { DataDecoder } from './smtp-data.ts'
import type { Phrases } from './smtp-phrases.ts'
import type { Answer, SmtpSession } from './smtp-session.ts'

/** What the stream keeps for a slow reader before the socket is paused. */
const BUFFERED = 64 * 1024

export interface IncomingOptions {
  /** Comes after BDAT, not DATA. */
  readonly chunked?: true
  readonly maxBytes: number
  readonly phrases: Phrases
  readonly room: CollectingRoom
  /** The reader has caught up: `isFull` is false again. */
  readonly onRoom: () => void
}

export class IncomingMessage {
  /** The reader lags: take no more until `onRoom` was called. */
  isFull = false
  readonly #decoder: DataDecoder | ChunkDecoder
  readonly #session: SmtpSession
  readonly #options: IncomingOptions
  /** What is collected stays accounted for until the reader of the stream, or the session, is done with it. */
  #collector: Collector | undefined
  #streamed: Streamed | undefined
  #refusal: Reply | undefined
  #came = 0

  constructor(session: SmtpSession, options: IncomingOptions) {
    this.#session = session
    this.#options = options
    this.#decoder = options.chunked === undefined ? new DataDecoder() : new ChunkDecoder()
    if (session.whole === undefined) this.#stream()
    else this.#collector = new Collector(options.room)
  }

  get hasEnded(): boolean {
    return this.#decoder.ended
  }

  /** Twice what a message may have came, and no end: there will be none. */
  get isEndless(): boolean {
    return !this.hasEnded && this.#came > 2 * this.#options.maxBytes
  }

  /** So many octets of it follow now. */
  beginChunk(octets: number, isLast: boolean): void {
    if (this.#decoder instanceof ChunkDecoder) this.#decoder.begin(octets, isLast)
  }

  /** A chunk is there, and more may come after a command. */
  get betweenChunks(): boolean {
    return this.#decoder instanceof ChunkDecoder && this.#decoder.betweenChunks
  }

  get #longestLine(): number | undefined {
    return this.#decoder instanceof DataDecoder ? this.#decoder.longestLine : undefined
  }

  /** What breaks a rule in what came so far. */
  get refusal(): Reply | undefined {
    return this.#refusal
  }

  readonly #handOn = (part: Buffer): void => {
    if (this.#refusal !== undefined) return
    if (this.#streamed === undefined) {
      if (this.#collector?.add(part) === true) return
      this.#stream()
    }
    if (this.#streamed?.push(part) === false) this.isFull = true
  }

  /** @returns how many octets of `chunk` were the message's */
  take(chunk: Buffer): number {
    const { maxBytes, phrases } = this.#options
    const decoder = this.#decoder
    const taken = decoder.take(chunk, this.#handOn)
    this.#came += taken
    if (this.#refusal === undefined) {
      if (decoder.hasBareLineEnd) this.#refusal = phrases.bareMessageLineEnd
      else if (decoder.size > maxBytes) this.#refusal = phrases.tooLarge
      if (this.#refusal !== undefined) this.abandon(this.#refusal.lines.join(' '))
    }
    if (!decoder.ended) return taken
    this.isFull = false
    this.#streamed?.end()
    return taken
  }

  /** The reply to the whole message, asked for once, when it has ended: our own refusal goes before the session's answer. */
  answer(): Answer {
    const refusal = this.#refusal
    if (this.#streamed !== undefined) return refusal === undefined ? this.#streamed.answer : this.#streamed.settled.then(() => refusal)
    return refusal ?? this.#answerWhole()
  }

  /** The reader gets an error instead of an end. */
  abandon(reason: string): void {
    this.isFull = false
    this.#letGo()
    this.#streamed?.abandon(reason)
  }

  #answerWhole(): Answer {
    const collector = this.#collector
    this.#collector = undefined
    const octets = collector?.octets ?? Buffer.alloc(0)
    const release = (): void => collector?.release()
    let answer: Answer | undefined
    try {
      answer = this.#session.whole?.(octets, this.#longestLine) ?? this.#options.phrases.localError
    } finally {
      if (!(answer instanceof Promise)) release()
    }
    if (answer instanceof Promise) answer.then(release, release)
    return answer
  }

  /** From here on the message goes through a stream, what was collected first. */
  #stream(): void {
    const collected = this.#collector?.octets
    this.#streamed = new Streamed(this.#session, () => {
      this.#letGo()
      if (!this.isFull) return
      this.isFull = false
      this.#options.onRoom()
    })
    if (collected !== undefined && collected.length > 0 && !this.#streamed.push(collected)) this.isFull = true
  }

  #letGo(): void {
    this.#collector?.release()
    this.#collector = undefined
  }
}

/** The stream that a session reads and its answer to it. */
class Streamed {
  readonly answer: Promise<Reply>
  /** The answer or its failure is there. */
  readonly settled: Promise<void>
  readonly #body: Readable

  constructor(session: SmtpSession, onRoom: () => void) {
    this.#body = new Readable({
      highWaterMark: BUFFERED,
      read: onRoom,
      // Whoever gives up reading must not keep us from finding the end.
      destroy: (error, done) => {
        done(error)
        onRoom()
      },
    })
    this.#body.on('error', () => {})
    try {
      this.answer = Promise.resolve(session.data(this.#body))
    } catch (thrown) {
      this.answer = Promise.reject(thrown)
    }
    // Answered early: the rest is thrown away. A failure is dealt with when the message has ended.
    const discard = (): void => void this.#body.destroy()
    this.settled = this.answer.then(discard, discard)
  }

  /** @returns false when the reader lags */
  push(part: Buffer): boolean {
    return this.#body.destroyed || this.#body.push(part)
  }

  end(): void {
    this.#body.push(null)
  }

  abandon(reason: string): void {
    this.#body.destroy(new Error(reason))
  }
}
