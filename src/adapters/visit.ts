/**
 * One visit at one host, seen from its recipients: what must be known before anything is sent, what the transaction came to, and the sheet
 * on which every recipient gets exactly one outcome.
 */
import { interpretReply, ownVerdict, type Verdict } from '../mail/interpret-reply.ts'
import type { RemoteMta } from '../mail/outcome.ts'
import { OutcomeSheet } from '../mail/outcome-sheet.ts'
import type { Delivery, Hop, HopResult } from '../ports/transport.ts'
import { BareLineEnd } from '../wire/dot-stuffing.ts'
import type { SessionBroken } from '../wire/session-broken.ts'
import type { SmtpClient } from '../wire/smtp-client.ts'
import { fitsPath, isAccepted, type Transaction } from '../wire/smtp-transaction.ts'
import type { Transcript } from '../wire/smtp-transcript.ts'
import type { Session } from './session-pool.ts'

export class Visit {
  readonly #delivery: Delivery
  readonly #transcript: Transcript
  readonly #sheet: OutcomeSheet
  #remote: RemoteMta
  #wasCut = false

  constructor(hop: Hop, delivery: Delivery, transcript: Transcript) {
    this.#delivery = delivery
    this.#transcript = transcript
    this.#sheet = new OutcomeSheet(delivery.recipients)
    this.#remote = { name: hop.hostName, ip: hop.address }
    this.#refuseUnsendable()
  }

  /** Where the connection really went. */
  reached(ip: string): void {
    this.#remote = { name: this.#remote.name, ip }
  }

  /** Whether every recipient was refused without asking anybody. */
  get isSettled(): boolean {
    return this.#sheet.open.length === 0
  }

  /** Whether the transaction broke off. */
  get wasCut(): boolean {
    return this.#wasCut
  }

  /** No session, or none that answered for a recipient. */
  unreachable(verdict: Verdict): HopResult {
    return this.#end('unreachable', verdict)
  }

  /** The host answered for recipients. @param rest what those without an outcome get; absent when all have one */
  answered(rest?: Verdict): HopResult {
    return this.#end('session', rest)
  }

  /**
   * The transaction and what comes of it.
   * @returns undefined when a session that had rested was dead before it had answered for the sender: nothing was sent that counts
   * @throws what reading the message throws
   */
  async transact({ client, address, served }: Session): Promise<HopResult | undefined> {
    const { tlsVersion } = client.connection
    this.reached(address)
    if (tlsVersion !== undefined) this.#remote = { ...this.#remote, tlsVersion }
    if (served > 0) this.#transcript.add('*', `on the session with ${address}, message ${served + 1}`)
    const unfit = this.#unfitFor(client)
    if (unfit) return this.answered(unfit)
    const { envelopeFrom: from, recipients, message, eightBit } = this.#delivery
    const open = this.#sheet.open
    const asked = open.map(index => recipients[index] ?? '')
    try {
      const transaction = await client.transact({ from, recipients: asked, message, eightBit })
      return served > 0 && wasDead(transaction) ? this.#again(transaction) : this.#settle(transaction, open)
    } catch (thrown) {
      if (thrown instanceof BareLineEnd) return this.answered(ownVerdict('5.6.0', `Message cannot be sent by SMTP: ${thrown.message}`))
      throw thrown
    }
  }

  #again({ broken }: Transaction): undefined {
    this.#transcript.add('*', `that session was over (${broken?.cause.message ?? 'the peer said goodbye'}); once more on a new one`)
  }

  #settle({ mail, recipients, data, final, broken }: Transaction, open: readonly number[]): HopResult {
    this.#wasCut = broken !== undefined
    const lost = broken && brokenVerdict(broken.cause, this.#remote.name)
    if (!mail) return this.unreachable(lost ?? ownVerdict('4.5.0', 'The session ended without an answer'))
    if (!isAccepted(mail)) {
      const verdict = interpretReply(mail, 'sender')
      return verdict.action === 'failed' ? this.answered(verdict) : this.unreachable(verdict)
    }
    if (lost && recipients.every(reply => !reply)) return this.unreachable(lost)
    const afterData = final ?? (data && data.code !== 354 ? data : undefined)
    const forAccepted = afterData ? interpretReply(afterData, 'message') : lost && (broken.afterDot ? doubtful(lost) : lost)
    for (const [position, index] of open.entries()) {
      const reply = recipients[position]
      const verdict = reply && !isAccepted(reply) ? interpretReply(reply, 'recipient') : reply ? forAccepted : lost
      if (verdict) this.#sheet.mark(index, { action: verdict.action, status: verdict.status, reply: verdict.reply, remote: this.#remote })
    }
    return this.answered()
  }

  /** What the host has not offered and this message needs. */
  #unfitFor(client: SmtpClient): Verdict | undefined {
    const { message, eightBit } = this.#delivery
    const sizeBytes = message.head.length + message.body.length
    const { sizeLimit } = client
    if (sizeLimit !== undefined && sizeBytes > sizeLimit)
      return ownVerdict('5.3.4', `Message of ${sizeBytes} octets is too large for ${this.#remote.name}, which takes ${sizeLimit}`)
    if (eightBit && !client.offers('8BITMIME'))
      return ownVerdict('5.6.3', `Message has 8-bit data and ${this.#remote.name} does not offer 8BITMIME`)
    return undefined
  }

  /** Addresses that cannot be said in SMTP. RFC 6531 is not spoken: such an address fails for good, 5.6.7. */
  #refuseUnsendable(): void {
    const { envelopeFrom, recipients } = this.#delivery
    const refuse = (index: number, verdict: Verdict): void => this.#sheet.mark(index, verdict)
    for (const [index, address] of recipients.entries()) {
      if (!fitsPath(envelopeFrom)) refuse(index, ownVerdict('5.1.7', 'The return path cannot be used in an SMTP command'))
      else if (/[^\x00-\x7f]/.test(address)) refuse(index, ownVerdict('5.6.7', 'The address needs SMTPUTF8, which is not supported'))
      else if (!fitsPath(address)) refuse(index, ownVerdict('5.1.3', 'The address cannot be used in an SMTP command'))
    }
  }

  #end(kind: HopResult['kind'], rest?: Verdict): HopResult {
    if (rest) {
      const reply = this.#transcript.conceal(rest.reply)
      this.#transcript.add('*', reply)
      this.#sheet.markRest({ ...rest, reply, remote: this.#remote })
    }
    return { kind, outcomes: this.#sheet.close(), transcript: this.#transcript.lines }
  }
}

const STATUS_OF_BROKEN = { connect: '4.4.1', timeout: '4.4.2', closed: '4.4.2', protocol: '4.5.0', handshake: '4.7.5' } as const

/** The peer did not refuse; it was not there, or not able. So: try again. */
export function brokenVerdict({ kind, message }: SessionBroken, hostName: string): Verdict {
  return ownVerdict(STATUS_OF_BROKEN[kind], `${hostName}: ${message}`)
}

/** RFC 5321 §4.5.3.2.6: nobody can know, so the message is sent again rather than lost. */
function doubtful(verdict: Verdict): Verdict {
  return { ...verdict, reply: `${verdict.reply} after the whole message was sent: it may be delivered twice` }
}

/** The peer broke off or said goodbye instead of an answer to MAIL. */
const wasDead = ({ mail, broken }: Transaction): boolean => mail?.code === 421 || (broken !== undefined && mail === undefined)
