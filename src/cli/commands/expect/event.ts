/** `mailctl expect event`: an assertion about the event log, for scripts. */
import { expectEvent } from '../../../operations/expect-event.ts'
import type { LoggedEvent } from '../../../ports/store.ts'
import { command } from '../../command.ts'
import { EVENT_FILTERS, eventFilter, showEvents } from '../../event-flags.ts'
import { EXPECT_OPTIONS, EXPECT_RESULTS, expectedOf, reasonOf, tellUnmet } from '../../expect-flags.ts'
import { textFilter } from '../../inbox.ts'
import { textFlag } from '../../moments.ts'

interface Told {
  readonly isMet: boolean
  readonly reason: string | undefined
  readonly events: readonly LoggedEvent[]
}

export default command<Told>({
  path: 'expect event',
  arguments: '[message-id]',
  summary: 'Assert that an event is there or comes',
  details:
    'What is logged already counts. On a virtual clock the wait does what falls due on the way, so it takes no real time unless serve is at work. ' +
    '--count is met as soon as there are exactly so many; more at that moment do not meet it.',
  examples: [
    'mailctl expect event --type Delivery --to ann@example.com',
    'mailctl expect event --type Bounce --count 2 --within 30s --json',
    'mailctl expect event --type Complaint --none-within 2s',
  ],
  options: [
    ...EVENT_FILTERS,
    { flags: '--subject <text>', summary: 'only mail whose subject holds this text, or matches /re/' },
    ...EXPECT_OPTIONS,
  ],
  fails: ['usage', 'interrupted', 'config', 'store-unavailable'],
  results: EXPECT_RESULTS,
  async run(context, [messageId], flags) {
    const { app, signal, progress } = context
    const expected = expectedOf(flags, signal)
    const subject = textFlag(flags, 'subject')
    const opened = await app()
    progress('Waiting for events')
    const verdict = await expectEvent(opened, {
      ...expected,
      filter: eventFilter(messageId, flags, opened.clock.now()),
      ...(subject !== undefined && { subject: textFilter(subject) }),
    })
    const reason = verdict.isMet ? undefined : reasonOf(expected, verdict, 'event')
    tellUnmet(context, flags, reason)
    return { isMet: verdict.isMet, reason, events: verdict.found }
  },
  json: ({ isMet, reason, events }) => ({ Met: isMet, Count: events.length, Reason: reason, Events: events.map(({ event }) => event) }),
  async show(io, { events }) {
    if (events.length > 0) await showEvents(io, events)
  },
  exit: ({ isMet }) => (isMet ? 0 : 1),
})
