/** A listener on loopback that keeps what it took, for tests of clients and of the listener itself. */
import type { Readable } from 'node:stream'
import type { Reply } from '../../src/mail/reply.ts'
import { SmtpServer } from '../../src/wire/smtp-server.ts'
import { type SmtpPeer, type SmtpServerOptions, type SmtpSession, smtpReply } from '../../src/wire/smtp-session.ts'

export interface SunkMessage {
  readonly from: string
  readonly to: readonly string[]
  readonly body: string
}

export interface Sink {
  readonly address: string
  readonly port: number
  readonly messages: SunkMessage[]
  readonly errors: string[]
  readonly log: string[]
  readonly server: SmtpServer
}

export async function readAll(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}

const ok = smtpReply(250, '2.0.0', 'Ok')

/** @param session what this sink does otherwise than accept everything */
export async function openSink(
  options: Partial<SmtpServerOptions> = {},
  session: (peer: SmtpPeer) => Partial<SmtpSession> = () => ({}),
): Promise<Sink> {
  const messages: SunkMessage[] = []
  const errors: string[] = []
  const log: string[] = []
  const server = new SmtpServer({
    hostname: 'sink.test',
    maxMessageBytes: 41_943_040,
    log: line => log.push(line),
    ...options,
    session: peer => {
      let from = ''
      let to: string[] = []
      return {
        mail(address) {
          from = address
          to = []
          return ok
        },
        rcpt(address) {
          to.push(address)
          return ok
        },
        async data(body): Promise<Reply> {
          const envelope = { from, to }
          try {
            messages.push({ ...envelope, body: (await readAll(body)).toString('latin1') })
          } catch (thrown) {
            errors.push(String(thrown))
            throw thrown
          }
          return ok
        },
        ...session(peer),
      }
    },
  })
  return { ...(await server.listen('127.0.0.1', 0)), messages, errors, log, server }
}
