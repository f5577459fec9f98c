/** The terminal door with everything behind it: a temporary home, the real store, resolver, transport and lab on loopback. */
import { createAccount, openApp, openMachine } from '../../src/open-app.ts'
import { tempFolder } from './account.ts'
import { mailctl, type Ran, type TerminalOptions } from './terminal.ts'

export interface WholeDoor {
  readonly home: string
  run(argv: readonly string[], options?: TerminalOptions): Promise<Ran>
  /** The value on stdout of a command that ends with `code`. */
  json(argv: readonly string[], code?: number): Promise<ReturnType<typeof JSON.parse>>
}

/** With an account on a virtual clock from 2026-01-01T00:00:00Z, seed 7, unless `clock` says otherwise. */
export async function wholeDoor(clock: 'system' | 'virtual' | 'none' = 'virtual'): Promise<WholeDoor> {
  const home = tempFolder()
  const run: WholeDoor['run'] = (argv, options = {}) =>
    mailctl(['--home', home, ...argv], { openApp, createAccount, openMachine, ...options })
  const virtual = ['--clock', 'virtual', '--start', '2026-01-01T00:00:00Z', '--seed', '7']
  if (clock !== 'none') await run(['init', '--network', 'lab', ...(clock === 'virtual' ? virtual : [])])
  return {
    home,
    run,
    async json(argv, code = 0) {
      const ran = await run([...argv, '--json'])
      if (ran.code !== code) throw new Error(`mailctl ${argv.join(' ')} ended with ${ran.code}: ${ran.stderr}`)
      return JSON.parse(ran.stdout)
    },
  }
}
