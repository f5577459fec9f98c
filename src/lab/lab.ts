/**
 * The internet in a box: a name server, receivers and their inbox, on loopback and ephemeral ports, each started when it is first needed.
 * State lives in `lab.db`, so several processes and later ones see the same box. It connects to nothing but the hosts of return paths, to which
 * receivers mail their reports, on loopback.
 */
import type { Readable } from 'node:stream'
import type { Database } from '../base/database.ts'
import { MailctlError, messageOf } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { DnsAnswer, RecordType } from '../mail/dns-record.ts'
import type { DnsServer } from '../wire/dns-server.ts'
import { type Sockets, tcpSockets } from '../wire/sockets.ts'
import { labAuthority } from './authority.ts'
import { Inbox, type InboxFilter, type InboxMessage } from './inbox.ts'
import { type PendingReport, PendingReports } from './pending-reports.ts'
import { addressAt, orderPlay, type PlayAsk } from './plays.ts'
import { Receiver } from './receiver.ts'
import { forgetSenders } from './sender-history.ts'
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
  /** One message stands for so many, where look-alikes count; default 1. */
  readonly scale?: number
  readonly log?: Log
  /** Absent: TCP on loopback. */
  readonly sockets?: Sockets
  /** Where the account takes reports; opened by the first call. */
  readonly inbound: () => Promise<Place>
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
    forgetSenders(): Promise<void>
  }
  /** What the receiver of one message is to do with one recipient. @throws MailctlError usage: no such provider */
  play(ask: PlayAsk): Promise<void>
  /** An address at a provider that has look-alikes here. @throws MailctlError usage: no such provider */
  addressAt(isp: string): Promise<string>
  readonly zone: LabZone
  readonly reports: {
    nextDueAt(returnPath?: string): Promise<number | undefined>
    setDelay(returnPath: string, ms: number): Promise<void>
    /** Mails what is due to the hosts of the return paths. @returns how many were answered for */
    sendDue(): Promise<number>
  }
  /** PEM of the authority that signs the receivers' certificates. */
  authority(): string
  /** Ends every listener and session. */
  close(): Promise<void>
}

export function openLab(options: LabOptions): OpenLab {
  const { database, now, hostname, scope, log, inbound, sockets = tcpSockets } = options
  const zone = new LabZone(database, hostname)
  const inbox = new Inbox(database)
  const reports = new PendingReports(database)
  const memory = { database, now }
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
    if (site.policy.isDown?.(host)) return closedPort(sockets, address)
    const receiver = new Receiver({
      host,
      site,
      inbox,
      memory,
      reports,
      lookup,
      scale: options.scale ?? 1,
      sockets,
    })
    receivers.push(receiver)
    return receiver.listen(address)
  }

  const door = async (hostName: string, address: string): Promise<Place> => {
    if (isClosed) throw new MailctlError('unreachable', `The lab is closed, and with it the door of ${hostName}`)
    if (isOwnHost(hostName)) return inbound()
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

  /** Ours, under its own name or the one that custom MAIL FROM domains point to in the lab. */
  const isOwnHost = (name: string): boolean => {
    const host = name.toLowerCase()
    return host === hostname.toLowerCase() || /^feedback-smtp\.[a-z0-9-]+\.amazonses\.com$/.test(host)
  }

  /** Outside the lab the box has no names of others, and only our own mail comes to the simulator. */
  async function hostOf(returnPath: string): Promise<Place> {
    if (scope === 'simulator') return inbound()
    const domain = returnPath.slice(returnPath.lastIndexOf('@') + 1)
    const answer = zone.resolve(domain, 'MX')
    const [record] = answer.kind === 'found' ? answer.records : []
    return door(record?.type === 'MX' ? record.exchange : domain, '127.0.0.1')
  }

  async function sendOne(report: PendingReport): Promise<boolean> {
    const { sendReport } = await import('./report-sender.ts')
    const code = await hostOf(report.returnPath)
      .then(place => sendReport(report, place, sockets))
      .catch((thrown: unknown) => {
        log?.('smtp', `* report to ${report.returnPath}: ${messageOf(thrown)}`)
        return 451
      })
    const isOver = code < 400 || code >= 500
    if (isOver) reports.done(report.id)
    else reports.again(report.id, now())
    return isOver
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
      forgetSenders: async () => forgetSenders(memory),
    },
    play: async ask => orderPlay(ask, memory),
    addressAt: async isp => addressAt(isp),
    zone,
    reports: {
      nextDueAt: async returnPath => reports.nextDueAt(returnPath),
      setDelay: async (returnPath, ms) => reports.setDelay(returnPath, ms),
      async sendDue() {
        let answered = 0
        for (let report = reports.takeDue(now()); report !== undefined; report = reports.takeDue(now())) {
          if (await sendOne(report)) answered += 1
        }
        return answered
      },
    },
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
async function closedPort(sockets: Sockets, address: string): Promise<Place> {
  const probe = await sockets.listen({ host: address, port: 0 }, socket => socket.destroy())
  await probe.close()
  return { address, port: probe.port }
}
