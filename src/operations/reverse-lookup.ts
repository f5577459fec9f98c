/** The name of an address, and whether it leads back: RFC 8601 §3, "iprev". */
import type { DnsRecord } from '../mail/dns-record.ts'
import { reverseName } from '../mail/reverse-name.ts'
import type { App } from './app.ts'

export interface ReverseName {
  /** null: the address has none; undefined: DNS did not say. */
  readonly name: string | null | undefined
  readonly leadsBack: boolean
}

export async function nameOfAddress({ resolver }: Pick<App, 'resolver'>, ip: string): Promise<ReverseName> {
  const answer = await resolver.lookup(reverseName(ip), 'PTR')
  if (answer.kind === 'failure') return { name: undefined, leadsBack: false }
  const [record] = answer.kind === 'found' ? answer.records : []
  if (record?.type !== 'PTR') return { name: null, leadsBack: false }
  const forward = await resolver.lookup(record.target, ip.includes(':') ? 'AAAA' : 'A')
  const back = forward.kind === 'found' ? addressesOf(forward.records) : []
  return { name: record.target, leadsBack: back.some(address => reverseName(address) === reverseName(ip)) }
}

export const addressesOf = (records: readonly DnsRecord[]): string[] =>
  records.flatMap(record => (record.type === 'A' || record.type === 'AAAA' ? [record.address] : []))
