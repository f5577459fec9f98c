/**
 * The submission door: SMTP for programs that send through this account. Clients in trusted ranges may submit without AUTH or TLS; others
 * are heard, few at a time and not for long, and told to authenticate. SES facts: smtp; RFC 6409.
 */
import { setMaxListeners } from 'node:events'
import { MailctlError, messageOf } from '../base/errors.ts'
import { type Log, silent } from '../base/log.ts'
import type { Outage } from '../base/outage.ts'
import { MAX_MESSAGE_BYTES } from '../mail/body.ts'
import type { Reply } from '../mail/reply.ts'
import { isLoopback } from '../wire/loopback.ts'
import { SmtpServer } from '../wire/smtp-server.ts'
import type { SmtpPeer, SmtpSession } from '../wire/smtp-session.ts'
import { badPath, PHRASES } from './phrases.ts'
import { SubmissionSession, type Submit } from './submission-session.ts'
import { parseTrust } from './trust.ts'

export interface DoorAddress {
  readonly host: string
  /** 0 picks a free one. */
  readonly port: number
  /** Ranges as `parseTrust` reads them; absent: nobody is trusted. */
  readonly trust?: string
}

export interface DoorOptions {
  /** Our own name in the greeting. */
  readonly hostname: string
  readonly submit: Submit
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
/** SES facts: smtp, "Local defaults". */
const STRANGERS = 50
const STRANGER_IDLE_MS = 10_000
const NOT_YOU: Reply = { code: 530, lines: ['Authentication required'] }

/** @throws MailctlError usage: the ranges; forbidden: an address that others reach, without TLS; unreachable: it cannot be had */
export async function openSubmissionDoor(
  { host, port, trust = '' }: DoorAddress,
  { hostname, submit, log, outage }: DoorOptions,
): Promise<SubmissionDoor> {
  const isTrusted = parseTrust(trust)
  if (!isLoopback(host)) {
    throw new MailctlError('forbidden', `The SMTP door does not open on ${host}: it has neither TLS nor login yet`, {
      hint: 'Give --smtp a loopback address such as 127.0.0.1:2587.',
    })
  }
  const strangers = new Set<SmtpPeer>()
  const closed = new AbortController()
  // Every streamed message listens until it has been read: that they are many is no leak that Node should warn of.
  setMaxListeners(0, closed.signal)
  const session = { submit, log, outage, signal: closed.signal }
  const server = new SmtpServer({
    hostname,
    maxMessageBytes: MAX_MESSAGE_BYTES,
    maxRecipients: MAX_ENVELOPE,
    phrases: PHRASES,
    badPath,
    barePaths: 'taken',
    // Lines that nobody reads are not worth writing.
    ...(log !== silent && { log: (line: string) => log('smtp', line) }),
    session: peer => (isTrusted(peer.address) ? new SubmissionSession(peer, session) : strangerSession(peer, strangers)),
  })
  const bound = await server.listen(host, port).catch((cause: unknown) => {
    throw new MailctlError('unreachable', `The SMTP door cannot listen on ${host} port ${port}: ${messageOf(cause)}`, {
      hint: 'Another program may have the port: give --smtp another one, or port 0.',
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

/** Somebody who has not shown that he may send. */
function strangerSession(peer: SmtpPeer, others: Set<SmtpPeer>): SmtpSession {
  const isOneTooMany = others.size >= STRANGERS
  if (!isOneTooMany) others.add(peer)
  return {
    idleMs: STRANGER_IDLE_MS,
    ...(isOneTooMany && { greet: () => PHRASES.tooManyConnections }),
    mail: () => NOT_YOU,
    rcpt: () => NOT_YOU,
    data: () => NOT_YOU,
    close: () => void others.delete(peer),
  }
}
