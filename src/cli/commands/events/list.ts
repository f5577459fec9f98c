/** `mailctl events list`: the event log in SES form. */
import { listEvents } from '../../../operations/list-events.ts'
import type { LoggedEvent } from '../../../ports/store.ts'
import { command } from '../../command.ts'
import { EVENT_FILTERS, eventFilter, showEvents } from '../../event-flags.ts'
import { LIMIT, limitFlag } from '../../moments.ts'

export default command<readonly LoggedEvent[]>({
  path: 'events list',
  arguments: '[message-id]',
  summary: 'List what happened to messages',
  details: 'The latest events, in the order in which they happened. Filters narrow each other.',
  examples: ['mailctl events list', 'mailctl events list --type Bounce --since 24h', 'mailctl events list --to ann@example.com --json'],
  options: [...EVENT_FILTERS, LIMIT],
  fails: ['usage', 'config', 'store-unavailable'],
  async run({ app }, [messageId], flags) {
    const opened = await app()
    return await listEvents(opened, { ...eventFilter(messageId, flags, opened.clock.now()), limit: limitFlag(flags), last: true })
  },
  json: events => ({ Events: events.map(({ event }) => event) }),
  show: showEvents,
})
