/** `mailctl events resend`: events go to their destinations once more. */
import { MailctlError } from '../../../base/errors.ts'
import { type ResentEvent, resendEvents } from '../../../operations/resend-events.ts'
import { command } from '../../command.ts'
import { EVENT_FILTERS, eventCells, eventFilter } from '../../event-flags.ts'
import { LIMIT, limitFlag, textFlag } from '../../moments.ts'
import { publishOnce } from '../../publish-once.ts'
import { showTable } from '../../table.ts'

interface Resent {
  readonly events: readonly ResentEvent[]
  readonly dryRun: boolean
}

export default command<Resent>({
  path: 'events resend',
  arguments: '[message-id]',
  summary: 'Tell event destinations of events again',
  details:
    'For a receiver that lost events, or has come to be since. The latest that match go again to every enabled destination that wants them, or to ' +
    'the one that --destination names; each is tried once, and serve or queue flush does the rest.',
  examples: [
    'mailctl events resend 0100019cf0000000-aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee-000000',
    'mailctl events resend --type Bounce --since 24h --destination hooks',
    'mailctl events resend --since 2h --dry-run',
  ],
  options: [
    ...EVENT_FILTERS,
    { flags: '--destination <name>', summary: 'only to this event destination' },
    LIMIT,
    { flags: '-n, --dry-run', summary: 'say what would be told, and to whom' },
  ],
  fails: ['usage', 'not-found', 'config', 'store-unavailable', 'interrupted'],
  results: { 0: 'they were handed on', 1: 'no destination wants any of them' },
  async run({ app, signal, notice }, [messageId], flags) {
    const opened = await app()
    const filter = eventFilter(messageId, flags, opened.clock.now())
    if (Object.keys(filter).length === 0)
      throw new MailctlError('usage', 'which events was not said', {
        hint: 'Name a message, or narrow by --type, --to, --since and the like.',
      })
    const destination = textFlag(flags, 'destination')
    const dryRun = flags['dryRun'] === true
    const events = await resendEvents(opened, {
      filter: { ...filter, limit: limitFlag(flags), last: true },
      ...(destination !== undefined && { destination }),
      dryRun,
    })
    if (!dryRun && events.length > 0) await publishOnce(opened, { signal, notice })
    return { events, dryRun }
  },
  json: ({ events, dryRun }) => ({
    DryRun: dryRun ? true : undefined,
    Events: events.map(({ event, destinations }) => ({
      EventType: event.type,
      MessageId: event.messageId,
      Timestamp: new Date(event.at),
      Destinations: destinations,
    })),
  }),
  async show(io, { events }) {
    if (events.length === 0) return io.line('No event destination wants any of them.')
    await showTable(io, {
      whole: true,
      head: ['Time', 'Event', 'Recipients', 'Message', 'Destinations'],
      rows: events.map(({ event, destinations }) => [...eventCells(event), destinations.join(', ')]),
    })
  },
  exit: ({ events }) => (events.length > 0 ? 0 : 1),
})
