/** `mailctl bulk`: one message a row of a file, of one template; a run that ended early is finished by the same command. */
import { parseDuration } from '../../base/duration.ts'
import { MailctlError } from '../../base/errors.ts'
import { readHeader } from '../../operations/compose-message.ts'
import { parseListManagement } from '../../operations/list-management.ts'
import type { RowFormat } from '../../operations/read-rows.ts'
import { checkRows, type RowStatus, type RowsRequest, type SentRows, sendRows } from '../../operations/send-rows.ts'
import { readTemplateData } from '../../operations/templates.ts'
import { count } from '../account-text.ts'
import { openJournal } from '../bulk-journal.ts'
import { type CommandContext, command, type Flags } from '../command.ts'
import { DRAFT_OPTIONS } from '../draft-flags.ts'
import { requiredText, textFlag } from '../moments.ts'
import { workProgress } from '../progress.ts'
import { publishOnce } from '../publish-once.ts'
import { SENDING_FAILS } from '../sending-fails.ts'
import { LIST_OPTION, messageTags, SES_OPTIONS } from '../tags.ts'
import { reopenInput } from '../values.ts'

interface Shown extends SentRows {
  readonly job: string
  readonly rows: number
  /** undefined: a dry run. */
  readonly results: string | undefined
  /** Rows were tried, not only accepted. */
  readonly waited: boolean
}

const ORDER: readonly RowStatus[] = ['DELIVERED', 'QUEUED', 'DEFERRED', 'BOUNCED', 'SUPPRESSED', 'REJECTED']
/** What the flags of `compose` have in common with these. */
const OF_THE_DRAFT = /^--(?:from|reply-to|return-path|header|list-unsubscribe) /

export default command<Shown>({
  path: 'bulk',
  arguments: '<rows>',
  summary: 'Send a message a row of a file, of one template',
  details:
    'Rows are CSV, whose first line names the fields, or JSON, an object a line; - is stdin. The field to, or email, holds the recipient, and every field is data for the template. ' +
    'All rows are looked at first: a bad one means that nothing is sent. Each result is added to a file as it comes. A run that was interrupted or killed is finished by the same command: rows that were accepted are known, and are not sent again. ' +
    'The same file, template and flags are the same job; to send them once more, give it another name with --job.',
  examples: [
    'mailctl bulk customers.csv --template order --from orders@example.com',
    `mailctl bulk customers.jsonl --template order --from orders@example.com --data '{"season":"spring"}' --job spring-2026`,
    'mailctl bulk customers.csv --template order --from orders@example.com --dry-run',
  ],
  options: [
    ...DRAFT_OPTIONS.filter(({ flags }) => OF_THE_DRAFT.test(flags)),
    { flags: '--template <name>', summary: 'a stored template, else the starter of that name' },
    { flags: '--data <json|@file>', summary: 'data for all rows, which their own fields go before', stdin: true },
    { flags: '--to-field <name>', summary: 'the field that holds the recipient (default: to, or email)' },
    { flags: '--format <format>', summary: 'csv or json (default: as the file begins)', choices: ['csv', 'json'] },
    ...SES_OPTIONS,
    LIST_OPTION,
    { flags: '--job <name>', summary: 'name of the job (default: follows from the file, the template and the flags)' },
    { flags: '--results <file>', summary: 'where results are added (default: the name of the file with .results.jsonl)', path: true },
    { flags: '--no-wait', summary: 'a row is done when it is accepted' },
    { flags: '--timeout <duration>', summary: 'how long a row waits, for a send-rate token too (default 30s)' },
    { flags: '-n, --dry-run', summary: 'look at every row, and send nothing' },
  ],
  fails: ['no-input', ...SENDING_FAILS],
  results: {
    0: 'all delivered, or accepted with --no-wait',
    1: 'a row bounced, was refused or is suppressed',
    75: 'a row is queued or deferred',
  },
  run: bulk,
  json: ({ job, rows, byStatus, sentBefore, inDoubt, results }) => ({
    ...(results === undefined && { DryRun: true }),
    JobId: job,
    Rows: rows,
    ...(results !== undefined && {
      ...Object.fromEntries(ORDER.map(status => [capital(status), byStatus[status] ?? 0])),
      SentBefore: sentBefore,
      InDoubt: inDoubt,
      ResultsFile: results,
    }),
  }),
  show(io, { job, rows, byStatus, sentBefore, inDoubt, results }) {
    const { colour } = io
    if (results === undefined) return io.line(`Would send ${messages(rows)} (job ${job}); nothing was sent.`)
    io.line(`Job ${job}: ${messages(rows)}${sentBefore > 0 ? `, ${count(sentBefore)} of them sent before` : ''}`)
    for (const status of ORDER) {
      const number = byStatus[status] ?? 0
      const tint = status === 'DELIVERED' ? colour.green : status === 'BOUNCED' || status === 'REJECTED' ? colour.red : colour.yellow
      if (number > 0) io.line(`  ${tint(status.toLowerCase())}  ${count(number)}`)
    }
    if (inDoubt > 0) io.line(`  ${colour.yellow('in doubt')}  ${count(inDoubt)}: under way when something broke, and may arrive twice`)
    io.line(`Results: ${results}`)
  },
  exit({ byStatus, rows, results, waited }) {
    if (results === undefined) return 0
    const { DELIVERED = 0, QUEUED = 0, DEFERRED = 0 } = byStatus
    const open = QUEUED + DEFERRED
    if (DELIVERED + (waited ? 0 : open) === rows) return 0
    return open > 0 && waited ? 75 : 1
  },
})

