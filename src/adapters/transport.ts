/**
 * The `Transport` port over our own SMTP client: one attempt is one transaction at one host, on a session kept from an earlier message or
 * on a new one, and exactly one outcome for each recipient.
 *
 * A kept session that turns out to be dead before it has answered for the sender costs nothing: the attempt begins again on a new
 * connection. Where a connection goes is `connector.ts`, what it must offer first `open-session.ts`, how long sessions are kept
 * `session-pool.ts`, and what a transaction comes to `visit.ts`. Sockets run on the machine's time, with one timer for all of them.
 * Throws only on abort, when the message cannot be read, or on a bug.
 */
import type { Socket } from 'node:net'
import { MailctlError } from '../base/errors.ts'
import { type TlsResult, tlsFailureOf } from '../mail/tls-result.ts'
import type { Lab } from '../ports/lab.ts'
import type { Network } from '../ports/settings.ts'
import type { Delivery, Greeting, Hop, HopResult, Transport } from '../ports/transport.ts'
import { DeadlineClock } from '../wire/deadline-clock.ts'
import { SessionBroken } from '../wire/session-broken.ts'
import { SmtpClient } from '../wire/smtp-client.ts'
import { type Errand, SmtpClientConnection } from '../wire/smtp-client-connection.ts'
import { DEFAULT_TIMEOUTS, type SmtpTimeouts } from '../wire/smtp-timeouts.ts'
import { Transcript } from '../wire/smtp-transcript.ts'
import { type Sockets, tcpSockets } from '../wire/sockets.ts'
import { connectToOneOf, placesOf, STAGGER_MS } from './connector.ts'
import { openSession, type SessionWish } from './open-session.ts'
import { DEFAULT_POOL_LIMITS, type PoolLimits, type Session, SessionPool } from './session-pool.ts'
import { unopened } from './tls-demand.ts'
import { Visit } from './visit.ts'

export interface TransportOptions {
  /** `lab`: connections off loopback are refused. */
  readonly network: Network
  readonly lab: Pick<Lab, 'door'>
  readonly timeouts?: Partial<SmtpTimeouts>
  readonly keep?: Partial<PoolLimits>
  /** How long an address is dialled alone before its rival is too; RFC 8305's 250 ms when absent. */
  readonly staggerMs?: number
  /** Absent: TCP. */
  readonly sockets?: Sockets
  /** PEM of the authorities that certificates must chain to where they are verified. Absent: those that Node trusts. */
  readonly ca?: string
}

/** An attempt under way, for whoever interrupts it. */
interface Job {
  connection: SmtpClientConnection | undefined
}

