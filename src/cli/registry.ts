/**
 * Every command with its one-line summary and the module it lives in. Only the chosen command's module is loaded; `--help` of the whole
 * and of a noun needs none. A test compares each summary and path with the module's own.
 */
import type { Command } from './command.ts'

export interface Entry {
  /** The words: `identity show`. */
  readonly path: string
  readonly summary: string
  load(): Promise<{ readonly default: Command }>
}

const entry = (path: string, summary: string, load: Entry['load']): Entry => ({ path, summary, load })

export const REGISTRY: readonly Entry[] = [
  entry('commands', 'List every command', () => import('./commands/commands.ts')),
  entry('help', 'Explain a topic or a command', () => import('./commands/help.ts')),
]
