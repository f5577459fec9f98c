/**
 * From a TCP connection to a session that is ready for a transaction: greeting, hello, TLS as the hop demands it, login. RFC 3207, 4954,
 * opportunistic TLS after RFC 7435. How the connection comes about is the caller's `dial`.
 */
import { asTemporary, interpretReply, ownVerdict, type Verdict } from '../mail/interpret-reply.ts'
import { type Reply, replyText } from '../mail/reply.ts'
import { type TlsResult, tlsFailureOf } from '../mail/tls-result.ts'
import type { Hop } from '../ports/transport.ts'
import { SessionBroken } from '../wire/session-broken.ts'
import type { Session } from './session-pool.ts'
import { certificateWish, demandText, withoutTls } from './tls-demand.ts'

/** A session ready for a transaction, or what to tell the recipients of this host. */
export type Opened = { readonly tls?: TlsResult } & (
  | { readonly kind: 'open'; readonly session: Session }
  | { readonly kind: 'refused'; readonly verdict: Verdict }
)

export interface SessionWish {
  readonly hop: Hop
  readonly helloName: string
  readonly handshakeMs: number
  /** PEM of the authorities that certificates must chain to where they are verified. Absent: those that Node trusts. */
  readonly ca?: string
}

/** TLS as this connection shall have it; `none` after a handshake that failed. */
type Demand = Hop['tls'] | 'none'

/** A second connection follows, in the clear, where the handshake failed and the demand allows it. @throws SessionBroken */
export async function openSession(dial: () => Promise<Session>, wish: SessionWish): Promise<Opened> {
  const first = await dial()
  const { transcript } = first.client.connection
  transcript.add('*', demandText(wish.hop))
  try {
    return await prepare(first, wish, wish.hop.tls)
  } catch (thrown) {
    if (!(thrown instanceof SessionBroken) || thrown.kind !== 'handshake' || wish.hop.tls !== 'opportunistic') throw thrown
    transcript.add('*', `TLS handshake failed (${thrown.message}); once more in the clear`)
    return { ...(await prepare(await dial(), wish, 'none')), tls: tlsFailureOf(thrown.code) }
  }
}

async function prepare(session: Session, { hop, helloName, handshakeMs, ca }: SessionWish, demand: Demand): Promise<Opened> {
  const { client } = session
  const wish = { ...certificateWish(hop), ...(ca !== undefined && { ca }) }
  let tls: TlsResult | undefined
  const refuse = (verdict: Verdict): Opened => {
    client.quit()
    return { kind: 'refused', verdict, ...(tls && { tls }) }
  }
  if (demand === 'implicit') await client.connection.startTls({ ...wish, timeoutMs: handshakeMs })
  const greeting = await client.greeting()
  if (greeting.code !== 220) return refuse(refusal(greeting, hop.hostName))
  let hello = await client.hello(helloName)
  if (hello.code !== 250) return refuse(refusal(hello, hop.hostName))
  if (demand !== 'implicit' && demand !== 'none') {
    const go = client.offers('STARTTLS') ? await client.startTls(wish) : undefined
    if (go?.code !== 220) {
      tls = 'starttls-not-supported'
      if (demand !== 'opportunistic') return refuse(withoutTls(hop, go))
    } else {
      const fault = demand === 'dane' ? undefined : client.connection.certificateFault
      tls = fault === undefined ? 'success' : tlsFailureOf(fault)
      hello = await client.hello(helloName)
      if (hello.code !== 250) return refuse(refusal(hello, hop.hostName))
    }
  }
  const opened: Opened = { kind: 'open', session, ...(tls && { tls }) }
  if (!hop.auth) return opened
  const login = await client.authenticate(hop.auth)
  if (!login) return refuse(ownVerdict('4.7.4', `${hop.hostName} offers no login that we can use under TLS (PLAIN, LOGIN)`))
  // A wrong password is our own mistake: mail waits until it is put right.
  return login.code === 235 ? opened : refuse(asTemporary(refusal(login, hop.hostName)))
}

/** A session-level reply that was not the one that lets us go on; a success out of place is a peer that lost its way. */
function refusal(reply: Reply, hostName: string): Verdict {
  return reply.code >= 400 ? interpretReply(reply, 'session') : ownVerdict('4.5.0', `${hostName} answered out of turn: ${replyText(reply)}`)
}