export function createTransport({
  network,
  lab,
  timeouts: given,
  keep,
  staggerMs = STAGGER_MS,
  sockets = tcpSockets,
  ca,
}: TransportOptions): Transport {
  const timeouts = { ...DEFAULT_TIMEOUTS, ...given }
  const limits = { ...DEFAULT_POOL_LIMITS, ...keep }
  const clock = new DeadlineClock(tickMs([...Object.values(timeouts), limits.idleMs]))
  const pool = new SessionPool(clock, limits)
  const open = new Set<Socket>()

  async function attempt(hop: Hop, delivery: Delivery, signal?: AbortSignal): Promise<HopResult> {
    const transcript = new Transcript()
    const visit = new Visit(hop, delivery, transcript)
    if (visit.isSettled) return visit.answered()
    const errand = errandWith(transcript)
    const job: Job = { connection: undefined }
    const jobs = signal && jobsOf(signal)
    jobs?.add(job)
    const dial = async (): Promise<Session> => {
      const session = await connect(hop, { errand, job, ...(signal && { signal }) })
      visit.reached(session.address)
      return session
    }
    const key = alikeBy(hop, delivery.helloName)
    const takeKept = (): Session | undefined => {
      const kept = signal?.aborted ? undefined : pool.take(key)
      kept?.client.resume(errand)
      job.connection = kept?.client.connection
      return kept
    }
    const wish = wishFor(hop, delivery.helloName)
    /** @returns undefined when a kept session was dead */
    const visitOn = async (session: Session): Promise<HopResult | undefined> => {
      const result = await visit.transact(session)
      // What was already answered for stands, even when the abort came just after it.
      if (signal?.aborted && visit.wasCut) throw new SessionBroken('closed', 'interrupted')
      pool.give(key, session, delivery.messagesPerSession)
      return result
    }
    try {
      for (let kept = takeKept(); kept; kept = takeKept()) {
        const result = await visitOn(kept)
        if (result) return result
        pool.drop(key)
      }
      const opened = await openSession(dial, wish)
      const tls = opened.tls && { tls: opened.tls }
      if (opened.kind === 'refused') return { ...visit.unreachable(opened.verdict), ...tls }
      const result = await visitOn(opened.session)
      if (!result) throw new Error('a new session counted as a kept one')
      return { ...result, ...tls }
    } catch (thrown) {
      if (signal?.aborted) throw new MailctlError('interrupted', `delivery to ${hop.hostName} was interrupted`, { cause: thrown })
      if (!(thrown instanceof SessionBroken)) throw thrown
      const result = visit.unreachable(unopened(thrown, hop))
      return thrown.kind === 'handshake' ? { ...result, tls: tlsFailureOf(thrown.code) } : result
    } finally {
      jobs?.delete(job)
    }
  }

  async function greet(hop: Hop, helloName: string, signal?: AbortSignal): Promise<Greeting> {
    const transcript = new Transcript()
    const errand = errandWith(transcript)
    const job: Job = { connection: undefined }
    const jobs = signal && jobsOf(signal)
    jobs?.add(job)
    const ended = (ready: boolean, reply: string, tls?: TlsResult): Greeting => ({
      ready,
      reply: transcript.conceal(reply),
      transcript: transcript.lines,
      ...(tls && { tls }),
    })
    try {
      const opened = await openSession(() => connect(hop, { errand, job, ...(signal && { signal }) }), wishFor(hop, helloName))
      if (opened.kind === 'refused') return ended(false, opened.verdict.reply, opened.tls)
      opened.session.client.quit()
      return ended(true, transcript.lines.findLast(line => line.includes(' < 220')) ?? '', opened.tls)
    } catch (thrown) {
      if (signal?.aborted) throw new MailctlError('interrupted', `the session with ${hop.hostName} was interrupted`, { cause: thrown })
      if (!(thrown instanceof SessionBroken)) throw thrown
      return ended(false, unopened(thrown, hop).reply, thrown.kind === 'handshake' ? tlsFailureOf(thrown.code) : undefined)
    } finally {
      jobs?.delete(job)
    }
  }

  function errandWith(transcript: Transcript): Errand {
    return { transcript, limitMs: timeouts.attemptMs, endsAt: performance.now() + timeouts.attemptMs }
  }

  const wishFor = (hop: Hop, helloName: string): SessionWish => ({
    hop,
    helloName,
    handshakeMs: timeouts.handshakeMs,
    ...(ca !== undefined && { ca }),
  })

  /** @throws SessionBroken */
  async function connect(
    hop: Hop,
    { errand, job, signal }: { readonly errand: Errand; readonly job: Job; readonly signal?: AbortSignal },
  ): Promise<Session> {
    if (signal?.aborted) throw new SessionBroken('closed', 'interrupted')
    const leftMs = errand.endsAt - performance.now()
    if (leftMs <= 0) throw new SessionBroken('timeout', `the attempt took longer than ${errand.limitMs} ms`)
    const places = await placesOf(hop, { network, lab })
    const timeoutMs = Math.min(timeouts.connectMs, leftMs)
    const { transcript } = errand
    const { socket, address } = await connectToOneOf(places, { timeoutMs, staggerMs, transcript, open, sockets, ...(signal && { signal }) })
    const connection = new SmtpClientConnection(socket, { clock, errand })
    job.connection = connection
    return { client: new SmtpClient(connection, timeouts), address, served: 0 }
  }

  return {
    attempt,
    greet,
    async close() {
      pool.close()
      for (const socket of open) socket.destroy()
    },
  }
}

/** What two hops must share for one session to do for both. */
function alikeBy({ hostName, address, port, via, tls, dane, source, auth }: Hop, helloName: string): string {
  let route = `${hostName} ${address} ${port} ${via} ${tls} ${helloName}`
  if (dane) route += ` ${dane.names}`
  if (source) route += ` ${source}`
  return auth ? JSON.stringify([route, auth.user, auth.password]) : route
}

/** A time-out is noticed by a quarter of it too late at most, and after a quarter of a second. */
function tickMs(timeouts: readonly number[]): number {
  return Math.max(5, Math.min(250, Math.min(...timeouts) / 4))
}

const jobsBySignal = new WeakMap<AbortSignal, Set<Job>>()

/** The attempts that end with this signal: one listener for all of them, however many they are. */
function jobsOf(signal: AbortSignal): Set<Job> {
  const known = jobsBySignal.get(signal)
  if (known) return known
  const jobs = new Set<Job>()
  jobsBySignal.set(signal, jobs)
  const interrupt = (): void => {
    for (const { connection } of jobs) connection?.destroy()
  }
  signal.addEventListener('abort', interrupt, { once: true })
  return jobs
}
