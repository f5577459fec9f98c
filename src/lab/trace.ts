/** The fields a receiver puts on top of what it took: Return-Path, Received (RFC 5321 §4.4) and Authentication-Results (RFC 8601). */
import { formatDate } from '../mail/date.ts'
import type { Verdicts } from './verdicts.ts'

export interface Transit {
  readonly id: string
  readonly receiver: string
  readonly ip: string
  readonly helo: string
  readonly from: string
  readonly to: readonly string[]
  readonly protocol: 'SMTP' | 'ESMTP' | 'ESMTPS'
  /** `TLSv1.3 TLS_AES_256_GCM_SHA384`, `''` in the clear. */
  readonly tls: string
  /** Epoch milliseconds. */
  readonly at: number
  readonly authentication: Verdicts
}

/** What others chose must not become a field, a comment or another property of ours. */
const safe = (text: string): string => text.replace(/[^!#-'*-:>-[\]-~]/g, '_') || 'none'
const address = (text: string): string => text.replace(/[^!-~]/g, '_')

export function traceFields({ id, receiver, ip, helo, from, to, protocol, tls, at, authentication }: Transit): Buffer {
  const { spf, dkim, dmarc } = authentication
  const client = ip.includes(':') ? `[IPv6:${ip}]` : `[${ip}]`
  const secured = tls === '' ? '' : `\r\n\t(${tls})`
  const recipient = to.length === 1 ? `\r\n\tfor <${address(to[0] ?? '')}>` : ''
  const signatures = dkim.length === 0 ? [{ result: 'none', domain: '', selector: '' }] : dkim
  const results = [
    `spf=${safe(spf.result)} smtp.${from === '' ? 'helo' : 'mailfrom'}=${safe(spf.domain)}`,
    ...signatures.map(({ result, domain, selector }) =>
      domain === '' ? `dkim=${safe(result)}` : `dkim=${safe(result)} header.d=${safe(domain)} header.s=${safe(selector)}`,
    ),
    `dmarc=${safe(dmarc.result)}${dmarc.policy === '' ? '' : ` (p=${safe(dmarc.policy)})`} header.from=${safe(dmarc.domain)}`,
  ]
  return Buffer.from(
    `Return-Path: <${address(from)}>\r\n` +
      `Received: from ${safe(helo)} (${client})\r\n\tby ${receiver} with ${protocol} id ${id}${secured}${recipient};\r\n\t${formatDate(at)}\r\n` +
      `Authentication-Results: ${receiver};${results.map(result => `\r\n\t${result}`).join(';')}\r\n`,
    'latin1',
  )
}
