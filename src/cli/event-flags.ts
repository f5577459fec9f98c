/** What the commands over the event log share: filters, and the table for people. */
import type { EventFilter, LoggedEvent } from '../ports/store.ts'
import type { Flags, OptionSpec } from './command.ts'
import type { Io } from './io.ts'
import { parseSince, showTime, textFlag } from './moments.ts'
import { showTable } from './table.ts'

const TYPES = ['Send', 'Delivery', 'Bounce', 'Complaint', 'Reject', 'DeliveryDelay', 'Open', 'Click', 'Rendering Failure', 'Subscription']

export const EVENT_FILTERS: readonly OptionSpec[] = [
  { flags: '--type <type>', summary: 'only this event type', choices: TYPES },
  { flags: '--to <address>', summary: 'only events about this recipient' },
  { flags: '--from <address>', summary: 'only events about mail from this address' },
  { flags: '--config-set <name>', summary: 'only events about mail of this configuration set' },
  { flags: '--since <when>', summary: 'only later ones: 2h, 2026-01-31 or 2026-01-31T12:00:00Z' },
]

/** @param now of the account's clock  @throws MailctlError usage */
export function eventFilter(messageId: string | undefined, flags: Flags, now: number): EventFilter {
  const [type, to, from, configurationSet, since] = ['type', 'to', 'from', 'configSet', 'since'].map(name => textFlag(flags, name))
  return {
    ...(messageId !== undefined && { messageId }),
    ...(type !== undefined && { type }),
    ...(to !== undefined && { to }),
    ...(from !== undefined && { from }),
    ...(configurationSet !== undefined && { configurationSet }),
    ...(since !== undefined && { since: parseSince(since, now) }),
  }
}

/** `2026-01-31 12:00:00Z  Bounce  ann@example.com  <message id>` */
export const eventCells = ({ at, type, recipients, messageId }: LoggedEvent): string[] => [
  showTime(at),
  type,
  recipients.join(', '),
  messageId,
]

export async function showEvents(io: Io, events: readonly LoggedEvent[]): Promise<void> {
  if (events.length === 0) return io.line('No events.')
  await showTable(io, { whole: true, head: ['Time', 'Event', 'Recipients', 'Message'], rows: events.map(eventCells) })
}
