/**
 * One receiver of the box on one loopback port: a policy that accepts or refuses, a judge that checks SPF, DKIM and DMARC, and the inbox.
 * The 250 after the message is said only when the inbox has committed it.
 */
import { Readable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import { MAX_MESSAGE_BYTES } from '../mail/body.ts'
import type { DnsAnswer, RecordType } from '../mail/dns-record.ts'
import { says } from '../mail/failure-reasons.ts'
import type { Header } from '../mail/header.ts'
import { type Reply, replyText } from '../mail/reply.ts'
import { SmtpServer } from '../wire/smtp-server.ts'
import { type SmtpPeer, type SmtpSession, smtpReply } from '../wire/smtp-session.ts'
import type { Sockets } from '../wire/sockets.ts'
import { contextFor } from './authority.ts'
import { type Arriving, hopCount, type Inbox } from './inbox.ts'
import type { PendingReports, Returned } from './pending-reports.ts'
import { findPlay, type Play, type PlayedOutcome, refusalOf } from './plays.ts'
import type { Memory, Visit } from './policy.ts'
import { visitProvider } from './provider-visit.ts'
import type { Site } from './sites.ts'
import { traceFields } from './trace.ts'
import { judge, type Verdicts } from './verdicts.ts'

/** The largest message that may be submitted, and room for what signing and hosts on the way put on top. */
const MAX_ARRIVING_BYTES = MAX_MESSAGE_BYTES + 64 * 1024
/** Beyond so many hosts it is a loop. RFC 5321 §6.3 */
const MAX_HOPS = 100
const OK = smtpReply(250, '2.0.0', 'Ok')

interface Envelope {
  readonly from: string
  readonly to: readonly string[]
  /** What was ordered for its recipients. */
  readonly plays: readonly Play[]
}

export interface ReceiverOptions {
  /** The name it goes by. */
  readonly host: string
  readonly site: Site
  readonly inbox: Inbox
  readonly memory: Memory
  /** What goes back to senders. */
  readonly reports: PendingReports
  readonly lookup: (name: string, type: RecordType) => Promise<DnsAnswer>
  /** One message stands for so many, where look-alikes count. */
  readonly scale: number
  readonly sockets: Sockets
}

export class Receiver {
  readonly #options: ReceiverOptions
  readonly #server: SmtpServer
  /** Messages being taken: a closed box has none. */
  readonly #working = new Set<Promise<Reply>>()

  constructor(options: ReceiverOptions) {
    const { host, site, memory, sockets } = options
    const { tls } = site.policy
    this.#options = options
    this.#server = new SmtpServer({
      hostname: host,
      maxMessageBytes: MAX_ARRIVING_BYTES,
      sockets,
      session: peer => this.#session(peer),
      ...(tls === 'none' ? {} : { tls: { mode: 'starttls', context: () => contextFor(tls, host, memory.database) } }),
    })
  }

  /** @throws the system's error when the address cannot be had */
  async listen(address: string): Promise<{ readonly address: string; readonly port: number }> {
    const bound = await this.#server.listen(address, 0)
    this.#server.unref()
    return bound
  }

  async close(): Promise<void> {
    await this.#server.close()
    await Promise.allSettled(this.#working)
  }

  #session(peer: SmtpPeer): SmtpSession {
    const { host, site, memory } = this.#options
    const { greeting, paceMs } = site.policy
    const visit = this.#visit(peer)
    let from = ''
    let to: string[] = []
    let plays: Play[] = []
    const paced = (reply: Reply): Reply | Promise<Reply> => (paceMs === undefined ? reply : pause(paceMs, reply))
    const welcome = greeting ?? { code: 220, lines: [site.banner ?? `${host} ESMTP`] }
    return {
      greet: () => (visit === undefined ? paced(welcome) : visit.greeting().then(refusal => refusal ?? welcome)),
      mail(address) {
        from = address
        return paced(visit?.mail() ?? OK)
      },
      rcpt: address => {
        const take = (refusal: Reply | undefined): Reply | Promise<Reply> => {
          if (refusal === undefined) to.push(address)
          return paced(refusal ?? OK)
        }
        const play = findPlay(from, address, memory)
        if (play === undefined) return this.#refusal({ ip: peer.address, from, to: address }, visit, take)
        const refusal = refusalOf(play, memory)
        if (refusal === undefined) plays.push(play)
        else if (says('noSuchUser', replyText(refusal))) visit?.unknown()
        return take(refusal)
      },
      reset() {
        from = ''
        to = []
        plays = []
      },
      data: body => {
        const work = this.#take(body, peer, { from, to: [...to], plays: [...plays] }, visit).then(paced)
        this.#working.add(work)
        const done = (): unknown => this.#working.delete(work)
        work.then(done, done)
        return work
      },
    }
  }

  /** Absent where the receiver is no look-alike. */
  #visit(peer: SmtpPeer): Visit | undefined {
    const { site, memory, lookup, scale } = this.#options
    const { provider } = site.policy
    if (provider === undefined) return undefined
    const visitor = { ip: peer.address, helo: () => peer.helloName, isSecure: () => peer.tls !== undefined }
    return visitProvider(provider, visitor, { memory, lookup, scale })
  }

  #refusal(
    { ip, from, to }: { readonly ip: string; readonly from: string; readonly to: string },
    visit: Visit | undefined,
    take: (refusal: Reply | undefined) => Reply | Promise<Reply>,
  ): Reply | Promise<Reply> {
    const { host, site, memory } = this.#options
    if (visit !== undefined) return visit.recipient(from, to).then(take)
    return take(site.policy.rcpt?.({ receiver: host, ip, from, to }, memory))
  }

  async #take(body: AsyncIterable<Buffer>, peer: SmtpPeer, envelope: Envelope, visit: Visit | undefined): Promise<Reply> {
    const { inbox, site } = this.#options
    const { afterData } = site.policy
    const arriving = inbox.receive()
    const copy = new LiveCopy()
    const verdicts = afterData === undefined ? this.#judge(copy.stream, peer, envelope) : undefined
    try {
      for await (const chunk of body) {
        arriving.write(chunk)
        if (verdicts !== undefined) await copy.write(chunk)
      }
      copy.end()
      if (verdicts !== undefined) return await this.#keep(arriving, peer, envelope, await verdicts, visit)
      arriving.discard()
      if (afterData !== 'drop' && afterData !== undefined) return afterData
      peer.drop()
      return OK
    } catch (thrown) {
      arriving.discard()
      copy.abandon()
      throw thrown
    }
  }

  /** Runs beside the arrival, so that a large message is read once. */
  #judge(message: Readable, { address: ip, helloName: helo }: SmtpPeer, { from: mailFrom }: Envelope): Promise<Verdicts> {
    const { memory, lookup } = this.#options
    const verdicts = judge({ ip, helo, mailFrom, now: memory.now(), open: () => message, lookup })
    // Awaited when the message is whole; a message that never is has no use for them.
    verdicts.catch(() => {})
    return verdicts
  }

  async #keep(
    arriving: Arriving,
    peer: SmtpPeer,
    { from, to, plays }: Envelope,
    authentication: Verdicts,
    visit: Visit | undefined,
  ): Promise<Reply> {
    const { host, site, memory } = this.#options
    const header = arriving.header()
    if (hopCount(header) > MAX_HOPS) {
      arriving.discard()
      return smtpReply(554, '5.4.6', 'Too many hops, this message is going round in circles')
    }
    const isPlayed = plays.length === to.length
    const complaints = plays.filter(({ outcome }) => outcome === 'complaint').length
    const outcome = await visit?.message({ from, to, header, verdicts: authentication, isPlayed, complaints })
    if (outcome?.refusal !== undefined) {
      arriving.discard()
      return outcome.refusal
    }
    const { address: ip, helloName: helo } = peer
    const tls = peer.tls === undefined ? '' : `${peer.tls.version} ${peer.tls.cipher}`
    const protocol = !peer.extended ? 'SMTP' : peer.tls === undefined ? 'ESMTP' : 'ESMTPS'
    const at = memory.now()
    const id = arriving.take({
      envelopeFrom: from,
      envelopeTo: to,
      receiver: host,
      tls,
      receivedAt: at,
      authentication,
      folder: outcome?.folder ?? 'inbox',
      rules: outcome?.rules ?? [],
      trace: id => traceFields({ id, receiver: host, ip, helo, from, to, protocol, tls, at, authentication }),
      ...(outcome && { took: outcome.took }),
    })
    this.#returnReports(header, peer, { from, to, plays }, at)
    const played = plays.find(({ reply, outcome }) => reply !== undefined && outcome !== 'delay')?.reply
    return played ?? outcome?.accepted(id) ?? site.policy.accepted?.(id) ?? smtpReply(250, '2.0.0', `Ok: queued as ${id}`)
  }

  /** Before the message is answered for, so that none is forgotten. */
  #returnReports(header: Header, { address: ip }: SmtpPeer, { from, to, plays }: Envelope, at: number): void {
    const { host, site, reports } = this.#options
    const returning = to.flatMap(address => {
      const play = plays.find(({ recipient }) => recipient.toLowerCase() === address.toLowerCase())
      const returns = play === undefined ? site.policy.returns?.(address) : RETURNED[play.outcome]
      return returns === undefined ? [] : [{ address, returns }]
    })
    if (returning.length > 0) reports.add({ receiver: host, from, to: returning, ip, header, at })
  }
}

/** What is mailed back where the outcome was ordered. */
const RETURNED: Readonly<Partial<Record<PlayedOutcome, Returned>>> = { complaint: 'complaint', ooto: 'answer' }

/** A message as it arrives, for a second reader at the pace of the slower one. A reader that has seen enough is waited for no more. */
class LiveCopy {
  readonly stream: Readable
  #wake: (() => void) | undefined

  constructor() {
    const wake = (): void => this.#wake?.()
    this.stream = new Readable({
      read: wake,
      destroy: (error, done) => {
        done(error)
        wake()
      },
    })
    this.stream.on('error', () => {})
  }

  /** Resolves when more may be written. */
  async write(chunk: Buffer): Promise<void> {
    if (this.stream.destroyed || this.stream.push(chunk)) return
    await new Promise<void>(resolve => {
      this.#wake = resolve
    })
  }

  end(): void {
    if (!this.stream.destroyed) this.stream.push(null)
  }

  abandon(): void {
    this.stream.destroy(new Error('The message did not arrive'))
  }
}
