/** What SQLite says when it fails, as one helpful line. Programming errors are passed on as they are. */
import { MailctlError, messageOf } from '../../base/errors.ts'

/** Primary result codes of SQLite that mean the outside failed, and what a person can do. */
const SQLITE_FAILURES: Readonly<Record<number, readonly [name: string, what: string, hint: string]>> = {
  3: ['PERM', 'access is denied', 'Check who owns the folder and its mode.'],
  5: ['BUSY', 'another process keeps it locked', 'Try again; if it lasts, look for a stopped mailctl process.'],
  6: ['LOCKED', 'it is locked', 'Try again; if it lasts, look for a stopped mailctl process.'],
  8: ['READONLY', 'it is read-only', 'Make the folder and its files writable for this user, or choose another --home.'],
  10: ['IOERR', 'reading or writing it failed', 'Check the disk: space, quota and health.'],
  11: ['CORRUPT', 'the file is damaged', 'Restore it from a copy; sqlite3 FILE .recover may save its rows.'],
  13: ['FULL', 'the disk is full', 'Free some space and try again; nothing was stored.'],
  14: ['CANTOPEN', 'it cannot be opened', 'Check that the folder exists and is writable for this user.'],
  26: ['NOTADB', 'the file is no SQLite database', 'Restore it from a copy.'],
}

/** The failure of a database file as a MailctlError `store-unavailable`; anything else comes back unchanged. */
export function databaseFailure(file: string, error: unknown): unknown {
  if (error instanceof MailctlError || !(error instanceof Error)) return error
  const failure = SQLITE_FAILURES[primaryCode(error)]
  if (!failure) return error
  const [, what, hint] = failure
  return new MailctlError('store-unavailable', `cannot use ${file}: ${what} (${messageOf(error)})`, { hint, cause: error })
}

function primaryCode(error: Error): number {
  // node:sqlite gives the extended result code as a number, better-sqlite3 its name: SQLITE_IOERR_WRITE.
  if ('errcode' in error && typeof error.errcode === 'number') return error.errcode & 0xff
  const name = 'code' in error && typeof error.code === 'string' ? /^SQLITE_([A-Z]+)/.exec(error.code)?.[1] : undefined
  for (const [code, [known]] of Object.entries(SQLITE_FAILURES)) if (known === name) return Number(code)
  return 0
}
