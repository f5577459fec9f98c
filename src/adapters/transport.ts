/**
 * The `Transport` port over our own SMTP client: one attempt is one connection to one host (a second one where TLS failed and clear
 * text is allowed), one transaction, and exactly one outcome for each recipient.
 *
 * Policy that lives here: what a host must offer before anything is sent to it (RFC 1870, 6152), opportunistic TLS (RFC 7435), AUTH
 * under TLS only (RFC 4954), and whether a failure leaves the next host worth trying. What a reply means is `mail/interpret-reply.ts`.
 * Sockets run on the machine's time. Throws only on abort, when the message cannot be read, or on a bug.
 */
import type { Socket } from 'node:net'
import { MailctlError } from '../base/errors.ts'
import { asTemporary, interpretReply, ownVerdict, type Verdict } from '../mail/interpret-reply.ts'
import { type Reply, replyText } from '../mail/reply.ts'
import type { Lab } from '../ports/lab.ts'
import type { Network } from '../ports/settings.ts'
import type { Delivery, Hop, HopResult, Transport } from '../ports/transport.ts'
import { SessionBroken } from '../wire/session-broken.ts'
import { DEFAULT_TIMEOUTS, SmtpClient, type SmtpTimeouts } from '../wire/smtp-client.ts'
import { SmtpClientConnection } from '../wire/smtp-client-connection.ts'
import { Transcript } from '../wire/smtp-transcript.ts'
import { connectTo, whereTo } from './connector.ts'
import { brokenVerdict, Visit } from './visit.ts'

export interface TransportOptions {
  /** `lab`: connections off loopback are refused. */
  readonly network: Network
  readonly lab: Pick<Lab, 'door'>
  readonly timeouts?: Partial<SmtpTimeouts>
  /** PEM of the authorities that certificates must chain to where they are verified. Absent: those that Node trusts. */
  readonly ca?: string
}

/** A session ready for a transaction, or what to tell the recipients of this host. */
type Opened = { readonly kind: 'open'; readonly client: SmtpClient } | { readonly kind: 'refused'; readonly verdict: Verdict }

/** TLS as this connection shall have it; `none` after a handshake that failed. */
type TlsPolicy = Hop['tls'] | 'none'

export function createTransport({ network, lab, timeouts: given, ca }: TransportOptions): Transport {
  const timeouts = { ...DEFAULT_TIMEOUTS, ...given }
  const sockets = new Set<Socket>()

  async function attempt(hop: Hop, delivery: Delivery, signal?: AbortSignal): Promise<HopResult> {
    const transcript = new Transcript()
    const visit = new Visit(hop, delivery, transcript)
    let connection: SmtpClientConnection | undefined
    const onAbort = (): void => connection?.destroy()
    signal?.addEventListener('abort', onAbort, { once: true })
    const late = new AbortController()
    const deadline = setTimeout(() => {
      late.abort(new SessionBroken('timeout', `the attempt took longer than ${timeouts.attemptMs} ms`))
      connection?.destroy(late.signal.reason)
    }, timeouts.attemptMs)
    const dial = async (): Promise<SmtpClient> => {
      if (signal?.aborted) throw new SessionBroken('closed', 'interrupted')
      late.signal.throwIfAborted()
      const place = await whereTo(hop, { network, lab })
      const socket = await connectTo(place, { timeoutMs: timeouts.connectMs, transcript, sockets, ...(signal && { signal }) })
      visit.reached(place.address)
      connection = new SmtpClientConnection(socket, transcript)
      return new SmtpClient(connection, timeouts)
    }
    try {
      if (visit.isSettled) return visit.answered()
      const opened = await openSession(dial, {
        hop,
        helloName: delivery.helloName,
        handshakeMs: timeouts.handshakeMs,
        transcript,
        ...(ca !== undefined && { ca }),
      })
      if (opened.kind === 'refused') return visit.unreachable(opened.verdict)
      const result = await visit.transact(opened.client)
      // What was already answered for stands, even when the abort came just after it.
      if (signal?.aborted && visit.wasCut) throw new SessionBroken('closed', 'interrupted')
      return result
    } catch (thrown) {
      if (signal?.aborted) throw new MailctlError('interrupted', `delivery to ${hop.hostName} was interrupted`, { cause: thrown })
      if (thrown instanceof SessionBroken) return visit.unreachable(brokenVerdict(thrown, hop.hostName))
      throw thrown
    } finally {
      clearTimeout(deadline)
      signal?.removeEventListener('abort', onAbort)
    }
  }

  return {
    attempt,
    async close() {
      for (const socket of sockets) socket.destroy()
    },
  }
}

interface SessionWish {
  readonly hop: Hop
  readonly helloName: string
  readonly handshakeMs: number
  readonly transcript: Transcript
  readonly ca?: string
}

/** Greeting, hello, TLS and login; a second connection in the clear where the handshake failed and the policy allows it. */
async function openSession(dial: () => Promise<SmtpClient>, wish: SessionWish): Promise<Opened> {
  const first = await dial()
  try {
    return await prepare(first, wish, wish.hop.tls)
  } catch (thrown) {
    if (!(thrown instanceof SessionBroken) || thrown.kind !== 'handshake' || wish.hop.tls !== 'opportunistic') throw thrown
    wish.transcript.add('*', `TLS handshake failed (${thrown.message}); once more in the clear`)
    return prepare(await dial(), wish, 'none')
  }
}

async function prepare(client: SmtpClient, { hop, helloName, handshakeMs, ca }: SessionWish, policy: TlsPolicy): Promise<Opened> {
  const certificate = policy === 'opportunistic' ? 'accept' : 'verify'
  const wish = { hostName: hop.hostName, certificate, ...(ca !== undefined && { ca }) } as const
  const refuse = (verdict: Verdict): Opened => {
    client.quit()
    return { kind: 'refused', verdict }
  }
  if (policy === 'implicit') await client.connection.startTls({ ...wish, timeoutMs: handshakeMs })
  const greeting = await client.greeting()
  if (greeting.code !== 220) return refuse(refusal(greeting, hop.hostName))
  let hello = await client.hello(helloName)
  if (hello.code !== 250) return refuse(refusal(hello, hop.hostName))
  if (policy === 'required' && !client.offers('STARTTLS'))
    return refuse(ownVerdict('4.7.4', `${hop.hostName} does not offer TLS, which is required`))
  if ((policy === 'required' || policy === 'opportunistic') && client.offers('STARTTLS')) {
    const go = await client.startTls(wish)
    if (go.code !== 220 && policy === 'required') return refuse(ownVerdict('4.7.4', `${hop.hostName} refused TLS: ${replyText(go)}`))
    if (go.code === 220) hello = await client.hello(helloName)
    if (hello.code !== 250) return refuse(refusal(hello, hop.hostName))
  }
  if (!hop.auth) return { kind: 'open', client }
  const login = await client.authenticate(hop.auth)
  if (!login) return refuse(ownVerdict('4.7.4', `${hop.hostName} offers no login that we can use under TLS (PLAIN, LOGIN)`))
  // A wrong password is our own mistake: mail waits until it is put right.
  return login.code === 235 ? { kind: 'open', client } : refuse(asTemporary(refusal(login, hop.hostName)))
}

/** A session-level reply that was not the one that lets us go on; a success out of place is a peer that lost its way. */
function refusal(reply: Reply, hostName: string): Verdict {
  return reply.code >= 400 ? interpretReply(reply, 'session') : ownVerdict('4.5.0', `${hostName} answered out of turn: ${replyText(reply)}`)
}
