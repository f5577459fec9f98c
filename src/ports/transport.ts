/** Handing a message to one host over SMTP. What the host said is a value; only a bug or an abort throws. */
import type { FinalMessage } from '../mail/body.ts'
import type { DaneRule } from '../mail/dane.ts'
import type { Outcome } from '../mail/outcome.ts'
import type { TlsFailure, TlsPolicyType, TlsResult } from '../mail/tls-result.ts'

/** One host to try: addresses of an MX, of a domain without MX, of a smarthost, or a door of the lab. */
export interface Hop {
  readonly hostName: string
  /** An IP literal. */
  readonly address: string
  /** Another address of the host, of the other family; both are dialled, this one a moment later. RFC 8305. */
  readonly rival?: string
  readonly port: number
  /** `lab`: a receiver on loopback that the lab opens on demand; every hop in lab mode, and the simulator's in any mode. */
  readonly via: 'lab' | 'network'
  readonly tls: TlsDemand
  /** With `dane`: the certificates that will do. */
  readonly dane?: DaneRule
  /** Where `tls` comes from. */
  readonly policy?: HopPolicy
  /** Local addresses to dial from, at most one of a family; absent: whichever the system chooses. */
  readonly source?: readonly string[]
  /** Smarthosts only. */
  readonly auth?: { readonly user: string; readonly password: string }
}

/**
 * `opportunistic`: under TLS where the host can, with any certificate, else in the clear; RFC 7435. All others never send in the clear.
 * `encrypted`: any certificate. `required`, `implicit`: one of a trusted authority for the host's name; `implicit` from the first octet.
 * `dane`: one that `Hop.dane` announces.
 */
export type TlsDemand = 'opportunistic' | 'encrypted' | 'required' | 'implicit' | 'dane'

export interface HopPolicy {
  /** The recipient domain. */
  readonly domain: string
  readonly type: TlsPolicyType
  /** For the transcript: `MTA-STS of example.com (enforce)`. */
  readonly words: string
  /** What counts in TLS reports whatever TLS does: a policy in testing that does not name the host. */
  readonly failure?: TlsFailure
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
  /** Messages that the next hop is known to bear in one session; absent: the transport's own measure. */
  readonly messagesPerSession?: number
}

export interface HopResult {
  /** `unreachable`: no session came about, or it ended before any recipient was answered for; try the next host. */
  readonly kind: 'session' | 'unreachable'
  /** One per recipient in their order; for `unreachable` each is the outcome to record when no further host is left. */
  readonly outcomes: readonly Outcome[]
  /** SMTP lines with direction and offset in ms, secrets masked: `> EHLO mta.example`, `< 250 …`, `* TLSv1.3 …`. */
  readonly transcript: readonly string[]
  /** How TLS went, whatever was demanded; absent when the session was kept from an earlier attempt or did not come so far. */
  readonly tls?: TlsResult
}

/** What a host says before there is any message. */
export interface Greeting {
  /** It would take a message now: greeting, hello, TLS as the hop demands it, and login went well. */
  readonly ready: boolean
  /** What it said last, on one line; remote text. */
  readonly reply: string
  /** As in `HopResult`. */
  readonly transcript: readonly string[]
  readonly tls?: TlsResult
}

export interface Transport {
  attempt(hop: Hop, delivery: Delivery, signal?: AbortSignal): Promise<HopResult>
  /** Opens a session, goes as far as the first message would, and says goodbye. */
  greet(hop: Hop, helloName: string, signal?: AbortSignal): Promise<Greeting>
  close(): Promise<void>
}
