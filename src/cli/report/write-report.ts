/** `--html FILE`: the account's report as a file, or on stdout for `-`. The page is made of what the account counted up to now. */
import { resolve } from 'node:path'
import { Readable } from 'node:stream'
import { MailctlError } from '../../base/errors.ts'
import type { App } from '../../operations/app.ts'
import type { Flags } from '../command.ts'
import type { Io } from '../io.ts'
import { textFlag } from '../moments.ts'

export const HTML_FLAG = { flags: '--html <file>', summary: 'write a report with charts; - is stdout', path: true } as const

/** Where the report is; or, for stdout, what is in it. */
export type WrittenReport = { readonly file: string } | { readonly page: string }

/**
 * A file is whole or not there, and only its owner may read it; an earlier one is replaced.
 * @returns undefined without the flag  @throws MailctlError usage, store-unavailable
 */
export async function writeReport(app: Pick<App, 'store' | 'clock'>, flags: Flags, since: number): Promise<WrittenReport | undefined> {
  const name = textFlag(flags, 'html')
  if (name === undefined) return undefined
  if (flags['watch'] === true)
    throw new MailctlError('usage', '--html and --watch do not go together', { hint: 'A report is written once.' })
  if (name === '-' && flags['json'] === true)
    throw new MailctlError('usage', '--html - and --json both want stdout', { hint: 'Give --html a file.' })
  const [{ readAccountReport }, { reportPage }, { writeFile }] = await Promise.all([
    import('../../operations/account-report.ts'),
    import('./page.ts'),
    import('../write-file.ts'),
  ])
  const page = reportPage(await readAccountReport(app, since))
  if (name === '-') return { page }
  const file = resolve(name)
  await writeFile(Readable.from([page]), file, { mode: 0o600 })
  return { file }
}

export function showWritten(io: Io, written: WrittenReport): void {
  if ('page' in written) io.stdout.write(written.page)
  else io.line(`Wrote the report to ${written.file}`)
}

/** The member that `--json` gains by it. */
export const writtenJson = (written: WrittenReport | undefined): { readonly File?: string } =>
  written !== undefined && 'file' in written ? { File: written.file } : {}
