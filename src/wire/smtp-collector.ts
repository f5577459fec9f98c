/**
 * A message that is small enough is kept together in memory instead of going through a stream. Memory is bounded twice: 256 KB a message,
 * and one `CollectingRoom` for all connections of a listener; what does not fit is given back, for a stream.
 */

/** The largest message that is collected. */
export const WHOLE_BYTES = 256 * 1024
/** A message in several pieces gets at least this much room: many tiny pieces cost no more than a large one. */
const FIRST_BYTES = 16 * 1024
const EMPTY = Buffer.alloc(0)

/** Octets that all connections together may hold. */
export class CollectingRoom {
  #free: number

  constructor(bytes: number) {
    this.#free = bytes
  }

  take(bytes: number): boolean {
    if (bytes > this.#free) return false
    this.#free -= bytes
    return true
  }

  give(bytes: number): void {
    this.#free += bytes
  }
}

export class Collector {
  #octets: Buffer = EMPTY
  /** Where the next piece goes; what lies beyond is free when the store is our own. */
  #length = 0
  #held = 0
  readonly #room: CollectingRoom

  constructor(room: CollectingRoom) {
    this.#room = room
  }

  /** What was collected, in one piece. */
  get octets(): Buffer {
    return this.#length === this.#octets.length ? this.#octets : this.#octets.subarray(0, this.#length)
  }

  /** @param part a view into a chunk of the socket, which is not ours to write to  @returns false when there is no room; nothing was taken */
  add(part: Buffer): boolean {
    if (this.#length === 0) return this.#addFirst(part)
    const length = this.#length + part.length
    if (length > WHOLE_BYTES) return false
    if (length > this.#held || this.#octets.length < length) {
      const larger = Math.min(WHOLE_BYTES, Math.max(FIRST_BYTES, 2 * this.#held, length))
      if (!this.#room.take(larger - this.#held)) return false
      this.#held = larger
      const store = Buffer.allocUnsafeSlow(larger)
      this.#octets.copy(store, 0, 0, this.#length)
      this.#octets = store
    }
    part.copy(this.#octets, this.#length)
    this.#length = length
    return true
  }

  /** Most messages are one piece of one chunk and are never copied. A small piece must not keep a large chunk of pipelined ones. */
  #addFirst(part: Buffer): boolean {
    if (part.length > WHOLE_BYTES || !this.#room.take(part.length)) return false
    this.#held = part.length
    this.#length = part.length
    this.#octets = part.buffer.byteLength > 4 * part.length + 1024 ? Buffer.from(part) : part
    return true
  }

  /** To be called once nobody works on the octets any more. */
  release(): void {
    this.#room.give(this.#held)
    this.#held = 0
    this.#length = 0
    this.#octets = EMPTY
  }
}
