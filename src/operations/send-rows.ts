/**
 * One template, a file of rows, a message each. The file is read twice: first every row is looked at, filled and all, so that a bad one means
 * that nothing is sent; then it is sent. What was sent is known by the row's idempotency key, which the store commits with the message: a run
 * that was killed is finished by the same command, no row is skipped, and none is accepted twice. Only what was under way at that moment is
 * in doubt, as SMTP leaves it: its result says so. Memory holds the rows in hand, never the file.
 */
import { createHash } from 'node:crypto'
import { checkJobName, recipientOf, rowKey } from '../account/bulk-row.ts'
import type { ListManagement } from '../account/contacts.ts'
import type { TemplateContent } from '../account/template.ts'
import { MailctlError } from '../base/errors.ts'
import { parseMailbox, parseMailboxList } from '../mail/address.ts'
import type { StoredMessage } from '../ports/store.ts'
import type { App } from './app.ts'
import { composeTemplated, type TemplatedDraft } from './compose-templated.ts'
import type { DeliverApp } from './deliver-group.ts'
import { previewMessage } from './preview-message.ts'
import { type Row, type RowFile, rowsOf } from './read-rows.ts'
import { RECIPIENT_STATUS, type RecipientStatus } from './recipient-status.ts'
import { type Submission, type SubmitApp, submitMessage } from './submit-message.ts'
import { findTemplate, withPlaces } from './templates.ts'
import { waitForOutcome } from './wait-for-outcome.ts'

export interface RowsRequest extends RowFile {
  /** Absent: follows from the account, the file, the template and all that is said here, so that the same command is the same job. */
  readonly job?: string
  readonly from: string
  readonly replyTo: readonly string[]
  readonly returnPath?: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly listUnsubscribe?: string
  readonly template: string
  /** For all rows; what a row says goes before it. */
  readonly data: Readonly<Record<string, unknown>>
  readonly toField?: string
  readonly tags: Submission['tags']
  readonly configurationSet: string | null
  readonly listManagement?: ListManagement
  readonly signal: AbortSignal
}

export type RowStatus = RecipientStatus

export interface RowResult {
  readonly row: number
  readonly line: number
  readonly address: string
  readonly status: RowStatus
  /** Absent: it was refused, and a later run tries it again. */
  readonly messageId?: string
  /** The receiver's words, or the account's. */
  readonly detail?: string
  /** The recipient may get it twice. */
  readonly inDoubt?: true
}

/** What earlier runs of the job wrote down, and where this one does. */
export interface RowJournal {
  /** The latest of a row. */
  statusOf(row: number): RowStatus | undefined
  /** Kept once this returns, even if the program is killed then. @throws MailctlError store-unavailable */
  add(result: RowResult): void
}

/** A job whose rows are all good. */
export interface CheckedRows {
  readonly job: string
  readonly rows: number
  readonly template: TemplateContent
}

type RowsApp = SubmitApp & DeliverApp & Pick<App, 'renderer'>

/** Rows that are filled ahead of the one that is looked at. */
const AHEAD = 64

/** Looks at every row and at what the account says of the first, and sends nothing. @throws MailctlError bad-data with file, line and reason; as submitMessage */
export async function checkRows(
  app: Pick<RowsApp, 'store' | 'clock' | 'settings' | 'renderer' | 'ids'>,
  request: RowsRequest,
  progress: (checked: number) => void,
): Promise<CheckedRows> {
  if (request.job !== undefined) checkJobName(request.job)
  const { content: template } = await findTemplate(app, request.template)
  const seen = createHash('sha256')
  let rows = 0
  let waiting: Promise<unknown>[] = []
  for await (const row of rowsOf(request)) {
    request.signal.throwIfAborted()
    rows += 1
    seen.update(`${JSON.stringify(row.fields)}\n`)
    if (rows === 1) {
      await inRow(request, row, () => checkRow(app, { request, template }, row))
      await previewMessage(app, submissionOf(request, await inRow(request, row, () => composeRow(app, { request, template }, row))))
    }
    waiting.push(inRow(request, row, () => checkRow(app, { request, template }, row)))
    if (waiting.length < AHEAD) continue
    await inOrder(waiting)
    waiting = []
    progress(rows)
  }
  await inOrder(waiting)
  if (rows === 0)
    throw new MailctlError('bad-data', `${request.name} has no rows`, { hint: 'CSV has a line of field names and then a line a message.' })
  return { job: request.job ?? (await jobOf(app, { request, template }, seen.digest('hex'))), rows, template }
}

