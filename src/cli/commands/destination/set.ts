/** `mailctl destination set`: UpdateConfigurationSetEventDestination, but what is not given stays. */
import { parseDuration } from '../../../base/duration.ts'
import { MailctlError } from '../../../base/errors.ts'
import { confirmSubscription } from '../../../operations/confirm-subscription.ts'
import {
  changeDestination,
  type DestinationChange,
  destinationView,
  readDestination,
  redriveDestination,
} from '../../../operations/event-destinations.ts'
import type { StoredDestination } from '../../../ports/event-destinations.ts'
import { command, type Flags } from '../../command.ts'
import { DESTINATION_FLAGS, eventsFlag, OWNER_FLAGS, ownerFlag, placeFlag, serviceFlags, showDestination } from '../../destination.ts'
import { textFlag } from '../../moments.ts'

export default command<StoredDestination>({
  path: 'destination set',
  arguments: '<name>',
  summary: 'Change an event destination, or tell its dead letters again',
  details:
    'What waits is told in the new way. One that is switched on again begins with what happens from then on. --redrive puts its dead letters, which ' +
    'were given up after fifty tries, back in line.',
  examples: [
    'mailctl destination set hooks --events BOUNCE,COMPLAINT',
    'mailctl destination set hooks --config-set receipts --url http://127.0.0.1:4000/ses',
    'mailctl destination set hooks --redrive',
    'mailctl destination set hooks --enabled off',
  ],
  options: [
    ...OWNER_FLAGS,
    ...DESTINATION_FLAGS,
    { flags: '--token <token>', summary: 'confirm by the Token of the SubscriptionConfirmation' },
    { flags: '--redrive', summary: 'tell its dead letters again' },
    { flags: '--timeout <duration>', summary: 'how long to wait for the confirmation of another URL (default: 10s)' },
  ],
  fails: ['usage', 'bad-data', 'not-found', 'conflict', 'unreachable', 'config', 'store-unavailable'],
  results: { 0: 'changed', 75: 'changed; the endpoint has not confirmed its subscription yet' },
  async run({ app, notice, signal }, [name = ''], flags) {
    const change = changeOf(flags)
    const redrive = flags['redrive'] === true
    if (Object.keys(change).length === 0 && !redrive)
      throw new MailctlError('usage', 'nothing to change was given', { hint: 'See: mailctl destination set --help' })
    const opened = await app()
    const before = await readDestination(opened, ownerFlag(flags), name)
    if (redrive) notice(`${await redriveDestination(opened, before)} dead letters are told again by serve, or by mailctl queue flush`)
    if (Object.keys(change).length === 0) return await readDestination(opened, before.owner, name)
    // Another form or name of the resource is no other place.
    const changed = await changeDestination(opened, before, { ...(change.service && { place: before.place }), ...change })
    if (changed.confirmed) return changed
    const timeoutMs = parseDuration(textFlag(flags, 'timeout') ?? '10s')
    const { destination, error } = await confirmSubscription(opened, changed, { timeoutMs, signal })
    if (error !== null) notice(`warning: ${name} did not take its first message: ${error}`)
    return destination
  },
  json: destinationView,
  show: showDestination,
  exit: ({ confirmed }) => (confirmed ? 0 : 75),
})

function changeOf(flags: Flags): DestinationChange {
  const [place, events, service] = [placeFlag(flags), eventsFlag(flags), serviceFlags(flags)]
  const [enabled, headers, token] = ['enabled', 'headers', 'token'].map(name => textFlag(flags, name))
  return {
    ...(place && { place }),
    ...(events && { eventTypes: events }),
    ...(Object.keys(service).length > 0 && { service }),
    ...(enabled !== undefined && { enabled: enabled === 'on' }),
    ...(headers !== undefined && { includeHeaders: headers === 'on' }),
    ...(token !== undefined && { token }),
    ...(flags['confirmed'] === true && { confirmed: true as const }),
  }
}
