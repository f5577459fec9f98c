/** `mailctl snapshot diff`: what is another in a message than in its golden file. */
import { printable } from '../../../base/redact.ts'
import type { LineChange } from '../../../mail/line-difference.ts'
import { type SectionDifference, snapshotDifference } from '../../../mail/snapshot.ts'
import { snapshotFrom } from '../../../operations/snapshot-message.ts'
import { command } from '../../command.ts'
import type { Io } from '../../io.ts'
import { openInput } from '../../values.ts'

/** Lines that are the same, shown around those that are not. */
const AROUND = 3

export default command<readonly SectionDifference[]>({
  path: 'snapshot diff',
  arguments: '<snapshot> [message]',
  summary: 'Show what differs in a message from its golden file',
  details:
    'The message is a file, or - for stdin, the default. Part by part: - stands in the snapshot, + in the message. Each of the two may be a snapshot or a message.',
  examples: ['mailctl snapshot diff welcome.snap welcome.eml', 'mailctl snapshot diff before.eml after.eml --json'],
  fails: ['usage', 'bad-data', 'no-input', 'too-large'],
  results: { 0: 'both say the same', 1: 'they differ' },
  async run({ io }, [snapshot = '', message = '-']) {
    const before = await snapshotFrom(await openInput(snapshot, io))
    return snapshotDifference(before, await snapshotFrom(await openInput(message, io)))
  },
  json: differences => ({
    Same: differences.length === 0,
    Differences: differences.map(({ title, changes }) => ({
      Title: title,
      Removed: changes.filter(({ kind }) => kind === 'removed').map(({ line }) => line),
      Added: changes.filter(({ kind }) => kind === 'added').map(({ line }) => line),
    })),
  }),
  show(io, differences) {
    if (differences.length === 0) return io.line('No difference.')
    for (const [index, { title, changes }] of differences.entries()) {
      if (index > 0) io.line()
      io.line(io.colour.bold(printable(title.replace(/^== /, ''))))
      showChanges(io, changes)
    }
  },
  exit: differences => (differences.length === 0 ? 0 : 1),
})

function showChanges({ line, colour }: Io, changes: readonly LineChange[]): void {
  const isNear = changes.map((_, index) =>
    changes.slice(Math.max(0, index - AROUND), index + AROUND + 1).some(({ kind }) => kind !== 'same'),
  )
  for (const [index, { kind, line: text }] of changes.entries()) {
    if (!isNear[index]) {
      if (index === 0 || isNear[index - 1]) line(colour.dim('  …'))
      continue
    }
    const shown = printable(text)
    if (kind === 'same') line(`    ${shown}`)
    else line(kind === 'removed' ? colour.red(`  - ${shown}`) : colour.green(`  + ${shown}`))
  }
}
