/** `mailctl clock show`: the account's time. */
import { command } from '../../command.ts'
import { isoTime, showTime } from '../../moments.ts'

interface Time {
  readonly Kind: 'system' | 'virtual'
  readonly Now: string
}

export default command<Time>({
  path: 'clock show',
  summary: "Show the account's time",
  details: 'A virtual clock stands still until a command moves it.',
  examples: ['mailctl clock show', 'mailctl clock show --json'],
  fails: ['config', 'store-unavailable'],
  async run({ app }) {
    const { clock } = await app()
    return { Kind: clock.kind, Now: isoTime(clock.now()) }
  },
  show: (io, { Kind, Now }) => io.line(`${showTime(Date.parse(Now))} (${Kind})`),
})
