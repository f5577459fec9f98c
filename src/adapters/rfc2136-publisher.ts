/** The Publisher port over RFC 2136: finds each record's zone by its SOA, reads what stands there, and writes one signed update a zone. */
import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { decidePublication, plannedToRecord } from '../account/publication.ts'
import { MailctlError, messageOf } from '../base/errors.ts'
import { type Log, silent } from '../base/log.ts'
import type { DnsAnswer, DnsRecord, RecordType } from '../mail/dns-record.ts'
import type { Publisher, PublishTarget } from '../ports/publisher.ts'
import type { Resolver } from '../ports/resolver.ts'
import type { Network } from '../ports/settings.ts'
import { query, serverText } from '../wire/dns.ts'
import type { DnsServerAddress } from '../wire/dns-tcp.ts'
import { sendUpdate, type ZoneChange } from '../wire/dns-update.ts'
import { assertLoopback } from '../wire/loopback.ts'
import { parseTsigKey, type TsigKey } from '../wire/tsig-key.ts'
import { type Decided, publishResult, RELEVANT_TYPES } from './publish-decision.ts'
import { refusalOf } from './update-refusal.ts'

type Target = Extract<PublishTarget, { kind: 'rfc2136' }>

export interface Rfc2136Options {
  readonly network: Network
  /** For a target given by name. */
  readonly resolver: Pick<Resolver, 'lookup'>
  readonly log?: Log
}

interface Session {
  readonly server: DnsServerAddress
  readonly guard: (address: string) => void
  readonly key: TsigKey | undefined
  readonly log: Log
}

export function createRfc2136Publisher(target: Target, options: Rfc2136Options): Publisher {
  return {
    target: `${target.host} port ${target.port}`,
    async publish(records, { dryRun }) {
      const session = await open(target, options)
      const decided: (Decided & { readonly zone: string })[] = []
      for (const record of records) {
        const standing = await standingAt(record.name, session)
        decided.push({ record, standing, decision: decidePublication(record, standing), zone: await zoneOf(record.name, session) })
      }
      for (const zone of dryRun ? [] : new Set(decided.map(each => each.zone))) {
        const change = changeOf(
          zone,
          decided.filter(each => each.zone === zone),
        )
        if (change.add.length > 0) await apply(change, session)
      }
      return decided.map(publishResult)
    },
    async withdraw(records) {
      const session = await open(target, options)
      const zones = new Map<string, DnsRecord[]>()
      for (const record of records) {
        const zone = await zoneOf(record.name, session)
        zones.set(zone, [...(zones.get(zone) ?? []), plannedToRecord(record)])
      }
      for (const [zone, remove] of zones) await apply({ zone, absent: [], removeAll: [], remove, add: [] }, session)
    },
  }
}

async function open(target: Target, { network, resolver, log = silent }: Rfc2136Options): Promise<Session> {
  const guard = network === 'lab' ? assertLoopback : () => {}
  const key = target.tsigFile === undefined ? undefined : await readKey(target.tsigFile)
  if (isIP(target.host) !== 0) return { server: { address: target.host, port: target.port }, guard, key, log }
  for (const type of ['A', 'AAAA'] as const) {
    const answer = await resolver.lookup(target.host, type)
    const record = answer.kind === 'found' ? answer.records[0] : undefined
    if (record && 'address' in record) return { server: { address: record.address, port: target.port }, guard, key, log }
  }
  throw new MailctlError('unreachable', `the DNS server ${target.host} has no address`, { hint: 'Check the name, or give its IP address.' })
}

async function readKey(file: string): Promise<TsigKey> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new MailctlError('no-input', `cannot read the TSIG key file ${file}: ${messageOf(error)}`, {
      hint: 'Check its name and permissions.',
      cause: error,
    })
  })
  return parseTsigKey(text)
}

/** @throws MailctlError unreachable */
async function ask(name: string, type: RecordType, { server, guard }: Session): Promise<Exclude<DnsAnswer, { kind: 'failure' }>> {
  const answer = await query({ name, type, servers: [server], guard, mode: 'authoritative', serversFor: async () => [] })
  if (answer.kind !== 'failure') return answer
  if (answer.reason === 'refused' || answer.reason === 'lame')
    throw new MailctlError('forbidden', `${serverText(server)} does not serve ${name}: ${answer.detail}`, {
      hint: 'Publish to the zone\u2019s primary server.',
    })
  throw new MailctlError('unreachable', `${serverText(server)} does not answer for ${name}: ${answer.detail}`, {
    hint: 'Check the address and port of the server.',
  })
}

/** The zone that holds the name, by the SOA that comes with the answer. Behind a CNAME it would be another one's, so its parent is asked. */
async function zoneOf(name: string, session: Session): Promise<string> {
  const answer = await ask(name, 'CNAME', session)
  if (answer.kind === 'found') return await zoneOf(name.slice(name.indexOf('.') + 1), session)
  if (answer.soa !== undefined && answer.soa.name !== '') return answer.soa.name
  throw new MailctlError('forbidden', `${serverText(session.server)} names no zone for ${name}`, {
    hint: 'Publish to the zone\u2019s primary server.',
  })
}

async function standingAt(name: string, session: Session): Promise<DnsRecord[]> {
  const alias = await ask(name, 'CNAME', session)
  if (alias.kind === 'found') return [...alias.records]
  const records: DnsRecord[] = []
  for (const type of RELEVANT_TYPES) {
    const answer = type === 'CNAME' ? alias : await ask(name, type, session)
    if (answer.kind === 'found') records.push(...answer.records)
  }
  return records
}

/** What is written: an empty place must still be empty, so that two writers cannot both be the first. */
function changeOf(zone: string, decided: readonly Decided[]): ZoneChange {
  const additions = decided.flatMap(({ record, standing, decision }) => (decision.action === 'ADD' ? [{ record, standing, decision }] : []))
  const empty = additions.flatMap(({ record, standing }) =>
    ([record.type, 'CNAME'] as const).filter(type => !standing.some(other => other.type === type)).map(type => `${record.name} ${type}`),
  )
  const prerequisites = [...new Set(empty)].map(key => {
    const [name = '', type = ''] = key.split(' ')
    return { name, type: type as RecordType }
  })
  // Only the names of our own tokens are ever replaced, so the whole set there is ours.
  const removeAll = additions.flatMap(({ decision }) => decision.replaces.map(({ name, type }) => ({ name, type })))
  return { zone, absent: prerequisites, removeAll, remove: [], add: additions.map(({ record }) => plannedToRecord(record)) }
}

async function apply(change: ZoneChange, { server, guard, key, log }: Session): Promise<void> {
  const result = await sendUpdate(change, { server, guard, key })
  log(
    'dns',
    `update of ${change.zone} at ${serverText(server)}: +${change.add.length} -${change.remove.length + change.removeAll.length}: ${result.kind}`,
  )
  if (result.kind === 'done') return
  if (result.kind === 'failure')
    throw new MailctlError('unreachable', `${serverText(server)} gave no usable answer to the update of ${change.zone}: ${result.detail}`, {
      hint: 'Whether it was done is not known: run the command again.',
    })
  throw refusalOf(result.code, { server: serverText(server), zone: change.zone, keyName: key?.name, detail: result.detail })
}
