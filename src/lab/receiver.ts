/**
 * One receiver of the box on one loopback port: a policy that accepts or refuses, a judge that checks SPF, DKIM and DMARC, and the inbox.
 * The 250 after the message is said only when the inbox has committed it.
 */
import { Readable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import { MAX_MESSAGE_BYTES } from '../mail/body.ts'
import type { DnsAnswer, RecordType } from '../mail/dns-record.ts'
import type { Header } from '../mail/header.ts'
import type { Reply } from '../mail/reply.ts'
import { SmtpServer } from '../wire/smtp-server.ts'
import { type SmtpPeer, type SmtpSession, smtpReply } from '../wire/smtp-session.ts'
import { contextFor } from './authority.ts'
import { type Arriving, hopCount, type Inbox } from './inbox.ts'
import type { PendingReports } from './pending-reports.ts'
import type { Memory } from './policy.ts'
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
}

export class Receiver {
  readonly #options: ReceiverOptions
  readonly #server: SmtpServer
  /** Messages being taken: a closed box has none. */
  readonly #working = new Set<Promise<Reply>>()

  constructor(options: ReceiverOptions) {
    const { host, site, memory } = options
    const { tls } = site.policy
    this.#options = options
    this.#server = new SmtpServer({
      hostname: host,
      maxMessageBytes: MAX_ARRIVING_BYTES,
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
    const { greeting, paceMs, rcpt } = site.policy
    let from = ''
    let to: string[] = []
    const paced = (reply: Reply): Reply | Promise<Reply> => (paceMs === undefined ? reply : pause(paceMs, reply))
    return {
      greet: () => paced(greeting ?? { code: 220, lines: [site.banner ?? `${host} ESMTP`] }),
      mail(address) {
        from = address
        return paced(OK)
      },
      rcpt(address) {
        const refusal = rcpt?.({ receiver: host, ip: peer.address, from, to: address }, memory)
        if (refusal !== undefined) return paced(refusal)
        to.push(address)
        return paced(OK)
      },
      reset() {
        from = ''
        to = []
      },
      data: body => {
        const work = this.#take(body, peer, { from, to: [...to] }).then(paced)
        this.#working.add(work)
        const done = (): unknown => this.#working.delete(work)
        work.then(done, done)
        return work
      },
    }
  }

  async #take(body: AsyncIterable<Buffer>, peer: SmtpPeer, envelope: Envelope): Promise<Reply> {
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
      if (verdicts !== undefined) return this.#keep(arriving, peer, envelope, await verdicts)
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

  #keep(arriving: Arriving, peer: SmtpPeer, { from, to }: Envelope, authentication: Verdicts): Reply {
    const { host, site, memory } = this.#options
    const header = arriving.header()
    if (hopCount(header) > MAX_HOPS) {
      arriving.discard()
      return smtpReply(554, '5.4.6', 'Too many hops, this message is going round in circles')
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
      trace: id => traceFields({ id, receiver: host, ip, helo, from, to, protocol, tls, at, authentication }),
    })
    this.#returnReports(header, peer, { from, to }, at)
    return site.policy.accepted?.(id) ?? smtpReply(250, '2.0.0', `Ok: queued as ${id}`)
  }

  /** Before the message is answered for, so that none is forgotten. */
  #returnReports(header: Header, { address: ip }: SmtpPeer, { from, to }: Envelope, at: number): void {
    const { host, site, reports } = this.#options
    const returning = to.flatMap(address => {
      const returns = site.policy.returns?.(address)
      return returns === undefined ? [] : [{ address, returns }]
    })
    if (returning.length > 0) reports.add({ receiver: host, from, to: returning, ip, header, at })
  }
}

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
