/** `mailctl suppression import`: SES CreateImportJob and GetImportJob in one, on a file of this machine. */
import type { FileFormat, ImportAction } from '../../../account/suppression-file.ts'
import { checkImport, type Imported, importSuppression } from '../../../operations/import-suppression.ts'
import { count } from '../../account-text.ts'
import { command } from '../../command.ts'
import { textFlag } from '../../moments.ts'
import { workProgress } from '../../progress.ts'
import { reopenInput } from '../../values.ts'

interface Shown extends Imported {
  readonly action: ImportAction
  readonly dryRun: boolean
}

export default command<Shown>({
  path: 'suppression import',
  arguments: '<file>',
  summary: 'Put the addresses of a file on the list, or take them off',
  details:
    'One address a line, as CSV or JSON: ann@example.com,BOUNCE or {"emailAddress":"ann@example.com","reason":"BOUNCE"}. At most 100,000 of them, 10,000 with --delete, which needs no reasons. Every line is looked at first: a bad one means that nothing is changed. An interrupted import is finished by running it again. In the sandbox SES refuses this, and so does mailctl.',
  examples: [
    'mailctl suppression import old-bounces.csv',
    'mailctl suppression import back-again.csv --delete',
    'mailctl suppression import - --format json --dry-run < list.jsonl',
  ],
  options: [
    { flags: '--delete', summary: 'take the addresses off the list' },
    { flags: '--format <format>', summary: 'csv or json (default: as the first line looks)', choices: ['csv', 'json'] },
    { flags: '-n, --dry-run', summary: 'look at every line, and change nothing' },
  ],
  fails: ['usage', 'bad-data', 'no-input', 'too-large', 'sandboxed', 'config', 'store-unavailable', 'interrupted'],
  async run(context, [file = '-'], flags) {
    const app = await context.app()
    const action = flags['delete'] === true ? 'DELETE' : 'PUT'
    const format = textFlag(flags, 'format')
    const request = {
      name: file === '-' ? 'stdin' : file,
      open: await reopenInput(file, context.io),
      ...(format !== undefined && { format: format as FileFormat }),
      action,
      signal: context.signal,
      progress: workProgress(context, flags, action === 'PUT' ? 'Imported' : 'Removed'),
    } as const
    if (flags['dryRun'] === true) return { processed: await checkImport(app, request), changed: 0, action, dryRun: true }
    return { ...(await importSuppression(app, request)), action, dryRun: false }
  },
  json: ({ processed, changed, action, dryRun }) => ({
    ...(dryRun ? { DryRun: true } : { JobStatus: 'COMPLETED' }),
    ImportDestination: { SuppressionListDestination: { SuppressionListImportAction: action } },
    ProcessedRecordsCount: processed,
    FailedRecordsCount: 0,
    ...(!dryRun && { ChangedRecordsCount: changed }),
  }),
  show(io, { processed, changed, action, dryRun }) {
    if (dryRun) return io.line(`Would ${action === 'PUT' ? 'put on' : 'take off'} the list: ${addresses(processed)}; nothing was changed.`)
    if (action === 'PUT') return io.line(`Imported ${addresses(changed)}.`)
    const others = processed - changed
    io.line(
      `Removed ${addresses(changed)}${others === 0 ? '' : `; ${count(others)} of them ${others === 1 ? 'was' : 'were'} not on the list`}.`,
    )
  },
})

const addresses = (number: number): string => `${count(number)} ${number === 1 ? 'address' : 'addresses'}`
