/** `mailctl queue flush`: tries now what waits. */
import { countFlushable, type Flushed, flushQueue } from '../../../operations/flush-queue.ts'
import { command } from '../../command.ts'
import { workProgress } from '../../progress.ts'
import { publishOnce } from '../../publish-once.ts'
import { QUEUE_FILTERS, queueFilter, stateOption } from '../../queue-flags.ts'
import { queueJson } from '../../queue-json.ts'

/** What was done, or what would be. */
type Shown = Flushed | { readonly wouldAttempt: number }

export default command<Shown>({
  path: 'queue flush',
  arguments: '[message-id]',
  summary: 'Try now what waits for delivery',
  details:
    'Every waiting recipient, or those that the filters mean, is tried once, whenever its next attempt was due. Held recipients stay held. Reports that receivers of the lab have ready come back, and events that wait for their destination are tried once too.',
  examples: ['mailctl queue flush', 'mailctl queue flush --domain example.com', 'mailctl queue flush --error 4.4 --dry-run'],
  options: [
    ...QUEUE_FILTERS,
    stateOption('queued', 'deferred'),
    { flags: '-n, --dry-run', summary: 'count what would be tried, and try nothing' },
  ],
  fails: ['usage', 'bad-data', 'not-found', 'config', 'store-unavailable', 'interrupted'],
  results: { 0: 'nothing waits any more', 75: 'recipients are still queued or deferred' },
  async run(context, [messageId], flags) {
    const app = await context.app()
    const filter = queueFilter(messageId, flags, app.clock.now())
    if (flags['dryRun'] === true) return { wouldAttempt: await countFlushable(app, filter) }
    const flushed = await flushQueue(app, { filter, signal: context.signal, progress: workProgress(context, flags, 'Tried') })
    await publishOnce(app, context, { all: true })
    return flushed
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
