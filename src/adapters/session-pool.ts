/**
 * SMTP sessions that rest between two messages for the same next hop, so that the second one needs no connection, greeting, TLS or login.
 *
 * A session is handed out to one attempt at a time, the one used last first. It leaves the pool, with QUIT, after a few seconds without
 * work, when there are too many, or after its share of messages; and without a word when the peer ends it. A resting session keeps no
 * process alive.
 */
import type { DeadlineClock, Timed } from '../wire/deadline-clock.ts'
import type { SmtpClient } from '../wire/smtp-client.ts'

export interface PoolLimits {
  /** Rest after which a session is ended. Postfix waits 2 s; a host that is asked to hold idle sessions for long may hang up on us. */
  readonly idleMs: number
  /** Messages on one session. */
  readonly messages: number
  /** Resting sessions of one hop. */
  readonly perHop: number
  /** Resting sessions of all hops. */
  readonly total: number
}

export const DEFAULT_POOL_LIMITS: PoolLimits = { idleMs: 3_000, messages: 100, perHop: 32, total: 128 }

export interface Session {
  readonly client: SmtpClient
  /** Where the connection really went. */
  readonly address: string
  /** Attempts it has served so far. */
  served: number
}

interface Resting extends Timed {
  readonly key: string
  readonly session: Session
}

export class SessionPool {
  readonly #limits: PoolLimits
  readonly #clock: DeadlineClock
  /** By what makes two sessions alike; the one used last at the end. */
  readonly #byKey = new Map<string, Resting[]>()
  /** In the order in which they came to rest. */
  readonly #all = new Set<Resting>()
  #isClosed = false

  constructor(clock: DeadlineClock, limits: PoolLimits) {
    this.#clock = clock
    this.#limits = limits
  }

  /** A session that rests under this key; it no longer belongs to the pool. */
  take(key: string): Session | undefined {
    const resting = this.#byKey.get(key)?.at(-1)
    if (!resting) return undefined
    this.#forget(resting)
    return resting.session
  }

  /** After an attempt: the session rests if it can, or is ended. @param share messages on it, where the peer bears fewer than our limit */
  give(key: string, session: Session, share = Infinity): void {
    session.served += 1
    const { client } = session
    if (this.#isClosed || !client.canContinue || session.served >= Math.min(this.#limits.messages, share)) {
      client.quit()
      return
    }
    const resting: Resting = {
      key,
      session,
      deadlineAt: performance.now() + this.#limits.idleMs,
      expire: () => this.#end(resting),
    }
    const alike = this.#byKey.get(key)
    if (alike) alike.push(resting)
    else this.#byKey.set(key, [resting])
    this.#all.add(resting)
    this.#clock.watch(resting)
    client.connection.rest(() => this.#forget(resting))
    this.#shrink(resting)
  }

  /** Ends every session that rests under this key: one of them was found dead. */
  drop(key: string): void {
    for (const resting of [...(this.#byKey.get(key) ?? [])]) this.#end(resting)
  }

  /** Says QUIT to every resting session, and to each one that is given back later. */
  close(): void {
    this.#isClosed = true
    for (const resting of this.#all) this.#end(resting)
  }

  #shrink({ key }: Resting): void {
    const [oldestAlike] = (this.#byKey.get(key)?.length ?? 0) > this.#limits.perHop ? (this.#byKey.get(key) ?? []) : []
    if (oldestAlike) this.#end(oldestAlike)
    const [oldest] = this.#all.size > this.#limits.total ? this.#all : []
    if (oldest) this.#end(oldest)
  }

  #end(resting: Resting): void {
    this.#forget(resting)
    resting.session.client.quit()
  }

  #forget(resting: Resting): void {
    this.#all.delete(resting)
    this.#clock.forget(resting)
    const alike = this.#byKey.get(resting.key) ?? []
    const at = alike.lastIndexOf(resting)
    if (at !== -1) alike.splice(at, 1)
    if (alike.length === 0) this.#byKey.delete(resting.key)
  }
}
