/** `mailctl destination list`: GetConfigurationSetEventDestinations, and what was never taken. */
import { MailctlError } from '../../../base/errors.ts'
import { destinationView, listDestinations, readDeadLetters, readDestination } from '../../../operations/event-destinations.ts'
import type { DeadLetter, StoredDestination } from '../../../ports/event-destinations.ts'
import { command } from '../../command.ts'
import { leadsTo, OWNER_FLAGS, ownerFlag, stateText } from '../../destination.ts'
import { LIMIT, limitFlag, showTime, textFlag } from '../../moments.ts'
import { showTable } from '../../table.ts'

type Shown = { readonly destinations: readonly StoredDestination[] } | { readonly deadLetters: readonly DeadLetter[] }

export default command<Shown>({
  path: 'destination list',
  summary: 'List event destinations, or the events that one never took',
  examples: [
    'mailctl destination list',
    'mailctl destination list --config-set receipts --json',
    'mailctl destination list --dead-letters hooks',
  ],
  options: [...OWNER_FLAGS, { flags: '--dead-letters <name>', summary: 'events that were given up for this destination' }, LIMIT],
  fails: ['usage', 'bad-data', 'not-found', 'conflict', 'config', 'store-unavailable'],
  async run({ app }, _, flags) {
    const opened = await app()
    const owner = ownerFlag(flags)
    const name = textFlag(flags, 'deadLetters')
    if (name !== undefined)
      return { deadLetters: await readDeadLetters(opened, await readDestination(opened, owner, name), limitFlag(flags)) }
    if (flags['limit'] !== undefined)
      throw new MailctlError('usage', '--limit goes with --dead-letters only', { hint: 'A set or identity has ten destinations at most.' })
    return { destinations: await listDestinations(opened, owner) }
  },
  json: shown =>
    'destinations' in shown
      ? { EventDestinations: shown.destinations.map(destinationView) }
      : { DeadLetters: shown.deadLetters.map(({ event, tries, error }) => ({ Tries: tries, LastError: error, Event: event.event })) },
  async show(io, shown) {
    if ('deadLetters' in shown) {
      if (shown.deadLetters.length === 0) return io.line('No dead letters.')
      const rows = shown.deadLetters.map(({ event, tries, error }) => [showTime(event.at), event.type, event.messageId, tries, error])
      return await showTable(io, { head: ['Time', 'Event', 'Message', 'Tries', 'Last error'], rows })
    }
    if (shown.destinations.length === 0)
      return io.line('No event destinations. Make one: mailctl destination create hooks --config-set NAME --url URL')
    const rows = shown.destinations.map(one => [
      one.name,
      one.owner.name,
      leadsTo(one),
      one.deadLetters > 0 ? { text: stateText(one), colour: 'red' as const } : stateText(one),
      one.waiting,
      one.deadLetters,
    ])
    await showTable(io, { head: ['Destination', 'Of', 'Sends', 'State', 'Waiting', 'Dead letters'], rows })
  },
})