/** The first that failed is the first in the file; the others are waited for, so that none fails unheard. */
async function inOrder(work: readonly Promise<unknown>[]): Promise<void> {
  const failed = (await Promise.allSettled(work)).find(one => one.status === 'rejected')
  if (failed) throw failed.reason
}

/** Refusals name the file and the line. */
async function inRow<T>({ name }: RowsRequest, { line }: Row, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof MailctlError) || error.code !== 'bad-data') throw error
    throw new MailctlError('bad-data', `${name}:${line}: ${error.message}`, { hint: `${error.hint ?? ''} Nothing was sent.`.trim() })
  }
}

interface Job {
  readonly request: RowsRequest
  readonly template: TemplateContent
}

async function checkRow({ renderer }: Pick<App, 'renderer'>, { request, template }: Job, { fields }: Row): Promise<void> {
  recipientOf(fields, request.toField)
  await renderer.render(template, withPlaces({ ...request.data, ...fields }))
}

/** @throws MailctlError bad-data, also when the template cannot be filled */
async function composeRow(
  app: Pick<App, 'renderer' | 'ids'>,
  { request, template }: Job,
  { fields }: Row,
): Promise<Pick<Submission, 'content' | 'recipients'>> {
  const draft: TemplatedDraft = {
    from: parseMailbox(request.from),
    to: [recipientOf(fields, request.toField)],
    cc: [],
    bcc: [],
    replyTo: request.replyTo.flatMap(parseMailboxList),
    returnPath: null,
    headers: request.headers,
    attachments: [],
    ...(request.listUnsubscribe !== undefined && { listUnsubscribe: request.listUnsubscribe }),
    template: { name: request.template, content: template },
    data: { ...request.data, ...fields },
  }
  const { rejected, ...composed } = await composeTemplated(app, draft)
  if (rejected) throw new MailctlError('bad-data', rejected.outcome.reply)
  return composed
}

function submissionOf(
  { tags, configurationSet, listManagement, returnPath, signal }: RowsRequest,
  composed: Pick<Submission, 'content' | 'recipients'>,
  rateWaitMs = Number.POSITIVE_INFINITY,
): Submission {
  return {
    ...composed,
    tags,
    configurationSet,
    ...(listManagement && { listManagement }),
    ...(returnPath !== undefined && { returnPath: parseMailbox(returnPath).address }),
    operation: 'SendBulkTemplatedEmail',
    signer: 'own',
    rateWaitMs,
    signal,
  }
}

async function jobOf({ store }: Pick<App, 'store'>, { request, template }: Job, rows: string): Promise<string> {
  const { from, replyTo, returnPath, headers, listUnsubscribe, data, toField, tags, configurationSet, listManagement } = request
  const { accountId } = await store.account()
  const said = [
    accountId,
    rows,
    template,
    from,
    replyTo,
    returnPath,
    headers,
    listUnsubscribe,
    data,
    toField,
    tags,
    configurationSet,
    listManagement,
  ]
  return createHash('sha256').update(JSON.stringify(said)).digest('hex').slice(0, 16)
}

export interface SendOptions {
  readonly journal: RowJournal
  /** false: a row is done when it is accepted. */
  readonly wait: boolean
  /** For a token of the send rate, and for a first attempt. */
  readonly timeoutMs: number
  readonly progress: (done: number, of: number) => void
}

export interface SentRows {
  readonly byStatus: Readonly<Partial<Record<RowStatus, number>>>
  /** Rows that an earlier run had sent. */
  readonly sentBefore: number
  readonly inDoubt: number
}

/** Rows under way at once; fewer where the account's rate gives no more. */
const LANES = 10

/**
 * Resolves when every row has a result. Rejected: rows without a result have not been accepted, or are known by their key: the same command
 * goes on.
 * @throws MailctlError sending-paused, quota-exceeded, rate-exceeded, not-found, mail-from-not-verified, store-unavailable, interrupted
 */
