/**
 * Moves suppression lists through files: one line an address. A file is read twice: first every line is looked at, so that a bad one means
 * that nothing is changed; then it is written in batches, with a pause between two so that an engine beside it gets its turn. What an
 * interruption or a crash cuts short is finished by running it again: a line twice is a line once. Memory holds a batch, never a file.
 * SES facts: concepts §8; CreateImportJob.
 */
import type { Readable } from 'node:stream'
import { setTimeout } from 'node:timers/promises'
import {
  type FileEntry,
  type FileFormat,
  formatOf,
  type ImportAction,
  MOST_ENTRIES,
  readEntry,
  writeEntry,
} from '../account/suppression-file.ts'
import { MailctlError } from '../base/errors.ts'
import type { App } from './app.ts'
import { linesOf, readable } from './read-lines.ts'
import { checkMayChange } from './suppression.ts'

type ListApp = Pick<App, 'store' | 'clock'>

export interface ImportRequest {
  /** Named in refusals. */
  readonly name: string
  /** The file, from its start each time. */
  readonly open: () => Readable
  /** Absent: as the first line looks. */
  readonly format?: FileFormat
  readonly action: ImportAction
  readonly signal: AbortSignal
  /** Told after each batch. */
  readonly progress: (done: number, of: number) => void
}

/** Addresses of one transaction. */
const BATCH = 1_000
/** Between two transactions: another process that waits for the lock asks for it again within that time. */
const PAUSE_MS = 20
/** No line of a list is longer. */
const LONGEST_LINE = 4_096

/** Looks at every line and changes nothing. @returns how many addresses there are  @throws MailctlError bad-data, with file, line and reason; sandboxed */
export async function checkImport({ store }: ListApp, request: ImportRequest): Promise<number> {
  checkMayChange(await store.account())
  let count = 0
  for await (const batch of batches(request, 'Nothing was changed.')) count += batch.length
  return count
}

export interface Imported {
  /** Lines of the file. */
  readonly processed: number
  /** Addresses that were taken off the list; of a file that puts them there, all. */
  readonly changed: number
}

/** @throws MailctlError bad-data (nothing was changed), sandboxed, store-unavailable, interrupted (the batches so far are done) */
export async function importSuppression(app: ListApp, request: ImportRequest): Promise<Imported> {
  const { store, clock } = app
  const { action, signal, progress } = request
  const of = await checkImport(app, request)
  let processed = 0
  let changed = 0
  for await (const batch of batches(request, 'The file changed while it was read: run it again.')) {
    if (signal.aborted) throw interrupted(processed, of)
    if (processed > 0) await setTimeout(PAUSE_MS)
    if (action === 'DELETE') {
      changed += await store.unsuppress(batch.map(({ address }) => address))
    } else {
      const updatedAt = clock.now()
      await store.suppress(
        batch.map(({ address, reason = 'BOUNCE' }) => ({ address, reason, updatedAt, messageId: null, feedbackId: null })),
      )
      changed += batch.length
    }
    processed += batch.length
    progress(processed, of)
  }
  return { processed, changed }
}

const interrupted = (done: number, of: number): MailctlError =>
  new MailctlError('interrupted', `interrupted after ${done} of ${of} addresses`, { hint: 'Run it again to finish it.' })

async function* batches({ name, open, format, action, signal }: ImportRequest, note: string): AsyncGenerator<FileEntry[]> {
  const refused = (line: number, error: unknown): unknown =>
    error instanceof MailctlError
      ? new MailctlError('bad-data', `${name}:${line}: ${error.message}`, { hint: `${error.hint ?? ''} ${note}`.trim() })
      : error
  let form = format
  let batch: FileEntry[] = []
  let count = 0
  for await (const { line, text } of linesOf(readable(open(), name), { refused, longest: LONGEST_LINE, hint: 'One address a line.' })) {
    if (text.trim() === '') continue
    try {
      form ??= formatOf(text)
      batch.push(readEntry(text, form, action))
      count += 1
      if (count > MOST_ENTRIES[action])
        throw new MailctlError('bad-data', `is one too many: a job takes at most ${MOST_ENTRIES[action]} addresses`, {
          hint: 'Split the file.',
        })
    } catch (error) {
      throw refused(line, error)
    }
    if (batch.length < BATCH) continue
    if (signal.aborted) throw new MailctlError('interrupted', 'interrupted')
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}

export const countSuppressed = ({ store }: Pick<App, 'store'>): Promise<number> => store.suppressedCount()

/** The account's list as lines that can be imported, a batch at a time, in order of address. */
export async function* exportSuppression(
  { store }: Pick<App, 'store'>,
  format: FileFormat,
  progress: (done: number) => void,
): AsyncGenerator<string> {
  let done = 0
  for (let after = ''; ; ) {
    const entries = await store.suppressedFrom(after, BATCH)
    const last = entries.at(-1)
    if (last === undefined) return
    yield entries.map(entry => `${writeEntry(entry, format)}\n`).join('')
    after = last.address
    done += entries.length
    progress(done)
  }
}
