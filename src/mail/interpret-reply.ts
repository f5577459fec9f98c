/**
 * What a peer's reply means for mail: the one table for "what to do when it refuses". RFC 5321 §4.2, RFC 3463, RFC 7504.
 *
 * The same code means different things at different steps, so every question names its scope. Class 2 delivers, 4 delays, 5 fails;
 * anything else is a peer that lost its way, and the doubtful case is always the temporary one. A missing enhanced status code is made
 * from code and scope. Pure; throws never.
 */
import { printable } from '../base/redact.ts'
import type { Outcome } from './outcome.ts'
import { type EnhancedStatus, type Reply, replyText } from './reply.ts'

/** Which step was refused: greeting, EHLO, STARTTLS or AUTH; MAIL; RCPT; DATA or the final dot. */
export type ReplyScope = 'session' | 'sender' | 'recipient' | 'message'

/** An outcome before anybody knows at which host. */
export type Verdict = Omit<Outcome, 'remote'>

const STATUS_BY_CODE: Readonly<Record<number, EnhancedStatus | Partial<Readonly<Record<ReplyScope, EnhancedStatus>>>>> = {
  421: '4.3.2',
  450: { sender: '4.7.1', recipient: '4.2.0' },
  451: '4.3.0',
  452: { sender: '4.3.1', recipient: '4.5.3', message: '4.3.1' },
  454: '4.7.0',
  455: '4.5.4',
  500: '5.5.2',
  501: { sender: '5.1.7', recipient: '5.1.3', session: '5.5.4', message: '5.5.4' },
  502: '5.5.1',
  503: '5.5.1',
  504: '5.5.4',
  521: '5.3.2',
  530: '5.7.0',
  534: '5.7.9',
  535: '5.7.8',
  538: '5.7.11',
  550: { recipient: '5.1.1', sender: '5.7.1', message: '5.7.1', session: '5.7.1' },
  551: '5.1.6',
  552: { recipient: '5.2.2', sender: '5.3.4', message: '5.3.4' },
  553: { recipient: '5.1.3', sender: '5.1.7' },
  554: { session: '5.3.2' },
  555: '5.5.4',
  556: '5.1.10',
}

/** @param reply with line texts as received; control characters do not survive into the verdict */
export function interpretReply(reply: Reply, scope: ReplyScope): Verdict {
  const text = printable(replyText(reply))
  if (reply.code < 300) return { action: 'delivered', status: reply.status ?? (scope === 'recipient' ? '2.1.5' : '2.0.0'), reply: text }
  if (reply.code < 400) return { action: 'delayed', status: '4.5.0', reply: text }
  const status = reply.status ?? derivedStatus(reply.code, scope)
  if (isTooManyRecipients(reply, scope)) return { action: 'delayed', status: '4.5.3', reply: text }
  return { action: reply.code < 500 ? 'delayed' : 'failed', status, reply: text }
}

/** A verdict in our own words, in the form of a reply: `451 4.4.1 Connection refused`. */
export function ownVerdict(status: EnhancedStatus, words: string): Verdict {
  const text = `${status} ${printable(words)}`
  return status.startsWith('4')
    ? { action: 'delayed', status, reply: `451 ${text}` }
    : { action: status.startsWith('5') ? 'failed' : 'delivered', status, reply: `${status.startsWith('5') ? 554 : 250} ${text}` }
}

/** The peer refused for good what another time, or another host, may accept: our login, for one. */
export function asTemporary(verdict: Verdict): Verdict {
  return verdict.action === 'failed' ? { ...verdict, action: 'delayed', status: `4${verdict.status.slice(1)}` as EnhancedStatus } : verdict
}

function derivedStatus(code: number, scope: ReplyScope): EnhancedStatus {
  const entry = STATUS_BY_CODE[code]
  const status = typeof entry === 'object' ? entry[scope] : entry
  return status ?? (code < 500 ? '4.0.0' : '5.0.0')
}

/** Old servers say 552 where they mean 452: RFC 5321 §4.5.3.1.10. A full mailbox, the other 552 to RCPT, stays permanent. */
function isTooManyRecipients({ code, status, lines }: Reply, scope: ReplyScope): boolean {
  if (code !== 552 || scope !== 'recipient') return false
  return status === undefined ? /too many recipients/i.test(lines.join(' ')) : status === '5.5.3'
}
