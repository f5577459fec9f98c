/** `mailctl destination create`: CreateConfigurationSetEventDestination, and an identity's notifications. */
import { parseDuration } from '../../../base/duration.ts'
import { MailctlError } from '../../../base/errors.ts'
import { confirmSubscription } from '../../../operations/confirm-subscription.ts'
import { createDestination, destinationView } from '../../../operations/event-destinations.ts'
import type { StoredDestination } from '../../../ports/event-destinations.ts'
import { command } from '../../command.ts'
import { DESTINATION_FLAGS, eventsFlag, OWNER_FLAGS, ownerFlag, placeFlag, serviceFlags, showDestination } from '../../destination.ts'
import { textFlag } from '../../moments.ts'

export default command<StoredDestination>({
  path: 'destination create',
  arguments: '<name>',
  summary: 'Tell events to an HTTP endpoint, a file or a command',
  details:
    'Events from now on are told, at least once and in order for each message. An endpoint gets SNS notifications, after it has confirmed its ' +
    'subscription by visiting SubscribeURL as SNS endpoints do; --confirmed leaves that out. In the lab only loopback is reached, and the hosts of the ' +
    'setting webhooks.',
  examples: [
    'mailctl destination create hooks --config-set receipts --url http://127.0.0.1:3000/ses --events BOUNCE,COMPLAINT,DELIVERY',
    'mailctl destination create log --config-set receipts --file events.jsonl',
    "mailctl destination create bounces --identity example.com --events BOUNCE --command 'logger -t bounce'",
    'mailctl destination create bus --config-set receipts --form eventbridge --url http://127.0.0.1:3000/bus',
  ],
  options: [
    ...OWNER_FLAGS,
    ...DESTINATION_FLAGS,
    { flags: '--timeout <duration>', summary: 'how long to wait for the confirmation (default: 10s)' },
  ],
  fails: ['usage', 'bad-data', 'not-found', 'already-exists', 'limit-exceeded', 'unreachable', 'config', 'store-unavailable'],
  results: { 0: 'made, and confirmed where that is needed', 75: 'made; the endpoint has not confirmed its subscription yet' },
  async run({ app, notice, signal }, [name = ''], flags) {
    const opened = await app()
    const owner = ownerFlag(flags)
    if (owner === undefined)
      throw new MailctlError('usage', 'whose events was not said', { hint: 'Give --config-set NAME or --identity NAME.' })
    const place = placeFlag(flags)
    const events = eventsFlag(flags)
    const made = await createDestination(opened, {
      owner,
      name,
      enabled: textFlag(flags, 'enabled') !== 'off',
      ...(events && { eventTypes: events }),
      service: { kind: place === undefined || place.kind === 'url' ? 'sns' : 'plain', ...serviceFlags(flags) },
      ...(place && { place }),
      includeHeaders: textFlag(flags, 'headers') === 'on',
      confirmed: flags['confirmed'] === true,
    })
    const timeoutMs = parseDuration(textFlag(flags, 'timeout') ?? '10s')
    const { destination, error } = await confirmSubscription(opened, made, { timeoutMs, signal })
    if (error !== null) notice(`warning: ${name} did not take its first message: ${error}`)
    if (!destination.confirmed)
      notice(`the subscription is not confirmed: serve asks again, or mailctl destination set ${name} --confirmed`)
    return destination
  },
  json: destinationView,
  show: showDestination,
  exit: ({ confirmed }) => (confirmed ? 0 : 75),
})
