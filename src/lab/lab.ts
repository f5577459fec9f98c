/**
 * The internet in a box: a name server, receivers and their inbox, on loopback and ephemeral ports, each started when it is first needed.
 * State lives in `lab.db`, so several processes and later ones see the same box. Nothing here connects to anything.
 */
import { createServer } from 'node:net'
import type { Readable } from 'node:stream'
import type { Database } from '../base/database.ts'
import { MailctlError, messageOf } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { DnsAnswer, RecordType } from '../mail/dns-record.ts'
import type { DnsServer } from '../wire/dns-server.ts'
import { labAuthority } from './authority.ts'
import { Inbox, type InboxFilter, type InboxMessage } from './inbox.ts'
import { Receiver } from './receiver.ts'
import { type Site, siteBehind } from './sites.ts'
import { LabZone } from './zone.ts'

export interface LabOptions {
  /** `lab.db`, with `LAB_MIGRATIONS` applied; stays the caller's to close, after `close()`. */
  readonly database: Database
  /** The account's clock. */
  readonly now: () => number
  /** Our own host name: its SPF record lets mail from this machine pass. */
  readonly hostname: string
  /** `simulator`: only the mailbox simulator has a door, as in `relay` and `live`. */
  readonly scope: 'internet' | 'simulator'
  /** What receivers ask about senders; the box's own zone when absent. */
  readonly lookup?: (name: string, type: RecordType) => Promise<DnsAnswer>
  readonly log?: Log
}

interface Place {
  readonly address: string
  readonly port: number
}

export interface OpenLab {
  /** The box's name server; started by the first call. */
  dns(): Promise<Place>
  /**
   * The loopback door of the receiver behind this host name; opened by the first call. Where a receiver is down, nobody listens there.
   * @throws MailctlError unreachable: no such receiver in this scope, or no such address family on this machine
   */
  door(hostName: string, address: string): Promise<Place>
  readonly inbox: {
    list(filter: InboxFilter): Promise<InboxMessage[]>
    get(id: string): Promise<InboxMessage | undefined>
    open(id: string): Promise<Readable>
    clear(): Promise<number>
  }
  readonly zone: LabZone
  /** PEM of the authority that signs the receivers' certificates. */
  authority(): string
  /** Ends every listener and session. */
  close(): Promise<void>
}

export function openLab(options: LabOptions): OpenLab {
  const { database, now, hostname, scope, log } = options
  const zone = new LabZone(database, hostname)
  const inbox = new Inbox(database)
  const lookup = options.lookup ?? (async (name: string, type: RecordType) => zone.resolve(name, type))
  const receivers: Receiver[] = []
  const doors = new Map<string, Promise<Place>>()
  let server: Promise<DnsServer> | undefined
  let isClosed = false

  const startServer = async (): Promise<DnsServer> => {
    const { startDnsServer } = await import('../wire/dns-server.ts')
    return startDnsServer({ host: '127.0.0.1', port: 0, answer: question => zone.lookup(question), ...(log && { log }) })
  }

  const openDoor = async (host: string, site: Site, address: string): Promise<Place> => {
    if (site.policy.isDown?.(host)) return closedPort(address)
    const receiver = new Receiver({
      host,
      site,
      inbox,
      memory: { database, now },
      lookup,
    })
    receivers.push(receiver)
    return receiver.listen(address)
  }

  const door = async (hostName: string, address: string): Promise<Place> => {
    if (isClosed) throw new MailctlError('unreachable', `The lab is closed, and with it the door of ${hostName}`)
    const { host, site } = siteBehind(hostName)
    if (scope === 'simulator' && !/(^|\.)simulator\.amazonses\.com$/.test(host)) {
      throw new MailctlError('unreachable', `${hostName} has no receiver here: outside the lab only the mailbox simulator has one`)
    }
    const loopback = address.includes(':') ? '::1' : '127.0.0.1'
    const key = `${host} ${loopback}`
    const known = doors.get(key)
    if (known !== undefined) return known
    const opened = openDoor(host, site, loopback).catch((thrown: unknown) => {
      doors.delete(key)
      throw new MailctlError('unreachable', `No receiver for ${host} on ${loopback}: ${messageOf(thrown)}`, { cause: thrown })
    })
    doors.set(key, opened)
    return opened
  }

  return {
    async dns() {
      server ??= startServer()
      const { address, port } = await server
      return { address, port }
    },
    door,
    inbox: {
      list: async filter => inbox.list(filter),
      get: async id => inbox.get(id),
      open: async id => inbox.open(id),
      clear: async () => inbox.clear(),
    },
    zone,
    authority: () => labAuthority(database).certificate,
    async close() {
      isClosed = true
      await Promise.allSettled(doors.values())
      await Promise.all(receivers.splice(0).map(receiver => receiver.close()))
      await (await server?.catch(() => undefined))?.close()
    },
  }
}

/** A port on which nobody listens: one that was free a moment ago. */
async function closedPort(address: string): Promise<Place> {
  const probe = createServer()
  await new Promise<void>((resolve, reject) => probe.once('error', reject).listen(0, address, resolve))
  const bound = probe.address()
  await new Promise(resolve => probe.close(resolve))
  if (bound === null || typeof bound === 'string') throw new TypeError('a probe has a port')
  return { address, port: bound.port }
}
