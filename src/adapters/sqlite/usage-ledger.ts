/**
 * The account's sending counters: the token bucket and the recipients of the last 24 hours, one row for each second. They are read once and
 * then kept in memory for as long as nobody else writes the file; the messages of one group are counted here and written together, once.
 * Every decision is still made inside the transaction that writes it, so two processes never take the same token.
 */
import type { SendingUsage } from '../../account/account.ts'
import type { Database } from '../../base/database.ts'
import { number } from './columns.ts'

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

export function openUsageLedger(database: Database): UsageLedger {
  let known: Known | undefined
  const spent = new Map<number, Spent>()

  function load(): Known {
    if (known) return known
    const row = database.prepare('SELECT sent, tokens, tokens_at FROM usage').get()
    if (!row) throw new TypeError('the account has no usage row')
    known = { sent: number(row, 'sent'), tokens: number(row, 'tokens'), tokensAt: number(row, 'tokens_at'), oldestAt: oldestAt() }
    return known
  }

  function oldestAt(): number {
    const row = database.prepare('SELECT last_at FROM sent_second WHERE second = (SELECT MIN(second) FROM sent_second)').get()
    return row ? number(row, 'last_at') : Number.POSITIVE_INFINITY
  }

  function read(now: number): SendingUsage {
    const { sent, tokens, tokensAt, oldestAt } = load()
    if (now - DAY_MS < oldestAt) return { sentLast24Hours: sent, tokens, tokensAt }
    const row = database
      .prepare('SELECT COALESCE(SUM(recipients), 0) AS aged FROM sent_second WHERE second <= ? AND last_at <= ?')
      .get(...agedBefore(now))
    return { sentLast24Hours: sent - (row ? number(row, 'aged') : 0), tokens, tokensAt }
  }

  function take(now: number): SendingUsage {
    const before = load()
    if (now - DAY_MS >= before.oldestAt) {
      write()
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
    known = {
      sent: sentLast24Hours,
      tokens,
      tokensAt,
      oldestAt: Math.min(load().oldestAt, counted > 0 ? tokensAt : Number.POSITIVE_INFINITY),
    }
    const second = Math.floor(tokensAt / 1_000)
    const { lastAt, recipients } = spent.get(second) ?? { lastAt: tokensAt, recipients: 0 }
    spent.set(second, { lastAt: Math.max(lastAt, tokensAt), recipients: recipients + counted })
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
      spent.clear()
    },
  }
}

/** A second leaves the window with the last message that was accepted in it. */
const agedBefore = (now: number): [second: number, lastAt: number] => [Math.floor((now - DAY_MS) / 1_000), now - DAY_MS]
