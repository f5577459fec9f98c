/** The records an identity needs: what `dns plan` prints, `dns publish` writes and `verify domain` looks for. SES facts: concepts §3 to §5. */

export type RecordPurpose = 'DKIM' | 'SPF' | 'DMARC' | 'MAIL_FROM_MX' | 'MAIL_FROM_SPF' | 'VERIFICATION'

export interface PlannedRecord {
  readonly purpose: RecordPurpose
  readonly type: 'TXT' | 'CNAME' | 'MX'
  /** Full name, lower-case A-labels, no final dot. */
  readonly name: string
  /** TXT: the whole text. CNAME: the target. MX: `10 host`. */
  readonly value: string
  /** Verification fails without it; SPF and DMARC of the domain are advice. */
  readonly required: boolean
}
