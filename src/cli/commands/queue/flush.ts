/** `mailctl queue flush`: tries now what waits. */
import { countFlushable, type Flushed, flushQueue } from '../../../operations/flush-queue.ts'
import { command } from '../../command.ts'
import { queueJson } from '../../queue-json.ts'

/** What was done, or what would be. */
type Shown = Flushed | { readonly wouldAttempt: number }

export default command<Shown>({
  path: 'queue flush',
  arguments: '[message-id]',
  summary: 'Try now what waits for delivery',
  details: 'Every waiting recipient, or those of one message, is tried once, whenever its next attempt was due. Held recipients stay held.',
  examples: ['mailctl queue flush', 'mailctl queue flush 0100019cf0000000-aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee-000000'],
  options: [{ flags: '-n, --dry-run', summary: 'count what would be tried, and try nothing' }],
  fails: ['not-found', 'config', 'store-unavailable', 'interrupted'],
  results: { 0: 'nothing waits any more', 75: 'recipients are still queued or deferred' },
  async run({ app, signal, progress }, [messageId], flags) {
    const opened = await app()
    if (flags['dryRun'] === true) return { wouldAttempt: await countFlushable(opened, messageId) }
    return flushQueue(opened, {
      signal,
      progress: (tried, of) => progress(`Tried ${tried} of ${of}`),
      ...(messageId !== undefined && { messageId }),
    })
  },
  json: shown =>
    'wouldAttempt' in shown
      ? { DryRun: true, WouldAttempt: shown.wouldAttempt }
      : { Attempted: shown.attempted, ...queueJson(shown.stats) },
  show(io, shown) {
    if ('wouldAttempt' in shown)
      return io.line(`Would try ${shown.wouldAttempt} ${shown.wouldAttempt === 1 ? 'recipient' : 'recipients'}; nothing was tried.`)
    const { attempted, stats } = shown
    const left = stats.queued + stats.active + stats.deferred
    io.line(
      `Tried ${attempted} ${attempted === 1 ? 'recipient' : 'recipients'}; ${left === 0 ? 'nothing waits' : `${left} still ${left === 1 ? 'waits' : 'wait'}`}${stats.held > 0 ? `, ${stats.held} held` : ''}.`,
    )
  },
  exit: shown => ('wouldAttempt' in shown || shown.stats.queued + shown.stats.active + shown.stats.deferred === 0 ? 0 : 75),
})
