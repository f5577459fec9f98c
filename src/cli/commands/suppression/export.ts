/** `mailctl suppression export`: the account's list as lines that `suppression import` reads. */
import { Readable } from 'node:stream'
import type { FileFormat } from '../../../account/suppression-file.ts'
import { MailctlError } from '../../../base/errors.ts'
import { interruptible } from '../../../base/interruptible.ts'
import { countSuppressed, exportSuppression } from '../../../operations/import-suppression.ts'
import { count } from '../../account-text.ts'
import { command } from '../../command.ts'
import { textFlag } from '../../moments.ts'
import { workProgress } from '../../progress.ts'
import { writeFile } from '../../write-file.ts'

interface Shown {
  readonly lines: Readable
  /** undefined: stdout. */
  readonly file: string | undefined
  readonly exported: number
}

export default command<Shown>({
  path: 'suppression export',
  summary: 'Write the list as a file that can be imported',
  details: 'In order of address, one a line. An import takes 100,000 lines: split a longer list.',
  examples: ['mailctl suppression export -o list.csv', 'mailctl suppression export --format json | head'],
  options: [
    { flags: '-o, --output <file>', summary: 'write to this file; - is stdout', path: true },
    { flags: '--format <format>', summary: 'csv or json (default: csv)', choices: ['csv', 'json'] },
  ],
  fails: ['usage', 'config', 'store-unavailable', 'interrupted'],
  async run(context, _, flags) {
    const app = await context.app()
    const output = textFlag(flags, 'output')
    const file = output === '-' ? undefined : output
    if (file === undefined && flags['json'] === true)
      throw new MailctlError('usage', '--json needs -o: without it the list itself goes to stdout', {
        hint: 'Give -o list.csv, or --format json.',
      })
    const of = await countSuppressed(app)
    const told = workProgress(context, flags, 'Exported')
    let exported = 0
    const format: FileFormat = textFlag(flags, 'format') === 'json' ? 'json' : 'csv'
    const lines = Readable.from(
      exportSuppression(app, format, done => {
        exported = done
        told(done, Math.max(done, of))
      }),
    )
    interruptible(lines, context.signal)
    if (file !== undefined) await writeFile(lines, file, { isSourceFailure: () => context.signal.aborted })
    return { lines, file, exported }
  },
  json: ({ file, exported }) => ({ File: file, ExportedRecordsCount: exported }),
  async show(io, { lines, file, exported }) {
    if (file === undefined) await io.pipe(lines)
    else io.line(`Wrote ${count(exported)} ${exported === 1 ? 'address' : 'addresses'} to ${file}`)
  },
})