const capital = (status: string): string => status.charAt(0) + status.slice(1).toLowerCase()
const messages = (number: number): string => `${count(number)} ${number === 1 ? 'message' : 'messages'}`

async function bulk(context: CommandContext, [file = '-']: readonly string[], flags: Flags): Promise<Shown> {
  const app = await context.app()
  const request = await rowsRequest(context, file, flags)
  const results = textFlag(flags, 'results') ?? (file === '-' ? undefined : `${file}.results.jsonl`)
  const dryRun = flags['dryRun'] === true
  if (results === undefined && !dryRun)
    throw new MailctlError('usage', '--results is missing', { hint: 'Rows from stdin have no name that the results could take.' })
  const checked = await checkRows(app, request, rows => context.progress(`Looked at ${count(rows)} rows`))
  const { job, rows } = checked
  const timeout = textFlag(flags, 'timeout')
  if (dryRun || results === undefined) return { job, rows, results: undefined, waited: false, byStatus: {}, sentBefore: 0, inDoubt: 0 }
  const journal = await openJournal(results, checked)
  try {
    const wait = flags['wait'] !== false
    const sent = await sendRows(app, request, checked, {
      journal,
      wait,
      timeoutMs: parseDuration(timeout ?? '30s'),
      progress: workProgress(context, flags, wait ? 'Sent' : 'Accepted'),
    })
    await publishOnce(app, context)
    if (sent.sentBefore === rows)
      context.notice(`all ${count(rows)} rows were sent before; to send them again, give the job another name with --job`)
    return { ...sent, job, rows, results, waited: wait }
  } finally {
    journal.close()
  }
}

async function rowsRequest({ io, signal }: CommandContext, file: string, flags: Flags): Promise<RowsRequest> {
  const list = (name: string): readonly string[] => {
    const value = flags[name]
    return Array.isArray(value) ? value : []
  }
  const optional = {
    job: textFlag(flags, 'job'),
    returnPath: textFlag(flags, 'returnPath'),
    listUnsubscribe: textFlag(flags, 'listUnsubscribe'),
    toField: textFlag(flags, 'toField'),
    format: textFlag(flags, 'format') as RowFormat | undefined,
  }
  const contactList = textFlag(flags, 'contactList')
  return {
    name: file === '-' ? 'stdin' : file,
    from: requiredText(flags, 'from'),
    template: requiredText(flags, 'template'),
    data: readTemplateData(textFlag(flags, 'data') ?? '{}', '--data'),
    replyTo: list('replyTo'),
    headers: list('header').map(readHeader),
    tags: messageTags(flags),
    configurationSet: textFlag(flags, 'configSet') ?? null,
    ...(contactList !== undefined && { listManagement: parseListManagement(contactList) }),
    open: await reopenInput(file, io),
    signal,
    ...(Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)) as Partial<
      Pick<RowsRequest, 'job' | 'returnPath' | 'listUnsubscribe' | 'toField' | 'format'>
    >),
  }
}
