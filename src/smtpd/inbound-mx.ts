/**
 * The inbound door: SMTP for hosts that bring back what became of our mail. It takes mail for return paths of this account, whose MAC proves
 * them, and reports for verified domains; it relays nothing and asks nobody for a login. What a report does is not decided here.
 */
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import { MailctlError, messageOf } from '../base/errors.ts'
import { type Log, silent } from '../base/log.ts'
import { MAX_MESSAGE_BYTES } from '../mail/body.ts'
import { REPORT_PREFIX_BYTES } from '../mail/mail-report.ts'
import type { Reply } from '../mail/reply.ts'
import { type IngestApp, ingestReport, leaveByMail, noteForgedPath, readMail, reportAddress } from '../operations/ingest-report.ts'
import { SmtpServer } from '../wire/smtp-server.ts'
import { type SmtpPeer, type SmtpSession, smtpReply } from '../wire/smtp-session.ts'
import type { Sockets } from '../wire/sockets.ts'

export interface InboundOptions {
  readonly tls: SecureContextOptions
  readonly log: Log
  /** Absent: TCP. */
  readonly sockets?: Sockets
}

export interface InboundMx {
  readonly address: string
  readonly port: number
  /** Lets the process end although the door is open. */
  unref(): void
  /** No new connections; a message that is being given may be finished within `graceMs`. */
  close(graceMs: number): Promise<void>
}

/** Reports return what they are about, which may be as large as what we take. */
const MAX_REPORT_BYTES = MAX_MESSAGE_BYTES + 256 * 1024
/** Whoever floods the door keeps no more open than this. */
const MAX_CONNECTIONS = 100
/** RFC 5321 §6.3 */
const MAX_HOPS = 100

const OK = smtpReply(250, '2.0.0', 'Ok')
const TAKEN = smtpReply(250, '2.6.0', 'Report taken')
const NO_RELAY = smtpReply(550, '5.7.1', 'Relaying denied: only return paths and domains of this host are received here')
const NOT_A_REPORT = smtpReply(550, '5.7.1', 'Only delivery reports, complaints and automatic answers are received here')
const LOOPING = smtpReply(554, '5.4.6', 'Too many hops, this message is going round in circles')
const COME_AGAIN = smtpReply(451, '4.3.0', 'Local error, try again later')
const TOO_EARLY = smtpReply(451, '4.2.0', 'The message that this is about is still on its way, try again later')

/** @throws MailctlError unreachable: the address cannot be had */
export async function openInboundMx(
  app: IngestApp,
  { host, port }: { readonly host: string; readonly port: number },
  { tls, log, sockets }: InboundOptions,
): Promise<InboundMx> {
  const server = new SmtpServer({
    hostname: app.settings.hostname,
    maxMessageBytes: MAX_REPORT_BYTES,
    maxConnections: MAX_CONNECTIONS,
    ...(sockets && { sockets }),
    tls: { mode: 'starttls', context: () => createSecureContext(tls) },
    ...(log !== silent && { log: (line: string) => log('smtp', line) }),
    session: peer => inboundSession(app, peer, log),
  })
  const bound = await server.listen(host, port).catch((cause: unknown) => {
    throw new MailctlError('unreachable', `The inbound door cannot listen on ${host} port ${port}: ${messageOf(cause)}`, {
      hint: 'Another program may have the port: give --mx another one, port 0, or off.',
      cause,
    })
  })
  return { ...bound, unref: () => server.unref(), close: graceMs => server.close(graceMs) }
}

function inboundSession(app: IngestApp, peer: SmtpPeer, log: Log): SmtpSession {
  let from = ''
  let to: string[] = []
  /** One for each connection is enough to see that somebody tries. */
  let hasNoted = false

  async function rcpt(address: string): Promise<Reply> {
    const kind = await reportAddress(app, address)
    if (kind === 'return-path' || kind === 'domain') {
      to.push(address)
      return OK
    }
    if (kind === 'forged' && !hasNoted) {
      hasNoted = true
      await noteForgedPath(app, { envelopeFrom: from, envelopeTo: address, peer: peer.address })
    }
    return NO_RELAY
  }

  async function take(octets: Buffer, sizeBytes: number): Promise<Reply> {
    const envelope = { from, to: [...to] }
    if (hopCount(octets) > MAX_HOPS) return LOOPING
    const verdicts: (string | undefined)[] = []
    try {
      const read = readMail(octets)
      for (const envelopeTo of envelope.to) {
        if (await leaveByMail(app, envelopeTo, read)) {
          verdicts.push('APPLIED')
          continue
        }
        const judged = await ingestReport(app, { envelopeFrom: envelope.from, envelopeTo, peer: peer.address, sizeBytes, octets }, read)
        verdicts.push(judged?.verdict)
      }
    } catch (thrown) {
      log('smtp', `* report not taken: ${messageOf(thrown)}`)
      return COME_AGAIN
    }
    // What was done for the others is not done again.
    if (verdicts.includes('EARLY')) return TOO_EARLY
    return verdicts.every(verdict => verdict === undefined) ? NOT_A_REPORT : TAKEN
  }

  return {
    mail(address) {
      from = address
      return OK
    },
    rcpt,
    reset() {
      from = ''
      to = []
    },
    whole: octets => take(octets, octets.length),
    async data(body) {
      const chunks: Buffer[] = []
      let size = 0
      for await (const chunk of body as AsyncIterable<Buffer>) {
        if (size < REPORT_PREFIX_BYTES) chunks.push(chunk.subarray(0, REPORT_PREFIX_BYTES - size))
        size += chunk.length
      }
      return await take(Buffer.concat(chunks), size)
    },
  }
}

function hopCount(octets: Buffer): number {
  const end = octets.indexOf('\r\n\r\n')
  const header = octets.subarray(0, Math.min(end < 0 ? octets.length : end, 256 * 1024)).toString('latin1')
  return header.match(/^received[ \t]*:/gim)?.length ?? 0
}
