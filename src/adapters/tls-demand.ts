/** What a hop's demand for TLS means on a connection: the certificate that will do, the verdict where there is no TLS, and the words for it. */
import { daneMismatch } from '../mail/dane.ts'
import { ownVerdict, type Verdict } from '../mail/interpret-reply.ts'
import { type Reply, replyText } from '../mail/reply.ts'
import type { Hop } from '../ports/transport.ts'
import type { SessionBroken } from '../wire/session-broken.ts'
import type { TlsWish } from '../wire/smtp-client-connection.ts'
import { brokenVerdict } from './visit.ts'

export function certificateWish({ hostName, tls, dane }: Hop): Pick<TlsWish, 'hostName' | 'certificate'> {
  if (tls === 'dane') {
    if (dane === undefined) throw new Error('a hop under DANE without TLSA records')
    const check: TlsWish['certificate'] = chain => {
      // Certificates are of the machine's time, as TLS is.
      const mismatch = daneMismatch(chain, dane, Date.now())
      return mismatch && { code: mismatch.failure, words: mismatch.words }
    }
    return { hostName: dane.names[0] ?? hostName, certificate: check }
  }
  return { hostName, certificate: tls === 'required' || tls === 'implicit' ? 'verify' : 'accept' }
}

/** @param reply to STARTTLS; absent when it was not offered */
export function withoutTls({ hostName, tls }: Hop, reply: Reply | undefined): Verdict {
  const words = reply ? `${hostName} refused TLS: ${replyText(reply)}` : `${hostName} does not offer TLS, which is required`
  const isForNow = reply !== undefined && reply.code < 500
  return ownVerdict(tls === 'encrypted' && !isForNow ? '5.7.4' : '4.7.4', words)
}

/**
 * A session that broke before the transaction. A message that may go under TLS only bounces at a host whose TLS is of no use; what
 * stands in the way of a certificate that a domain announced may be an attack, and passes.
 */
export function unopened(broken: SessionBroken, { hostName, tls }: Hop): Verdict {
  const isUseless = broken.kind === 'handshake' && tls === 'encrypted' && broken.code?.startsWith('ERR_SSL')
  return isUseless ? ownVerdict('5.7.5', `${hostName}: ${broken.message}`) : brokenVerdict(broken, hostName)
}

const DEMANDS = {
  opportunistic: 'TLS where offered',
  encrypted: 'TLS required, with any certificate',
  required: 'TLS required, with a certificate for the host',
  implicit: 'TLS from the start, with a certificate for the host',
  dane: 'TLS required, with a certificate announced in DNS',
} as const satisfies Record<Hop['tls'], string>

/** For the transcript: what was decided, and why. */
export const demandText = ({ tls, policy }: Hop): string => `${DEMANDS[tls]}${policy ? `: ${policy.words}` : ''}`
