/** SPF, DKIM, DMARC and ARC of a finished message, for `inspect`. */
import type { Readable } from 'node:stream'

export interface AuthenticationQuery {
  /** The connecting client; without it SPF is `none`. */
  readonly ip?: string
  readonly helo?: string
  /** Envelope sender; without it SPF uses the HELO name. */
  readonly mailFrom?: string
}

export interface AuthenticationReport {
  readonly spf: { readonly domain: string; readonly result: string; readonly detail: string } | null
  readonly dkim: readonly { readonly domain: string; readonly selector: string; readonly result: string; readonly detail: string }[]
  readonly dmarc: { readonly domain: string; readonly result: string; readonly policy: string } | null
  readonly arc: { readonly result: string; readonly detail: string } | null
}

export interface Authenticator {
  /** @param message raw octets */
  authenticate(message: () => Readable, query: AuthenticationQuery): Promise<AuthenticationReport>
}
