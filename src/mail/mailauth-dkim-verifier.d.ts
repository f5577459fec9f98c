/** What we use of a part of mailauth 4.13.3 that comes without types. */
declare module 'mailauth/lib/dkim/dkim-verifier.js' {
  import type { Writable } from 'node:stream'
  import type { ARCData, DNSResolver } from 'mailauth'

  export interface VerifierResult {
    readonly signingDomain?: string
    readonly selector?: string
    readonly status: { readonly result: string; readonly comment?: string | false }
  }

  export class DkimVerifier extends Writable {
    constructor(options: { readonly resolver: DNSResolver; readonly curTime: Date; readonly minBitLength: number })
    readonly results: readonly VerifierResult[]
    readonly headerFrom: readonly string[]
    readonly arc: ARCData
    readonly signatureHeaders: { maxBodyLength?: number | string }[]
    messageHeaders(headers: unknown): Promise<void>
  }
}
