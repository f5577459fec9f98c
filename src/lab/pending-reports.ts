/**
 * What receivers will send back for messages they took: complaints and automatic answers, kept in `lab.db` from the moment the message
 * counts until their mail was taken or refused. Several processes may look after them; one at a time has a report in hand.
 */
import type { Database } from '../base/database.ts'
import { decodeText } from '../mail/encoded-word.ts'
import { composeAnswer, composeComplaint } from '../mail/feedback-report.ts'
import { findField, type Header, serializeHeader } from '../mail/header.ts'

/** `complaint`: RFC 5965. `answer`: RFC 3834, out of office. */
export type Returned = 'complaint' | 'answer'

/** SES facts: simulator, "Local implementation checklist". */
const DELAY_MS: Readonly<Record<Returned, number>> = { complaint: 2_000, answer: 3_000 }
/** Of the machine's time: then whoever had it in hand is taken to be gone. */
const IN_HAND_MS = 60_000
/** A report that was put off is tried again after so long, in the account's time, and no more often than this. */
const AGAIN_MS = 60_000
const MAX_TRIES = 5
const USER_AGENT = 'Amazon SES Mailbox Simulator'

export interface TakenMessage {
  /** The receiver's host name. */
  readonly receiver: string
  /** Its return path. */
  readonly from: string
  readonly to: readonly { readonly address: string; readonly returns: Returned }[]
  /** Of who brought it. */
  readonly ip: string
  readonly header: Header
  readonly at: number
}

export interface PendingReport {
  readonly id: number
  readonly receiver: string
  readonly returnPath: string
  readonly head: Buffer
  readonly body: Buffer
}

export class PendingReports {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** Nothing is sent back to the null return path. RFC 3834 §2 */
  add(taken: TakenMessage): void {
    if (taken.from === '' || taken.to.length === 0) return
    const insert = this.#database.prepare(
      'INSERT INTO pending_report (receiver, return_path, taken_at, due_at, head, body) VALUES (?, ?, ?, ?, ?, ?)',
    )
    const add = (kind: Returned, addresses: readonly string[]): void => {
      const { head, body } = compose(kind, addresses, taken)
      insert.run(taken.receiver, taken.from, taken.at, taken.at + DELAY_MS[kind], head, body)
    }
    const whose = (kind: Returned): string[] => taken.to.filter(({ returns }) => returns === kind).map(({ address }) => address)
    this.#database.transaction(() => {
      const complained = whose('complaint')
      if (complained.length > 0) add('complaint', complained)
      for (const address of whose('answer')) add('answer', [address])
    })
  }

  /** In the account's time. Undefined: none waits that nobody has in hand. */
  nextDueAt(returnPath?: string): number | undefined {
    const row =
      returnPath === undefined
        ? this.#database.prepare('SELECT MIN(due_at) AS at FROM pending_report WHERE in_hand_until <= ?').get(Date.now())
        : this.#database
            .prepare('SELECT MIN(due_at) AS at FROM pending_report WHERE in_hand_until <= ? AND return_path = ?')
            .get(Date.now(), returnPath)
    return typeof row?.at === 'number' ? row.at : undefined
  }

  /** Has those of one return path sent so long after their message was taken. */
  setDelay(returnPath: string, ms: number): void {
    this.#database.prepare('UPDATE pending_report SET due_at = taken_at + ? WHERE return_path = ? AND tries = 0').run(ms, returnPath)
  }

  /** Takes one that is due in hand, the longest due first. */
  takeDue(now: number): PendingReport | undefined {
    const row = this.#database
      .prepare(
        `UPDATE pending_report SET in_hand_until = ? WHERE id =
           (SELECT id FROM pending_report WHERE due_at <= ? AND in_hand_until <= ? ORDER BY due_at, id LIMIT 1)
         RETURNING id, receiver, return_path, head, body`,
      )
      .all(Date.now() + IN_HAND_MS, now, Date.now())[0]
    if (row === undefined) return undefined
    return {
      id: Number(row.id),
      receiver: String(row.receiver),
      returnPath: String(row.return_path),
      head: octetsIn(row.head),
      body: octetsIn(row.body),
    }
  }

  /** It was taken, or refused for good. */
  done(id: number): void {
    this.#database.prepare('DELETE FROM pending_report WHERE id = ?').run(id)
  }

  /** It was put off, or nobody answered. */
  again(id: number, now: number): void {
    this.#database
      .prepare('UPDATE pending_report SET tries = tries + 1, due_at = ?, in_hand_until = 0 WHERE id = ?')
      .run(now + AGAIN_MS, id)
    this.#database.prepare('DELETE FROM pending_report WHERE id = ? AND tries >= ?').run(id, MAX_TRIES)
  }
}

function compose(kind: Returned, addresses: readonly string[], { receiver, from, ip, header, at }: TakenMessage) {
  const subject = decodeText(findField(header, 'Subject')?.value ?? '')
  const messageId = findField(header, 'Message-ID')?.value.replace(/^<|>$/g, '') ?? ''
  const [first = ''] = addresses
  const headerMessageId = `${kind}-${from.split('@')[0] ?? ''}@${receiver}`
  if (kind === 'answer') {
    const text = 'I am out of the office and will answer when I am back.'
    return composeAnswer({
      from: first,
      to: from,
      headerMessageId,
      date: at,
      originalSubject: subject,
      originalMessageId: messageId,
      text,
    })
  }
  return composeComplaint({
    from: `complaints@${receiver}`,
    to: from,
    headerMessageId,
    date: at,
    feedbackType: 'abuse',
    userAgent: USER_AGENT,
    originalMailFrom: from,
    recipients: addresses,
    arrivedAt: at,
    sourceIp: ip,
    originalSubject: subject,
    originalHead: Buffer.from(serializeHeader(header)),
  })
}

const octetsIn = (value: unknown): Buffer =>
  value instanceof Uint8Array ? Buffer.from(value.buffer, value.byteOffset, value.length) : Buffer.alloc(0)
