/**
 * Who may be heard before he has logged in, and how often he may try. One for all SMTP doors of a process: clients that have shown nothing
 * yet are few at a time, and each has little time; an address that fails too often within a minute is not listened to until it is over.
 * SES facts: smtp, "Reply codes" and "Local defaults".
 */
import { messageOf } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { Outage } from '../base/outage.ts'
import type { Reply } from '../mail/reply.ts'
import type { Login } from '../wire/sasl.ts'
import type { SmtpPeer } from '../wire/smtp-session.ts'

export interface LoginOptions {
  /** Takes the same time whether the user or the password is wrong. Rejects when it cannot be told. */
  readonly check: (login: Login) => Promise<boolean>
  /** Whether somebody who has logged in may still send. */
  readonly isInUse: (user: string) => Promise<boolean>
  readonly log: Log
  /** Told of logins that are answered 454 through no fault of the client's, and of those that are judged. */
  readonly outage: Pick<Outage, 'failed' | 'worked'>
}

const STRANGERS = 50
const MINUTE_MS = 60_000
const FAILURES_A_MINUTE = 30
/** Addresses whose failures are remembered. */
const REMEMBERED = 10_000

export const WELCOME: Reply = { code: 235, lines: ['Authentication successful.'] }
export const INVALID: Reply = { code: 535, lines: ['Authentication Credentials Invalid'] }
const NOT_NOW: Reply = { code: 454, lines: ['Temporary authentication failure'] }

export class Logins {
  readonly #options: LoginOptions
  readonly #strangers = new Set<SmtpPeer>()
  /** Failed logins of this minute by address. */
  readonly #failures = new Map<string, number>()
  #minuteEnds = 0

  constructor(options: LoginOptions) {
    this.#options = options
  }

  /** @returns false when there are too many already */
  enter(peer: SmtpPeer): boolean {
    if (this.#strangers.size >= STRANGERS) return false
    this.#strangers.add(peer)
    return true
  }

  /** He is known now, or gone. */
  leave(peer: SmtpPeer): void {
    this.#strangers.delete(peer)
  }

  async login({ address }: SmtpPeer, login: Login): Promise<Reply> {
    if (this.#failuresOf(address) >= FAILURES_A_MINUTE) return NOT_NOW
    const { check, outage, log } = this.#options
    try {
      const isRight = await check(login)
      outage.worked()
      if (!isRight) this.#countFailure(address)
      return isRight ? WELCOME : INVALID
    } catch (error) {
      log('smtp', `* login failed: ${messageOf(error)}`)
      outage.failed(messageOf(error))
      return NOT_NOW
    }
  }

  isInUse(user: string): Promise<boolean> {
    return this.#options.isInUse(user)
  }

  #failuresOf(address: string): number {
    const now = performance.now()
    if (now >= this.#minuteEnds) {
      this.#failures.clear()
      this.#minuteEnds = now + MINUTE_MS
    }
    return this.#failures.get(address) ?? 0
  }

  #countFailure(address: string): void {
    const failures = this.#failuresOf(address)
    if (failures > 0 || this.#failures.size < REMEMBERED) this.#failures.set(address, failures + 1)
  }
}
