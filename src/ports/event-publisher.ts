/** Hands events over to the places that destinations lead to: HTTP endpoints, files, commands. */
import type { Place } from '../account/event-destination.ts'

/** What is handed over in one go. */
export interface Parcel {
  /** Without a line feed at its end; a file and a command get one. */
  readonly body: string
  /** Of an HTTP request, names in lower case. */
  readonly headers: Readonly<Record<string, string>>
}

export interface Receipt {
  /** The place has it. */
  readonly taken: boolean
  /** One line. Remote text, not yet made printable. */
  readonly summary: string
  readonly ms: number
  /** What an HTTP endpoint answered; the body cut after 2 KB. */
  readonly response?: {
    readonly status: number
    readonly headers: Readonly<Record<string, string>>
    readonly body: string
  }
}

export interface SnsSigner {
  /** Base64. @param version 1: SHA-1; 2: SHA-256 */
  sign(text: string, version: 1 | 2): Promise<string>
  /** PEM. */
  readonly certificate: string
  /** Where the endpoint fetches the certificate; ends in `.pem`. */
  readonly certificateUrl: string
  /** What subscriptions are confirmed and ended under: query parameters are added. */
  readonly subscriptionUrl: string
}

export interface EventPublisher {
  /** Never rejects but for a bug. Several parcels for a file are written together; elsewhere there is one. */
  send(place: Place, parcels: readonly Parcel[], signal: AbortSignal): Promise<Receipt>
  /** The URL under which our HTTP door answers `/sns`; without one a door on loopback is opened for it. Before the first signature. */
  pagesUnder(url: string): void
  /** @throws MailctlError store-unavailable, unreachable */
  snsSigner(): Promise<SnsSigner>
  close(): Promise<void>
}
