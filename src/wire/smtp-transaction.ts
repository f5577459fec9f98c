/**
 * One mail transaction on a session that is ready for it: MAIL, RCPT, DATA, the message, its final dot. RFC 5321 §3.3, 2920 (PIPELINING),
 * 1870 (SIZE), 6152 (8BITMIME).
 *
 * Where the peer pipelines, all commands leave in one write, DATA last; a small message leaves in one more, its dot included. Without an
 * accepted recipient no octet of the message is sent, even if the peer says 354. Line ends other than CRLF are refused (`dot-stuffing.ts`).
 */
import type { FinalMessage } from '../mail/body.ts'
import type { Reply } from '../mail/reply.ts'
import { DotStuffer } from './dot-stuffing.ts'
import { SessionBroken } from './session-broken.ts'
import type { SmtpClientConnection } from './smtp-client-connection.ts'
import type { SmtpTimeouts } from './smtp-timeouts.ts'

export interface TransactionRequest {
  /** `''` is `<>`. */
  readonly from: string
  readonly recipients: readonly string[]
  readonly message: FinalMessage
  /** Declares BODY=8BITMIME; the caller has seen that the peer offers it. */
  readonly eightBit: boolean
}

/** The session as the transaction finds it. */
export interface TransactionTerms {
  readonly timeouts: SmtpTimeouts
  readonly pipelining: boolean
  /** Whether MAIL declares the size. */
  readonly size: boolean
  /** `unfinished`: the transaction before did not come to its end, and RSET goes ahead of MAIL. */
  readonly session: 'ready' | 'unfinished'
}

/** What the peer said to each step, as far as the transaction came. A recipient without a reply was not answered for. */
export interface Transaction {
  readonly mail: Reply | undefined
  readonly recipients: readonly (Reply | undefined)[]
  /** To DATA: 354, or a refusal. Undefined when nobody was accepted, or when it did not come to it. */
  readonly data: Reply | undefined
  /** To the final dot. */
  readonly final: Reply | undefined
  /** Why it ended early. `afterDot`: the peer may have taken the message and we do not know. */
  readonly broken: { readonly cause: SessionBroken; readonly afterDot: boolean } | undefined
  /** Whether another transaction may follow on this session. */
  readonly session: TransactionTerms['session'] | 'over'
}

type Progress = { -readonly [Part in keyof Transaction]: Transaction[Part] } & { recipients: (Reply | undefined)[]; dotSent: boolean }

/** Octets of a message collected before they are written. */
const WRITE_BYTES = 64 * 1024

export const isAccepted = (reply: Reply | undefined): boolean => reply !== undefined && reply.code >= 200 && reply.code < 300

/** Whether the address can stand between `<` and `>` in a command: printable ASCII, and neither space nor bracket outside quotes. */
export function fitsPath(address: string): boolean {
  if (/^[!-;=?-~]*$/.test(address)) return true
  return /^[\x20-\x7e]*$/.test(address) && !/[ <>]/.test(address.replace(/"(?:[^"\\]|\\.)*"/g, '""'))
}

/** @throws what reading the message throws, BareLineEnd included; the connection is then gone, and the peer has no whole message */
export async function transact(
  connection: SmtpClientConnection,
  terms: TransactionTerms,
  request: TransactionRequest,
): Promise<Transaction> {
  const recipients = request.recipients.map(() => undefined)
  const progress: Progress = {
    mail: undefined,
    recipients,
    data: undefined,
    final: undefined,
    broken: undefined,
    session: 'unfinished',
    dotSent: false,
  }
  try {
    await sayEnvelope(connection, terms, { request, progress })
    if (progress.data?.code === 354) {
      await sendContent(connection, request.message, { blockMs: terms.timeouts.blockMs, progress })
      progress.final = await connection.readReply(terms.timeouts.finalDotMs)
      progress.session = 'ready'
    }
  } catch (thrown) {
    progress.session = 'over'
    connection.destroy()
    if (!(thrown instanceof SessionBroken)) throw thrown
    progress.broken = { cause: thrown, afterDot: progress.dotSent }
    // What the peer said before it hung up explains more than that it did.
    const parting = progress.data?.code === 354 ? connection.takeUnasked() : undefined
    if (parting && parting.code >= 400) progress.final = parting
  }
  if (endsSession(progress)) progress.session = 'over'
  return progress
}

interface Doing {
  readonly request: TransactionRequest
  readonly progress: Progress
}

