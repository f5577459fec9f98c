/** `mailctl config path`: where the settings and the account lie. */
import { command } from '../../command.ts'

interface Paths {
  readonly Home: string
  readonly Config: string
}

export default command<Paths>({
  path: 'config path',
  summary: 'Print where config.json is',
  examples: ['mailctl config path', 'mailctl config path --profile work --json'],
  fails: ['usage', 'config'],
  run: async ({ config }) => ({ Home: config.home, Config: config.file }),
  show: (io, { Config }) => io.line(Config),
})
