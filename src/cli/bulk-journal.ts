/**
 * The result file of a bulk job: a JSON object a line, added as each row gets its result; of a row that is named twice the last line counts. It is
 * read when the job goes on. A line that a kill cut short is taken off; a file that is no journal of this job is left alone.
 */
import { closeSync, createReadStream, fstatSync, ftruncateSync, openSync, writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { MailctlError, messageOf } from '../base/errors.ts'
import type { CheckedRows, RowJournal, RowResult, RowStatus } from '../operations/send-rows.ts'

export interface OpenJournal extends RowJournal {
  close(): void
}

const STATUSES: readonly RowStatus[] = ['QUEUED', 'DEFERRED', 'DELIVERED', 'BOUNCED', 'SUPPRESSED', 'REJECTED']

/** @throws MailctlError usage (another file is there), store-unavailable */
export async function openJournal(path: string, { job, rows }: Pick<CheckedRows, 'job' | 'rows'>): Promise<OpenJournal> {
  /** By row; an octet each, however many there are. */
  const known = new Uint8Array(rows + 1)
  let fd: number
  let size: number
  try {
    fd = openSync(path, 'a+', 0o600)
    size = fstatSync(fd).size
  } catch (cause) {
    throw cannotWrite(path, cause)
  }
  try {
    const whole = await readJournal(path, job, known)
    if (whole < size) ftruncateSync(fd, whole)
    if (whole > size) writeSync(fd, '\n')
  } catch (error) {
    closeSync(fd)
    throw error
  }
  return {
    statusOf: row => STATUSES[(known[row] ?? 0) - 1],
    add(result) {
      known[result.row] = 1 + STATUSES.indexOf(result.status)
      try {
        writeSync(fd, `${JSON.stringify(lineOf(job, result))}\n`)
      } catch (cause) {
        throw cannotWrite(path, cause)
      }
    },
    close: () => closeSync(fd),
  }
}

const lineOf = (job: string, { row, line, address, status, messageId, detail, inDoubt }: RowResult) => ({
  JobId: job,
  Row: row,
  Line: line,
  EmailAddress: address,
  Status: status,
  MessageId: messageId,
  Detail: detail,
  InDoubt: inDoubt,
})

/** @returns octets up to the end of the last whole line */
async function readJournal(path: string, job: string, known: Uint8Array): Promise<number> {
  let whole = 0
  let cut: string | undefined
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
    if (cut !== undefined) throw notOurs(path)
    const said = parse(line)
    if (said === undefined) {
      cut = line // only the last may be
      continue
    }
    if (said.JobId !== job || !Number.isSafeInteger(said.Row) || said.Row < 1 || said.Row >= known.length) throw notOurs(path)
    const status = 1 + STATUSES.indexOf(said.Status as RowStatus)
    if (status === 0) throw notOurs(path)
    known[said.Row] = status
    whole += Buffer.byteLength(line) + 1
  }
  if (cut !== undefined && !cut.startsWith(`{"JobId":"${job}"`) && !`{"JobId":"${job}"`.startsWith(cut)) throw notOurs(path)
  return whole
}

function parse(line: string): { JobId?: unknown; Row: number; Status?: unknown } | undefined {
  try {
    const value = JSON.parse(line)
    return typeof value === 'object' && value !== null ? value : { Row: 0 }
  } catch {
    return undefined
  }
}

const notOurs = (path: string): MailctlError =>
  new MailctlError('usage', `${path} is there and holds something else than results of this job`, {
    hint: 'Give another file with --results, or the name of its job with --job.',
  })

const cannotWrite = (path: string, cause: unknown): MailctlError =>
  new MailctlError('store-unavailable', `cannot write ${path}: ${messageOf(cause)}`, {
    hint: 'Check the folder and the space on its disk.',
    cause,
  })
