/**
 * Counts of what happens, by type and span of ten minutes. What one group of writes brings is added up in memory and written with it, once
 * for each type, so a busy account pays for a row a group and not for a row a message.
 */
import type { Database } from '../../base/database.ts'
import { type ActivityLog, type ActivitySpan, SLOT_MS } from '../../ports/activity.ts'
import { number, text } from './columns.ts'

export interface ActivityLedger {
  count(type: string, at: number, of: { readonly recipients: number; readonly octets?: number }): void
  /** Writes what was counted. Inside the transaction that it was counted in. */
  write(): void
  /** The transaction was undone. */
  forget(): void
}

interface Sum {
  events: number
  recipients: number
  octets: number
}

export function openActivityLedger(database: Database): ActivityLedger {
  /** By type, then by slot: a group seldom knows more than three types and one slot. */
  const counted = new Map<string, Map<number, Sum>>()

  return {
    count(type, at, { recipients, octets = 0 }) {
      const slot = Math.floor(at / SLOT_MS)
      let slots = counted.get(type)
      if (!slots) {
        slots = new Map()
        counted.set(type, slots)
      }
      const sum = slots.get(slot)
      if (!sum) {
        slots.set(slot, { events: 1, recipients, octets })
        return
      }
      sum.events += 1
      sum.recipients += recipients
      sum.octets += octets
    },
    write() {
      if (counted.size === 0) return
      const add = database.prepare(
        `INSERT INTO activity (slot, type, events, recipients, octets) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
           events = events + excluded.events, recipients = recipients + excluded.recipients, octets = octets + excluded.octets`,
      )
      for (const [type, slots] of counted)
        for (const [slot, { events, recipients, octets }] of slots) add.run(slot, type, events, recipients, octets)
      counted.clear()
    },
    forget: () => counted.clear(),
  }
}

export function activitySpans(database: Database, { from, until, spanMs, type }: Parameters<ActivityLog['activity']>[0]): ActivitySpan[] {
  const slots = spanMs / SLOT_MS
  const ofType = type === undefined ? '' : 'AND type = ?'
  return database
    .prepare(
      `SELECT slot / CAST(? AS INTEGER) AS span, type, SUM(events) AS events, SUM(recipients) AS recipients, SUM(octets) AS octets
       FROM activity WHERE slot >= ? AND slot < ? ${ofType} GROUP BY 1, 2 ORDER BY 1, 2`,
    )
    .all(slots, Math.floor(from / spanMs) * slots, Math.ceil(until / SLOT_MS), ...(type === undefined ? [] : [type]))
    .map(row => ({
      at: number(row, 'span') * spanMs,
      type: text(row, 'type'),
      events: number(row, 'events'),
      recipients: number(row, 'recipients'),
      octets: number(row, 'octets'),
    }))
}
