// The mixed load of a soak, and the ledger of it: what was offered, what was answered, what arrived. A message is a number, so that hours of
// them fit into little memory.
import { bodyOf, contentOf, hashOf } from './client.mjs'
import { randomOf } from './random.mjs'

/** Octets, and where their share of all messages ends. */
const SIZES = [
  { upTo: 0.7, low: 1_000, high: 4_000 },
  { upTo: 0.9, low: 4_000, high: 100_000 },
  { upTo: 0.985, low: 100_000, high: 1_000_000 },
  { upTo: 1, low: 1_000_000, high: 5_000_000 },
]
const BODIES_OF_EACH = 8
const FATES = [...Array(90).fill('ok'), 'slow', 'slow', 'slow', 'slow', 'later', 'later', 'later', 'no', 'no', 'no']
const MOST = 8_000_000

export class Traffic {
  accepted = 0
  delivered = 0
  octets = 0
  sink
  #random = randomOf(1)
  #number = 0
  #refused = 0
  #silent = 0
  #duplicates = 0
  #damaged = 0
  #bounces = 0
  /** For each number how often it arrived, and whether it was to. */
  #arrived = new Uint8Array(MOST)
  #expected = new Uint8Array(MOST)
  #pools = SIZES.map(({ upTo, low, high }) => ({
    upTo,
    bodies: Array.from({ length: BODIES_OF_EACH }, () => {
      const body = bodyOf(this.#random.between(low, high), this.#random)
      return { body, sha256: hashOf(body) }
    }),
  }))
  /** @type {import('./sink.mjs').Watch} */
  watch = { replyAfterMs: 0, onDot: () => {}, onTaken: recipients => this.#taken(recipients) }

  next() {
    this.#number += 1
    const random = this.#random
    const drawn = random.next()
    const pool = this.#pools.find(({ upTo }) => drawn < upTo) ?? this.#pools[0]
    const { body, sha256 } = random.pick(pool.bodies)
    const name = `m${this.#number}`
    const fate = random.pick(FATES)
    const recipients = [`${name}-${fate}@${random.pick(['one', 'two', 'three', 'four'])}.example`]
    const message = {
      name,
      number: this.#number,
      fateOfRecipient: fate,
      from: `back+${name}@shop.example`,
      recipients,
      size: body.length,
      fate: 'unsent',
      answer: '',
    }
    return { message, content: contentOf(message, body, sha256) }
  }

  answered({ number, fate, fateOfRecipient, size }) {
    if (fate !== 'accepted') {
      this.#refused += 1
      return
    }
    this.accepted += 1
    this.octets += size
    if (fateOfRecipient === 'no') this.#bounces += 1
    else this.#expected[number] = 1
  }

  silent() {
    this.#silent += 1
  }

  #taken(recipients) {
    for (const address of recipients) {
      const { copies } = this.sink.of(address)
      const copy = copies.at(-1)
      if (copy?.intact === false) this.#damaged += 1
      // Kept until the sink has told: it remembers deferred ones by their attempts.
      this.sink.drop(address)
      const number = /^m(\d+)-/.exec(address)?.[1]
      if (number === undefined) continue
      this.delivered += 1
      this.#arrived[number] += 1
      if (this.#arrived[number] > 1) this.#duplicates += 1
    }
  }

  totals() {
    let missing = 0
    for (let i = 1; i <= this.#number; i += 1) if (this.#expected[i] === 1 && this.#arrived[i] === 0) missing += 1
    return {
      offered: this.#number,
      accepted: this.accepted,
      octets: this.octets,
      refused: this.#refused,
      silent: this.#silent,
      delivered: this.delivered,
      bounces: this.#bounces,
      duplicates: this.#duplicates,
      damaged: this.#damaged,
      missing,
    }
  }
}
