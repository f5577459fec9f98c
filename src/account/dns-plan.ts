/**
 * The records an identity needs: what `dns plan` prints, `dns publish` writes and `verify domain` looks for. Outside the lab nothing planned
 * here names the provider's domains: reports come to our own host and our own host sends. SES facts: concepts §3 to §5.
 */
import { type KeyRole, keyRoles } from './dkim-keys.ts'
import { type Identity, signingHostedZone } from './identity.ts'

export type RecordPurpose = 'DKIM' | 'SPF' | 'DMARC' | 'MAIL_FROM_MX' | 'MAIL_FROM_SPF' | 'VERIFICATION'

export interface PlannedRecord {
  readonly purpose: RecordPurpose
  readonly type: 'TXT' | 'CNAME' | 'MX'
  /** Full name, lower-case A-labels, no final dot. */
  readonly name: string
  /** TXT: the whole text. CNAME: the target. MX: `10 host`. */
  readonly value: string
  /** Verification fails without it; the SPF records and DMARC are advice. */
  readonly required: boolean
  /** DKIM: whose record it is. */
  readonly selector?: string
  /** DKIM by CNAME: the text that must stand behind it; verification looks for that. */
  readonly text?: string
}

export interface PlanSettings {
  readonly network: 'lab' | 'relay' | 'live'
  readonly hostname: string
  readonly region: string
}

/** RFC 6376 §3.6.1. @param publicKey base64 SubjectPublicKeyInfo */
export const dkimRecordText = (publicKey: string): string => `v=DKIM1; k=rsa; p=${publicKey}`

/**
 * @param publicKeys base64 SubjectPublicKeyInfo by selector, one for each of the identity's keys
 * @returns the DKIM records first, in order of the tokens, then keys on their way out; nothing for an address identity
 */
export function planRecords(identity: Identity, publicKeys: ReadonlyMap<string, string>, settings: PlanSettings): PlannedRecord[] {
  if (identity.type !== 'DOMAIN') return []
  const domain = identity.name
  const spf = settings.network === 'lab' ? 'v=spf1 include:amazonses.com ~all' : `v=spf1 a:${settings.hostname} ~all`
  const reports = settings.network === 'lab' ? `feedback-smtp.${settings.region}.amazonses.com` : settings.hostname
  const records = keyRoles(identity.dkim).map(key => dkimRecord(domain, key, publicKeys.get(key.token) ?? '', settings))
  records.push(
    { purpose: 'SPF', type: 'TXT', name: domain, value: spf, required: false },
    { purpose: 'DMARC', type: 'TXT', name: `_dmarc.${domain}`, value: 'v=DMARC1; p=none;', required: false },
  )
  if (identity.mailFrom === null) return records
  const name = identity.mailFrom.domain
  records.push(
    { purpose: 'MAIL_FROM_MX', type: 'MX', name, value: `10 ${reports}`, required: true },
    { purpose: 'MAIL_FROM_SPF', type: 'TXT', name, value: spf, required: false },
  )
  return records
}

function dkimRecord(domain: string, { token, method, state }: KeyRole, publicKey: string, settings: PlanSettings): PlannedRecord {
  const name = `${token}._domainkey.${domain}`
  const text = dkimRecordText(publicKey)
  const required = state !== 'RETIRING' && state !== 'RETIRED'
  if (method !== 'cname') return { purpose: 'DKIM', type: 'TXT', name, value: text, required, selector: token }
  const target = `${token}.${signingHostedZone(settings.network, settings.hostname)}`
  return { purpose: 'DKIM', type: 'CNAME', name, value: target, required, selector: token, text }
}
