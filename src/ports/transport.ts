/** Handing a message to one host over SMTP. What the host said is a value; only a bug or an abort throws. */
import type { FinalMessage } from '../mail/body.ts'
import type { Outcome } from '../mail/outcome.ts'

/** One host to try: an address of an MX, of a domain without MX, of a smarthost, or a door of the lab. */
export interface Hop {
  readonly hostName: string
  /** An IP literal. */
  readonly address: string
  readonly port: number
  /** `lab`: a receiver on loopback that the lab opens on demand; every hop in lab mode, and the simulator's in any mode. */
  readonly via: 'lab' | 'network'
  /** `opportunistic` falls back to clear after a failed handshake; `required` and `implicit` never do and verify the certificate. */
  readonly tls: 'opportunistic' | 'required' | 'implicit'
  /** Smarthosts only. */
  readonly auth?: { readonly user: string; readonly password: string }
}

export interface Delivery {
  readonly messageId: string
  readonly envelopeFrom: string
  /** At most 50, all of one next hop. */
  readonly recipients: readonly string[]
  readonly message: FinalMessage
  /** Octets above 127 in header or body: needs 8BITMIME. */
  readonly eightBit: boolean
  /** The name for EHLO. */
  readonly helloName: string
}

export interface HopResult {
  /** `unreachable`: no session came about, or it ended before any recipient was answered for; try the next host. */
  readonly kind: 'session' | 'unreachable'
  /** One per recipient in their order; for `unreachable` each is the outcome to record when no further host is left. */
  readonly outcomes: readonly Outcome[]
  /** SMTP lines with direction and offset in ms, secrets masked: `> EHLO mta.example`, `< 250 …`, `* TLSv1.3 …`. */
  readonly transcript: readonly string[]
}

export interface Transport {
  attempt(hop: Hop, delivery: Delivery, signal?: AbortSignal): Promise<HopResult>
  close(): Promise<void>
}
