/** dkim-signer 0.2.2 comes without types. */
declare module 'dkim-signer' {
  import type { KeyObject } from 'node:crypto'

  /** @returns the DKIM-Signature field without a final CRLF */
  export function DKIMSign(
    message: string,
    options: {
      readonly domainName: string
      readonly keySelector: string
      readonly privateKey: KeyObject
      readonly headerFieldNames: string
    },
  ): string
}
