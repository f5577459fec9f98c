/**
 * Which TLS a mail host must speak: what its recipient domain announced by DANE (RFC 7672) or MTA-STS (RFC 8461), and what the message's
 * own configuration set asks for. DANE wins over MTA-STS where a host has it; a message can only ask for more than the domain does.
 *
 * Pure over lookups. Throws never. A host that must not be used is left out, with the reason.
 */
import { type DaneRule, isUsable } from '../mail/dane.ts'
import type { DnsAnswer } from '../mail/dns-record.ts'
import { isStsHost } from '../mail/mta-sts.ts'
import type { TlsFailure } from '../mail/tls-result.ts'
import type { FoundStsPolicy } from '../ports/sts-policies.ts'
import type { Hop } from '../ports/transport.ts'

/** A mail host of a domain, as far as its TLS depends on it. */
export interface MailHost {
  readonly domain: string
  readonly host: string
  /** Names behind the host's CNAMEs, the last one having the addresses. */
  readonly chain: readonly string[]
  /** Whether each answer that led to it was validated: the MX, the CNAMEs, the addresses. */
  readonly isSecure: boolean
}

export type HostTls =
  | { readonly kind: 'use'; readonly demand: Pick<Hop, 'tls' | 'dane' | 'policy'> }
  | { readonly kind: 'skip'; readonly failure: TlsFailure; readonly type: 'tlsa' | 'sts'; readonly words: string }

type Lookup = (name: string, type: 'TLSA') => Promise<DnsAnswer>

export async function tlsOf(mailHost: MailHost, sts: FoundStsPolicy, lookup: Lookup): Promise<HostTls> {
  return (mailHost.isSecure ? await daneOf(mailHost, lookup) : undefined) ?? stsOf(mailHost, sts)
}

/** @returns undefined when the host has no TLSA records that count */
async function daneOf({ domain, host, chain }: MailHost, lookup: Lookup): Promise<HostTls | undefined> {
  const end = chain.at(-1)
  // RFC 7672 §2.2.2: the end of the CNAMEs is asked first, then the name that the MX gave.
  for (const base of end === undefined ? [host] : [end, host]) {
    const answer = await lookup(`_25._tcp.${base}`, 'TLSA')
    // Whether there are records is not known, and an attacker may be why: §2.1.2.
    if (answer.kind === 'failure')
      return {
        kind: 'skip',
        failure: 'dnssec-invalid',
        type: 'tlsa',
        words: `the TLSA records of ${host} could not be had: ${answer.detail}`,
      }
    if (answer.kind !== 'found' || !answer.authenticated) continue
    const records = answer.records.flatMap(record => (record.type === 'TLSA' ? [record] : [])).filter(isUsable)
    const policy = { domain, type: 'tlsa', words: `DANE of ${base}` } as const
    // Records that say nothing to us still say that the host has TLS: §2.2.
    if (records.length === 0) return use('encrypted', { ...policy, words: `${policy.words}, no usable TLSA record` })
    const dane: DaneRule = { records, names: [...new Set([base, host, domain])] }
    return { kind: 'use', demand: { tls: 'dane', dane, policy } }
  }
  return undefined
}

function stsOf({ domain, host }: MailHost, sts: FoundStsPolicy): HostTls {
  const none = { domain, type: 'no-policy-found', words: 'no policy of the domain' } as const
  if (sts.kind === 'failed') return use('opportunistic', { ...none, words: `${none.words}: its MTA-STS could not be had, ${sts.detail}` })
  if (sts.kind === 'none' || sts.policy.mode === 'none') return use('opportunistic', none)
  const { mode } = sts.policy
  const words = `MTA-STS of ${domain} (${mode})`
  const isNamed = isStsHost(sts.policy, host)
  if (mode === 'enforce' && !isNamed)
    return { kind: 'skip', failure: 'validation-failure', type: 'sts', words: `${host} is not among the hosts of the ${words}` }
  if (!isNamed)
    return use('opportunistic', { domain, type: 'sts', words: `${words}, which does not name ${host}`, failure: 'validation-failure' })
  return use(mode === 'enforce' ? 'required' : 'opportunistic', { domain, type: 'sts', words })
}

const use = (tls: Hop['tls'], policy: NonNullable<Hop['policy']>): HostTls => ({ kind: 'use', demand: { tls, policy } })