export async function sendRows(
  app: RowsApp,
  request: RowsRequest,
  { job, rows, template }: CheckedRows,
  options: SendOptions,
): Promise<SentRows> {
  const { journal, progress } = options
  const counts = new Map<RowStatus, number>()
  let done = 0
  let sentBefore = 0
  let inDoubt = 0
  let failure: unknown
  const source = rowsOf(request)

  async function lane(): Promise<void> {
    while (failure === undefined && !request.signal.aborted) {
      const { value: row, done: ended } = await source.next()
      if (ended) return
      const before = journal.statusOf(row.row)
      if (before !== undefined && before !== 'REJECTED') sentBefore += 1
      const status = before !== undefined && isOver(before) ? before : await sendOne(row, before)
      counts.set(status, (counts.get(status) ?? 0) + 1)
      done += 1
      progress(done, rows)
    }
  }

  async function sendOne(row: Row, before: RowStatus | undefined): Promise<RowStatus> {
    const { address } = recipientOf(row.fields, request.toField)
    const result = await sendRow(app, { request, template }, { row, before, key: rowKey(job, row.row, address), options })
    if (result.status !== before || result.inDoubt) journal.add({ row: row.row, line: row.line, address, ...result })
    if (result.inDoubt) inDoubt += 1
    if (result.known && before === undefined) sentBefore += 1
    return result.status
  }

  const { maxSendRate } = await app.store.account()
  const lanes = app.clock.kind === 'virtual' ? 1 : Math.max(1, Math.min(LANES, Math.floor(maxSendRate)))
  await Promise.all(
    Array.from({ length: lanes }, () =>
      lane().catch((error: unknown) => {
        failure ??= error
      }),
    ),
  )
  await source.return(undefined)
  const again = 'The same command goes on where this one ended.'
  if (request.signal.aborted) throw new MailctlError('interrupted', `interrupted after ${done} of ${rows} rows`, { hint: again })
  if (failure instanceof MailctlError)
    throw new MailctlError(failure.code, `after ${done} of ${rows} rows: ${failure.message}`, {
      hint: `${again} ${failure.hint ?? ''}`.trim(),
      cause: failure,
    })
  if (failure !== undefined) throw failure
  if (done !== rows)
    throw new MailctlError('bad-data', `${request.name} changed while it was read: it had ${rows} rows, then ${done}`, {
      hint: 'Run the command again.',
    })
  return { byStatus: Object.fromEntries(counts), sentBefore, inDoubt }
}

/** Nothing will change it any more; one that was refused is tried again. */
const isOver = (status: RowStatus): boolean => status === 'DELIVERED' || status === 'BOUNCED' || status === 'SUPPRESSED'

interface RowTask {
  readonly row: Row
  /** What an earlier run wrote down. */
  readonly before: RowStatus | undefined
  readonly key: string
  readonly options: SendOptions
}

type Done = Pick<RowResult, 'status' | 'messageId' | 'detail' | 'inDoubt'> & { readonly known?: true }

async function sendRow(app: RowsApp, job: Job, { row, before, key, options }: RowTask): Promise<Done> {
  const { wait, timeoutMs } = options
  const { signal } = job.request
  const knownId = await app.store.idOfKey(key)
  if (knownId !== undefined) {
    const known = await app.store.message(knownId)
    // Accepted, nothing written down, no attempt on record: an earlier run was ended in the middle of it.
    const wasUnderWay = wait && before === undefined && known?.recipients.some(({ state, attempts }) => !isSettled(state) && attempts === 0)
    const message = wait && before === undefined ? await waitForOutcome(app, knownId, { goal: 'first-attempt', timeoutMs, signal }) : known
    return {
      ...(message ? resultOf(message) : { status: 'QUEUED', messageId: knownId }),
      ...(wasUnderWay && { inDoubt: true }),
      known: true,
    }
  }
  try {
    const composed = await composeRow(app, job, row)
    const submission = { ...submissionOf(job.request, composed, timeoutMs), idempotencyKey: key }
    const { messageId, reports = [] } = await submitMessage(app, submission)
    if (!wait) return { status: 'QUEUED', messageId }
    return resultOf(await waitForOutcome(app, messageId, { goal: 'first-attempt', timeoutMs, reports, signal }))
  } catch (error) {
    if (!(error instanceof MailctlError) || !OF_THE_ROW.has(error.code)) throw error
    return { status: 'REJECTED', detail: error.message }
  }
}

/** Refusals that are this row's alone; any other would meet every row. */
const OF_THE_ROW: ReadonlySet<string> = new Set(['not-verified', 'message-rejected', 'bad-data', 'too-large'])

const isSettled = (state: StoredMessage['recipients'][number]['state']): boolean => state !== 'queued' && state !== 'active'

function resultOf({ id, recipients: [recipient] }: StoredMessage): Done {
  const { state = 'queued', outcome = null } = recipient ?? {}
  return {
    status: RECIPIENT_STATUS[state],
    messageId: id,
    ...(outcome && { detail: outcome.reply }),
    // The transport's own words for a session that broke after the final dot.
    ...(outcome?.reply.endsWith('it may be delivered twice') && { inDoubt: true }),
  }
}
