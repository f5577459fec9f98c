/**
 * `mailctl serve`: opens the doors and the worker over one account, has domains looked at again when their time comes, and closes all of it
 * in order. The doors stop taking mail first, dialogues under way are finished, then the worker; what it could not finish is given back to
 * the queue.
 */
import { once } from 'node:events'
import { Outage } from './base/outage.ts'
import type { Doors, ServeAsk, Serving } from './cli/command.ts'
import { listenText } from './cli/listen-address.ts'
import type { HttpDoors } from './http/doors.ts'
import type { App } from './operations/app.ts'
import { submitMessage } from './operations/submit-message.ts'
import { openSubmissionDoor } from './smtpd/submission.ts'
import { Chores } from './worker/chores.ts'
import { Rechecker } from './worker/rechecker.ts'
import { Worker } from './worker/worker.ts'

/** How long dialogues, and then attempts, may take to end by themselves. Together below the 10 s of the contract. */
const DIALOGUES_MS = 3_000
const ATTEMPTS_MS = 5_000
/** Checks are cut when the doors begin to close; this is for what they write last. */
const CHECKS_MS = 1_000

/** How long the answer to a large message may be held back; clients wait 10 minutes for it (RFC 5321 §4.5.3.2.6). */
const BANDWIDTH_WAIT_MS = 60_000
/** Whoever may submit without a login is known by nothing but that. */
const TRUSTED = 'smtp-trust'

interface Running {
  readonly signal: AbortSignal
  /** Told of what failed and will be tried again. */
  readonly warn: (text: string) => void
  readonly version: string
}

/** @throws MailctlError usage (trust), unreachable (the address cannot be had), store-unavailable */
export async function serve(app: App, ask: ServeAsk, { signal, warn, version }: Running): Promise<Serving> {
  const worker = new Worker(app, warn)
  const rechecker = new Rechecker(app, warn)
  const door =
    ask.smtp && (await openSubmissionDoor({ ...ask.smtp, ...(ask.smtpTrust !== undefined && { trust: ask.smtpTrust }) }, options()))
  const http = await openHttp()
  worker.start()
  const chores = new Chores(app, { warn })
  chores.start()
  rechecker.start()
  const doors: Doors = {
    Smtp: door ? listenText(door) : null,
    Http: urlOf(http?.http, 'http'),
    Https: urlOf(http?.https, 'https'),
    Pid: process.pid,
  }
  const stopped = signal.aborted ? Promise.resolve() : once(signal, 'abort')
  const ended = stopped.then(async () => {
    rechecker.stop()
    await Promise.all([door?.close(DIALOGUES_MS), http?.close(DIALOGUES_MS)])
    await Promise.all([worker.stop(ATTEMPTS_MS), chores.stop(), rechecker.stopped(CHECKS_MS)])
  })
  return { doors, ended }

  async function openHttp(): Promise<HttpDoors | undefined> {
    if (!ask.http && !ask.https) return undefined
    const { checkHttpDoors, openHttpDoors } = await import('./http/doors.ts')
    const auth = ask.httpAuth ?? (app.settings.network === 'lab' ? 'none' : 'sigv4')
    try {
      checkHttpDoors({ ...ask, auth })
      const https = ask.https && { ...ask.https, tls: await app.certificates.own() }
      return await openHttpDoors(app, { http: ask.http, https, auth, version, warn })
    } catch (error) {
      await door?.close(0)
      throw error
    }
  }

  function options(): Parameters<typeof openSubmissionDoor>[1] {
    return {
      hostname: app.settings.hostname,
      outage: new Outage({ warn, what: 'messages are answered 451', over: 'messages are accepted again' }),
      log: app.log,
      async submit({ from, recipients, content, peer, signal: gone }) {
        const { holdMs } = worker
        const { messageId, held } = await submitMessage(app, {
          content,
          recipients,
          returnPath: from,
          tags: {},
          configurationSet: null,
          operation: 'SendSmtpEmail',
          caller: { sourceIp: peer.address, identity: TRUSTED },
          signer: 'own',
          rateWaitMs: 0,
          bandwidthWaitMs: BANDWIDTH_WAIT_MS,
          ...(holdMs !== undefined && { holdMs }),
          signal: gone,
        })
        worker.deliver(held)
        return messageId
      },
    }
  }
}

const urlOf = (door: { readonly address: string; readonly port: number } | undefined, scheme: 'http' | 'https'): string | null =>
  door ? `${scheme}://${listenText(door)}` : null
