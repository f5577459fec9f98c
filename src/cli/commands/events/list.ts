/** `mailctl events list`: the event log in SES form. */
import { listEvents } from '../../../operations/list-events.ts'
import type { LoggedEvent } from '../../../ports/store.ts'
import { command } from '../../command.ts'
import { LIMIT, limitFlag, parseSince, showTime, textFlag } from '../../moments.ts'
import { showTable } from '../../table.ts'

const TYPES = ['Send', 'Delivery', 'Bounce', 'Complaint', 'Reject', 'DeliveryDelay', 'Open', 'Click', 'Rendering Failure', 'Subscription']

export default command<readonly LoggedEvent[]>({
  path: 'events list',
  arguments: '[message-id]',
  summary: 'List what happened to messages',
  examples: ['mailctl events list', 'mailctl events list --type Bounce --since 24h', 'mailctl events list --to ann@example.com --json'],
  options: [
    { flags: '--type <type>', summary: 'only this event type', choices: TYPES },
    { flags: '--to <address>', summary: 'only events about this recipient' },
    { flags: '--since <when>', summary: 'only later ones: 2h, 2026-01-31 or 2026-01-31T12:00:00Z' },
    LIMIT,
  ],
  fails: ['usage', 'config', 'store-unavailable'],
  async run({ app }, [messageId], flags) {
    const opened = await app()
    const [type, to, since] = ['type', 'to', 'since'].map(name => textFlag(flags, name))
    return await listEvents(opened, {
      ...(messageId !== undefined && { messageId }),
      ...(type !== undefined && { type }),
      ...(to !== undefined && { to }),
      ...(since !== undefined && { since: parseSince(since, opened.clock.now()) }),
      limit: limitFlag(flags),
    })
  },
  json: events => ({ Events: events.map(({ event }) => event) }),
  async show(io, events) {
    if (events.length === 0) return io.line('No events.')
    await showTable(io, {
      whole: true,
      head: ['Time', 'Event', 'Recipients', 'Message'],
      rows: events.map(({ at, type, recipients, messageId }) => [showTime(at), type, recipients.join(', '), messageId]),
    })
  },
})
