/** What recipient domains publish about TLS at their mail hosts: MTA-STS policies, fetched, kept and renewed. RFC 8461. */
import type { StsPolicy } from '../mail/mta-sts.ts'
import type { TlsFailure } from '../mail/tls-result.ts'

export type FoundStsPolicy =
  | { readonly kind: 'policy'; readonly policy: StsPolicy }
  | { readonly kind: 'none' }
  /** There is one and it could not be had, nor is an older one still good: mail goes as if there were none. */
  | { readonly kind: 'failed'; readonly failure: TlsFailure; readonly detail: string }

export interface StsPolicies {
  /** Takes a minute or so at most. Throws never. @param domain lower-case A-labels */
  policyOf(domain: string): Promise<FoundStsPolicy>
  close(): Promise<void>
}
