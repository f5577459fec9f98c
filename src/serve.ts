/**
 * `mailctl serve`: opens the doors and the worker over one account, has domains looked at again when their time comes, and closes all of it
 * in order. The doors stop taking mail first, dialogues under way are finished, then the worker; what it could not finish is given back to
 * the queue.
 */
import { once } from 'node:events'
import type { Doors, ServeAsk, Serving } from './cli/command.ts'
import { listenText } from './cli/listen-address.ts'
import type { HttpDoors } from './http/doors.ts'
import type { App } from './operations/app.ts'
import { openSmtpDoors } from './smtpd/doors.ts'
import { type InboundMx, openInboundMx } from './smtpd/inbound-mx.ts'
import { Chores } from './worker/chores.ts'
import { EventTeller } from './worker/event-teller.ts'
import { Rechecker } from './worker/rechecker.ts'
import { ReportSender } from './worker/report-sender.ts'
import { Worker } from './worker/worker.ts'

/** How long dialogues, and then attempts, may take to end by themselves. Together below the 10 s of the contract. */
const DIALOGUES_MS = 3_000
const ATTEMPTS_MS = 5_000
/** Checks are cut when the doors begin to close; this is for what they write last. */
const CHECKS_MS = 1_000

interface Running {
  readonly signal: AbortSignal
  /** Told of what failed and will be tried again. */
  readonly warn: (text: string) => void
  readonly version: string
}

/** @throws MailctlError usage (trust), config (certificate), unreachable (an address cannot be had), store-unavailable */
export async function serve(app: App, ask: ServeAsk, { signal, warn, version }: Running): Promise<Serving> {
  const tls = await (ask.tls === undefined ? app.certificates.own() : app.certificates.read(ask.tls.certificateFile, ask.tls.keyFile))
  const worker = new Worker(app, warn)
  const rechecker = new Rechecker(app, warn)
  const teller = new EventTeller(app, warn)
  const { smtp, smtps, smtpTrust: trust } = ask
  const mail = await openSmtpDoors(app, { smtp, smtps, ...(trust !== undefined && { trust }), tls, worker, warn })
  const mx = await openMx()
  const http = await openHttp()
  const reporter = new ReportSender(app, warn)
  const pages = app.settings.network === 'lab' ? urlOf(http?.https, 'https') : http && app.settings.publicUrl
  if (pages) app.eventPublisher.pagesUnder(pages)
  worker.start()
  const chores = new Chores(app, { warn })
  chores.start()
  rechecker.start()
  teller.start()
  reporter.start()
  const doors: Doors = {
    Smtp: mail.smtp ? listenText(mail.smtp) : null,
    Smtps: mail.smtps ? listenText(mail.smtps) : null,
    Http: urlOf(http?.http, 'http'),
    Https: urlOf(http?.https, 'https'),
    Mx: mx ? listenText(mx) : null,
    Pid: process.pid,
  }
  const stopped = signal.aborted ? Promise.resolve() : once(signal, 'abort')
  const ended = stopped.then(async () => {
    rechecker.stop()
    await Promise.all([reporter.stop(), mail.close(DIALOGUES_MS), mx?.close(DIALOGUES_MS), http?.close(DIALOGUES_MS)])
    await Promise.all([worker.stop(ATTEMPTS_MS), teller.stop(ATTEMPTS_MS), chores.stop(), rechecker.stopped(CHECKS_MS)])
  })
  return { doors, ended }

  async function openHttp(): Promise<HttpDoors | undefined> {
    if (!ask.http && !ask.https) return undefined
    const { checkHttpDoors, openHttpDoors } = await import('./http/doors.ts')
    const auth = ask.httpAuth ?? (app.settings.network === 'lab' ? 'none' : 'sigv4')
    try {
      checkHttpDoors({ ...ask, auth })
      const https = ask.https && { ...ask.https, tls }
      return await openHttpDoors(app, { http: ask.http, https, auth, delivery: worker, version, warn })
    } catch (error) {
      await closeMail()
      throw error
    }
  }

  async function openMx(): Promise<InboundMx | undefined> {
    try {
      return ask.mx && (await openInboundMx(app, ask.mx, { tls, log: app.log }))
    } catch (error) {
      await mail.close(0)
      throw error
    }
  }

  async function closeMail(): Promise<void> {
    await Promise.all([mail.close(0), mx?.close(0)])
  }
}

const urlOf = (door: { readonly address: string; readonly port: number } | undefined, scheme: 'http' | 'https'): string | null =>
  door ? `${scheme}://${listenText(door)}` : null
