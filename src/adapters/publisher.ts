/**
 * The Publisher port: into the lab's zone, or to an RFC 2136 server (`rfc2136-publisher.ts`, loaded when it is used). Each publisher looks
 * at what stands at a name, lets `account/publication` decide, and changes only the records given.
 */
import { isIP } from 'node:net'
import { decidePublication, plannedToRecord } from '../account/publication.ts'
import type { Log } from '../base/log.ts'
import type { DnsRecord, RecordType } from '../mail/dns-record.ts'
import type { Publisher, PublishResult, PublishTarget } from '../ports/publisher.ts'
import type { Resolver } from '../ports/resolver.ts'
import type { Network } from '../ports/settings.ts'
import { publishResult, RELEVANT_TYPES } from './publish-decision.ts'

/** The lab's zone as this adapter needs it; `wire/zone.ts` has this shape. */
export interface EditableZone {
  find(name: string, type: RecordType): readonly DnsRecord[]
  add(records: readonly DnsRecord[]): void | Promise<void>
  remove(records: readonly DnsRecord[]): void | Promise<void>
}

export interface PublisherOptions {
  readonly network: Network
  /** The lab's zone, opened on first use. */
  readonly labZone: () => EditableZone | Promise<EditableZone>
  /** For an RFC 2136 server given by name. */
  readonly resolver: Pick<Resolver, 'lookup'>
  readonly log?: Log
}

/** Opens nothing before the publisher is used. */
export function createPublisher(target: PublishTarget, options: PublisherOptions): Publisher {
  if (target.kind === 'lab') return createLabPublisher(options.labZone)
  const load = async (): Promise<Publisher> => (await import('./rfc2136-publisher.ts')).createRfc2136Publisher(target, options)
  return {
    target: `rfc2136://${isIP(target.host) === 6 ? `[${target.host}]` : target.host}:${target.port}`,
    publish: async (records, how) => await (await load()).publish(records, how),
    withdraw: async records => await (await load()).withdraw(records),
  }
}

function createLabPublisher(zone: PublisherOptions['labZone']): Publisher {
  return {
    target: 'the lab',
    async publish(records, { dryRun }) {
      const open = await zone()
      const results: PublishResult[] = []
      for (const record of records) {
        const standing = RELEVANT_TYPES.flatMap(type => open.find(record.name, type))
        const decision = decidePublication(record, standing)
        if (decision.action === 'ADD' && !dryRun) {
          await open.remove(decision.replaces)
          await open.add([plannedToRecord(record)])
        }
        results.push(publishResult({ record, standing, decision }))
      }
      return results
    },
    async withdraw(records) {
      await (await zone()).remove(records.map(plannedToRecord))
    },
  }
}
