/**
 * The account's sending counters: the token bucket and the recipients of the last 24 hours, one row for each second. They are read once and
 * then kept in memory for as long as nobody else writes the file; the messages of one group are counted here and written together, once.
 * Every decision is still made inside the transaction that writes it, so two processes never take the same token.
 */
import type { SendingUsage } from '../../account/account.ts'
import type { Database } from '../../base/database.ts'
import { number, optional } from './columns.ts'

const DAY_MS = 86_400_000

export interface UsageLedger {
  /** The counters at this moment, without writing. */
  read(now: number): SendingUsage
  /** The same inside a transaction: what has left the window is removed, each second once, so the work per message stays constant. */
  take(now: number): SendingUsage
  /** The usage that `admit` gave for what was taken. @param counted recipients of this message that the quota counts */
  spend(usage: SendingUsage, counted: number): void
  /** Writes what was spent. Inside the transaction that took it. */
  write(): void
  /** The rows may say something else than what is known here. */
  forget(): void
}

/** Recipients of one second, not written yet. */
interface Spent {
  readonly lastAt: number
  readonly recipients: number
}
interface Known {
  readonly sent: number
  readonly tokens: number
  readonly tokensAt: number
  /** When the oldest second leaves the window is a day after this. */
  readonly oldestAt: number
}

/** What had left the window when it was last read, though its rows are still there: they go with the next message. */
interface Left {
  readonly at: number
  /** The last second of it. */
  readonly second: number
  readonly recipients: number
  /** As in `Known`, of what is left. */
  readonly oldestAt: number
}

export function openUsageLedger(database: Database): UsageLedger {
  let known: Known | undefined
  let left: Left | undefined
  const spent = new Map<number, Spent>()

  function load(): Known {
    if (known) return known
    const row = database.prepare('SELECT sent, tokens, tokens_at FROM usage').get()
    if (!row) throw new TypeError('the account has no usage row')
    known = { sent: number(row, 'sent'), tokens: number(row, 'tokens'), tokensAt: number(row, 'tokens_at'), oldestAt: oldestAt() }
    return known
  }

  function oldestAt(after = -1): number {
    const row = database
      .prepare('SELECT last_at FROM sent_second WHERE second = (SELECT MIN(second) FROM sent_second WHERE second > ?)')
      .get(after)
    return row ? number(row, 'last_at') : Number.POSITIVE_INFINITY
  }

  function read(now: number): SendingUsage {
    const { sent, tokens, tokensAt, oldestAt } = load()
    if (now - DAY_MS < oldestAt) return { sentLast24Hours: sent, tokens, tokensAt }
    if (!left || now < left.at) left = { at: now, second: -1, recipients: 0, oldestAt }
    if (now - DAY_MS >= left.oldestAt) left = leftBy(now, left)
    return { sentLast24Hours: sent - left.recipients, tokens, tokensAt }
  }

  /** Goes on where the reading before ended: what left long ago is not added up again for every message. */
  function leftBy(now: number, { second: after, recipients }: Left): Left {
    const row = database
      .prepare(
        'SELECT COALESCE(SUM(recipients), 0) AS aged, MAX(second) AS latest FROM sent_second WHERE second > ? AND second <= ? AND last_at <= ?',
      )
      .get(after, ...agedBefore(now))
    if (!row) throw new TypeError('a sum has a row')
    const second = optional(row, 'latest', number) ?? after
    return { at: now, second, recipients: recipients + number(row, 'aged'), oldestAt: oldestAt(second) }
  }

  function take(now: number): SendingUsage {
    const before = load()
    if (now - DAY_MS >= before.oldestAt) {
      write()
      left = undefined
      const aged = database
        .prepare('DELETE FROM sent_second WHERE second <= ? AND last_at <= ? RETURNING recipients')
        .all(...agedBefore(now))
        .reduce((sum, row) => sum + number(row, 'recipients'), 0)
      if (aged > 0) database.prepare('UPDATE usage SET sent = sent - ?').run(aged)
      known = { ...before, sent: before.sent - aged, oldestAt: oldestAt() }
    }
    const { sent, tokens, tokensAt } = known ?? before
    return { sentLast24Hours: sent, tokens, tokensAt }
  }

  function spend({ sentLast24Hours, tokens, tokensAt }: SendingUsage, counted: number): void {
    left = undefined // it may have been read for a later moment than this one
    known = {
      sent: sentLast24Hours,
      tokens,
      tokensAt,
      oldestAt: Math.min(load().oldestAt, counted > 0 ? tokensAt : Number.POSITIVE_INFINITY),
    }
    const second = Math.floor(tokensAt / 1_000)
    const { lastAt, recipients } = spent.get(second) ?? { lastAt: tokensAt, recipients: 0 }
    // Whom the quota does not count keeps nobody in the window.
    spent.set(second, { lastAt: counted > 0 ? Math.max(lastAt, tokensAt) : lastAt, recipients: recipients + counted })
  }

  function write(): void {
    if (spent.size === 0 || !known) return
    database.prepare('UPDATE usage SET sent = ?, tokens = ?, tokens_at = ?').run(known.sent, known.tokens, known.tokensAt)
    const add = database.prepare(
      `INSERT INTO sent_second (second, last_at, recipients) VALUES (?, ?, ?)
       ON CONFLICT (second) DO UPDATE SET recipients = recipients + excluded.recipients, last_at = MAX(last_at, excluded.last_at)`,
    )
    for (const [second, { lastAt, recipients }] of spent) if (recipients > 0) add.run(second, lastAt, recipients)
    spent.clear()
  }

  return {
    read,
    take,
    spend,
    write,
    forget() {
      known = undefined
      left = undefined
      spent.clear()
    },
  }
}

/** A second leaves the window with the last message in it that the quota counts. */
const agedBefore = (now: number): [second: number, lastAt: number] => [Math.floor((now - DAY_MS) / 1_000), now - DAY_MS]