/** As far as the reply to DATA, which is asked for where somebody was accepted, or was in the same write as everything before it. */
async function sayEnvelope(connection: SmtpClientConnection, terms: TransactionTerms, { request, progress }: Doing): Promise<void> {
  const { timeouts, pipelining, session } = terms
  const mail = mailCommand(request, terms)
  const rcpts = request.recipients.map(address => rcptCommand(address))
  if (pipelining) connection.sendLines([...(session === 'unfinished' ? ['RSET'] : []), mail, ...rcpts, 'DATA'])
  const ask = (line: string, timeoutMs: number): Promise<Reply> => {
    if (!pipelining) connection.sendLine(line)
    return connection.readReply(timeoutMs)
  }
  if (session === 'unfinished' && !isAccepted(await ask('RSET', timeouts.mailMs)))
    throw new SessionBroken('protocol', 'the peer does not let another transaction begin')
  progress.mail = await ask(mail, timeouts.mailMs)
  // After a refused MAIL the peer still answers each pipelined command; those answers say nothing about the recipients.
  const hasSender = isAccepted(progress.mail)
  if (!hasSender && !pipelining) return
  for (const [index, rcpt] of rcpts.entries()) {
    const reply = await ask(rcpt, timeouts.rcptMs)
    if (hasSender) progress.recipients[index] = reply
  }
  const hasRecipient = progress.recipients.some(isAccepted)
  if (!hasRecipient && !pipelining) return
  const data = await ask('DATA', timeouts.dataMs)
  if (!hasRecipient) return declineToSend(connection, data, progress)
  if (data.code < 300 || (data.code !== 354 && connection.hasUnexpected)) {
    // A reply too many among pipelined ones: each may have been taken for another's, so none of them says anything about a recipient.
    if (pipelining) progress.recipients.fill(undefined)
    throw new SessionBroken('protocol', `the peer answered ${data.code} to DATA, or answered more than it was asked`)
  }
  progress.data = data
}

/** RFC 2920 §3.1: a 354 without any recipient is answered with a single dot. A peer that wants a message for nobody gets no other one. */
function declineToSend(connection: SmtpClientConnection, data: Reply, progress: Progress): void {
  if (data.code !== 354) return
  progress.session = 'over'
  connection.sendLine('.')
}

async function sendContent(
  connection: SmtpClientConnection,
  { head, body }: FinalMessage,
  { blockMs, progress }: { readonly blockMs: number; readonly progress: Progress },
): Promise<void> {
  const stuffer = new DotStuffer()
  connection.transcript.add('*', `message of ${head.length + body.length} octets`)
  let pieces = stuffer.push(head)
  if (body.bytes) {
    const { bytes } = body
    for (const piece of body.lineEnds === 'crlf' ? stuffer.pushLines(bytes) : stuffer.push(bytes)) pieces.push(piece)
  } else {
    let waiting = head.length
    for await (const chunk of body.open()) {
      for (const piece of stuffer.push(chunk)) pieces.push(piece)
      waiting += chunk.length
      if (waiting < WRITE_BYTES) continue
      await connection.write(pieces, blockMs)
      if (connection.hasUnasked) throw tooEarly()
      pieces = []
      waiting = 0
    }
  }
  pieces.push(stuffer.end())
  if (connection.hasUnasked) throw tooEarly()
  progress.dotSent = true
  await connection.write(pieces, blockMs)
}

const tooEarly = (): SessionBroken => new SessionBroken('protocol', 'the peer answered before the message had ended')

function mailCommand({ from, message, eightBit }: TransactionRequest, { size }: TransactionTerms): string {
  if (!fitsPath(from)) throw unfit()
  return `MAIL FROM:<${from}>${size ? ` SIZE=${message.head.length + message.body.length}` : ''}${eightBit ? ' BODY=8BITMIME' : ''}`
}

function rcptCommand(address: string): string {
  if (!fitsPath(address)) throw unfit()
  return `RCPT TO:<${address}>`
}

const unfit = (): Error => new Error('an address that cannot stand in an SMTP command')

/** Whether a reply ends the session: 421 does, whatever it answers (RFC 5321 §3.8), and so does a peer that asks for more out of turn. */
function endsSession({ mail, recipients, data, final }: Transaction): boolean {
  const ends = (reply: Reply | undefined): boolean => reply !== undefined && (reply.code === 421 || (reply.code >= 300 && reply.code < 400))
  return ends(mail) || recipients.some(ends) || (data?.code !== 354 && ends(data)) || ends(final)
}
