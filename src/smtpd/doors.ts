/** The SMTP doors of `serve`: what they share (logins, TLS, how a message is submitted), opened and closed as one. */
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls'
import { Outage } from '../base/outage.ts'
import type { App } from '../operations/app.ts'
import { checkSmtpLogin } from '../operations/credentials.ts'
import { type Accepted, submitMessage } from '../operations/submit-message.ts'
import { Logins } from './logins.ts'
import { type DoorAddress, type DoorOptions, openSubmissionDoor, type SubmissionDoor } from './submission.ts'

/** How long the answer to a large message may be held back; clients wait 10 minutes for it (RFC 5321 §4.5.3.2.6). */
const BANDWIDTH_WAIT_MS = 60_000
/** Whoever may submit without a login is known by nothing but that. */
const TRUSTED = 'smtp-trust'

interface At {
  readonly host: string
  readonly port: number
}

export interface SmtpDoorsAsk {
  /** undefined: closed. */
  readonly smtp: At | undefined
  readonly smtps: At | undefined
  /** As `parseTrust` reads it; absent: nobody is trusted. */
  readonly trust?: string
  readonly tls: SecureContextOptions
  /** Who delivers what was accepted: how long it holds a message, when it can, and the message. */
  readonly worker: { readonly holdMs: number | undefined; deliver(held: Accepted['held']): void }
  readonly warn: (text: string) => void
}

export interface SmtpDoors {
  readonly smtp: SubmissionDoor | undefined
  readonly smtps: SubmissionDoor | undefined
  close(graceMs: number): Promise<void>
}

/** @throws MailctlError usage (trust), unreachable (an address cannot be had); no door is open then */
export async function openSmtpDoors(app: App, { smtp, smtps, trust, tls, worker, warn }: SmtpDoorsAsk): Promise<SmtpDoors> {
  const options = doorOptions(app, { tls, worker, warn })
  const opened: SubmissionDoor[] = []
  const close = async (graceMs: number): Promise<void> => {
    await Promise.all(opened.map(door => door.close(graceMs)))
  }
  const open = async (at: At | undefined, mode: DoorAddress['mode']): Promise<SubmissionDoor | undefined> => {
    if (at === undefined) return undefined
    const door = await openSubmissionDoor({ ...at, mode, ...(trust !== undefined && { trust }) }, options)
    opened.push(door)
    return door
  }
  try {
    return { smtp: await open(smtp, 'starttls'), smtps: await open(smtps, 'implicit'), close }
  } catch (error) {
    await close(0)
    throw error
  }
}

function doorOptions(app: App, { tls, worker, warn }: Pick<SmtpDoorsAsk, 'tls' | 'worker' | 'warn'>): DoorOptions {
  let context: SecureContext | undefined
  return {
    hostname: app.settings.hostname,
    tlsContext() {
      context ??= createSecureContext(tls)
      return context
    },
    logins: new Logins({
      check: ({ user, password }) => checkSmtpLogin(app, user, password),
      isInUse: user => app.credentials.isInUse(user),
      log: app.log,
      outage: new Outage({ warn, what: 'logins are answered 454', over: 'logins are answered again' }),
    }),
    outage: new Outage({ warn, what: 'messages are answered 451', over: 'messages are accepted again' }),
    log: app.log,
    async submit({ from, recipients, content, peer, user, signal }) {
      const { holdMs } = worker
      const { messageId, held } = await submitMessage(app, {
        content,
        recipients,
        returnPath: from,
        tags: {},
        configurationSet: null,
        operation: 'SendSmtpEmail',
        caller: { sourceIp: peer.address, identity: user ?? TRUSTED },
        signer: 'own',
        rateWaitMs: 0,
        bandwidthWaitMs: BANDWIDTH_WAIT_MS,
        signal,
        ...(holdMs !== undefined && { holdMs }),
      })
      worker.deliver(held)
      return messageId
    },
  }
}
