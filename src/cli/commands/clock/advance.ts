/** `mailctl clock advance 14h`: lets time pass on a virtual clock. */
import { formatDuration, parseDuration } from '../../../base/duration.ts'
import { type Advanced, advanceClock } from '../../../operations/advance-clock.ts'
import { command } from '../../command.ts'
import { isoTime, showTime } from '../../moments.ts'

export default command<Advanced>({
  path: 'clock advance',
  arguments: '<duration>',
  summary: 'Let time pass on a virtual clock',
  details: 'Everything that falls due on the way is done in order, each at its own moment.',
  examples: ['mailctl clock advance 14h', 'mailctl clock advance 90s --json'],
  fails: ['usage', 'config', 'store-unavailable', 'interrupted'],
  async run({ app, signal, progress, notice }, [duration = '']) {
    const byMs = parseDuration(duration)
    const advanced = await advanceClock(await app(), { byMs, signal, progress: now => progress(`It is ${showTime(now)}`) })
    for (const text of advanced.warnings) notice(text)
    return advanced
  },
  json: ({ from, to, attempted }) => ({ From: isoTime(from), To: isoTime(to), Attempted: attempted }),
  show: (io, { from, to, attempted }) =>
    io.line(
      `${showTime(to)}: ${formatDuration(to - from)} have passed, ${attempted} delivery ${attempted === 1 ? 'attempt' : 'attempts'} on the way.`,
    ),
})
