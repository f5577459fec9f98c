/** `mailctl queue flush`: tries now what waits. */
import { type Flushed, flushQueue } from '../../../operations/flush-queue.ts'
import { command } from '../../command.ts'

export default command<Flushed>({
  path: 'queue flush',
  arguments: '[message-id]',
  summary: 'Try now what waits for delivery',
  details: 'Every waiting recipient, or those of one message, is tried once, whenever its next attempt was due. Held recipients stay held.',
  examples: ['mailctl queue flush', 'mailctl queue flush 0100019cf0000000-aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee-000000'],
  fails: ['not-found', 'config', 'store-unavailable', 'interrupted'],
  results: { 0: 'nothing waits any more', 75: 'recipients are still queued or deferred' },
  async run({ app, signal, progress }, [messageId]) {
    return flushQueue(await app(), {
      signal,
      progress: (tried, of) => progress(`Tried ${tried} of ${of}`),
      ...(messageId !== undefined && { messageId }),
    })
  },
  json: ({ attempted, stats }) => ({
    Attempted: attempted,
    Queued: stats.queued,
    Active: stats.active,
    Deferred: stats.deferred,
    Held: stats.held,
  }),
  show(io, { attempted, stats }) {
    const left = stats.queued + stats.active + stats.deferred
    io.line(
      `Tried ${attempted} ${attempted === 1 ? 'recipient' : 'recipients'}; ${left === 0 ? 'nothing waits' : `${left} still ${left === 1 ? 'waits' : 'wait'}`}${stats.held > 0 ? `, ${stats.held} held` : ''}.`,
    )
  },
  exit: ({ stats }) => (stats.queued + stats.active + stats.deferred === 0 ? 0 : 75),
})
