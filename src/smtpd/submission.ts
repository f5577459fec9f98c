/**
 * The submission door: SMTP for programs that send through this account, by STARTTLS on one port and with TLS from the start on another.
 * Clients in trusted ranges may submit without AUTH or TLS; others log in, and until then are few at a time. SES facts: smtp; RFC 6409, 8314.
 */
import { setMaxListeners } from 'node:events'
import { MailctlError, messageOf } from '../base/errors.ts'
import { type Log, silent } from '../base/log.ts'
import type { Outage } from '../base/outage.ts'
import { MAX_MESSAGE_BYTES } from '../mail/body.ts'
import { SmtpServer } from '../wire/smtp-server.ts'
import type { SmtpServerOptions } from '../wire/smtp-session.ts'
import type { Logins } from './logins.ts'
import { badPath, PHRASES } from './phrases.ts'
import { SubmissionSession, type Submit } from './submission-session.ts'
import { parseTrust } from './trust.ts'

export interface DoorAddress {
  readonly host: string
  /** 0 picks a free one. */
  readonly port: number
  readonly mode: 'starttls' | 'implicit'
  /** Ranges as `parseTrust` reads them; absent: nobody is trusted. */
  readonly trust?: string
}

export interface DoorOptions {
  /** Our own name in the greeting. */
  readonly hostname: string
  readonly submit: Submit
  /** One for all doors. */
  readonly logins: Logins
  readonly tlsContext: NonNullable<SmtpServerOptions['tls']>['context']
  readonly log: Log
  readonly outage: Pick<Outage, 'failed' | 'worked'>
}

export interface SubmissionDoor {
  readonly address: string
  readonly port: number
  /** No new connections; who is idle hears 421, a message that is being given is finished within `graceMs`. Resolves when all are gone. */
  close(graceMs: number): Promise<void>
}

/** The door counts more than fifty recipients itself, at the end of DATA; this only bounds what one envelope holds in memory. */
const MAX_ENVELOPE = 1000
/** Until TLS is there nobody is known. */
const HANDSHAKE_MS = 10_000

/** @throws MailctlError usage: the ranges; unreachable: the address cannot be had */
export async function openSubmissionDoor(
  { host, port, mode, trust = '' }: DoorAddress,
  { hostname, submit, logins, tlsContext, log, outage }: DoorOptions,
): Promise<SubmissionDoor> {
  const isTrusted = parseTrust(trust)
  const closed = new AbortController()
  // Every streamed message listens until it has been read: that they are many is no leak that Node should warn of.
  setMaxListeners(0, closed.signal)
  const session = { submit, logins, log, outage, signal: closed.signal }
  const server = new SmtpServer({
    hostname,
    maxMessageBytes: MAX_MESSAGE_BYTES,
    maxRecipients: MAX_ENVELOPE,
    phrases: PHRASES,
    badPath,
    barePaths: 'taken',
    chunking: 'offered',
    helloEnd: 'Ok',
    tls: { mode, context: tlsContext },
    timeouts: { handshakeMs: HANDSHAKE_MS },
    // Lines that nobody reads are not worth writing.
    ...(log !== silent && { log: (line: string) => log('smtp', line) }),
    session: peer => new SubmissionSession(peer, isTrusted(peer.address), session),
  })
  const bound = await server.listen(host, port).catch((cause: unknown) => {
    throw new MailctlError('unreachable', `The SMTP door cannot listen on ${host} port ${port}: ${messageOf(cause)}`, {
      hint: `Another program may have the port: give --${mode === 'implicit' ? 'smtps' : 'smtp'} another one, port 0, or off.`,
      cause,
    })
  })
  return {
    ...bound,
    async close(graceMs) {
      await server.close(graceMs)
      closed.abort()
    },
  }
}
