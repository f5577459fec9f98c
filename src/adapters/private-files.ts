/** Files and folders that only their owner may read, whatever the umask; syncing them to disk; and their failures as one helpful line. */
import { chmodSync, closeSync, constants, existsSync, fchmodSync, fstatSync, fsyncSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { codeOf, MailctlError, messageOf } from '../base/errors.ts'

/** Makes the file when it is not there; mode 0600 in any case. @throws MailctlError store-unavailable */
export function makePrivateFile(file: string): void {
  try {
    const descriptor = openSync(file, constants.O_RDWR | constants.O_CREAT, 0o600)
    try {
      if ((fstatSync(descriptor).mode & 0o777) !== 0o600) fchmodSync(descriptor, 0o600)
    } finally {
      closeSync(descriptor)
    }
  } catch (error) {
    throw fileFailure(`cannot open ${file}`, error)
  }
}

/** Makes the folder and those above it; mode 0700 for those it made, durable when it returns. @throws MailctlError store-unavailable */
export function makePrivateFolder(folder: string): void {
  try {
    for (const missing of missingFolders(folder)) {
      makeOne(missing)
      syncFile(dirname(missing))
    }
  } catch (error) {
    throw fileFailure(`cannot make the folder ${folder}`, error)
  }
}

/** From the top down. One by one, because Node's recursive mkdir never ends where a file system says "no such file" to every mkdir, as /proc does. */
function missingFolders(folder: string): string[] {
  const missing: string[] = []
  for (let at = folder; !existsSync(at) && dirname(at) !== at; at = dirname(at)) missing.unshift(at)
  return missing
}

function makeOne(folder: string): void {
  try {
    mkdirSync(folder, 0o700)
    chmodSync(folder, 0o700)
  } catch (error) {
    // Another process that makes the same home was faster.
    if (codeOf(error) !== 'EEXIST') throw error
  }
}

/** A file's content, or a folder's names. Windows cannot sync a folder and needs not. */
export function syncFile(path: string): void {
  const descriptor = openSync(path, 'r')
  try {
    fsyncSync(descriptor)
  } catch (error) {
    if (process.platform !== 'win32') throw error
  } finally {
    closeSync(descriptor)
  }
}

/** The failure of a file or folder of the home as a MailctlError `store-unavailable`. */
export function fileFailure(what: string, error: unknown): MailctlError {
  if (error instanceof MailctlError) return error
  const code = codeOf(error)
  if (code === 'ENOSPC' || code === 'EFBIG' || code === 'EDQUOT')
    return new MailctlError('store-unavailable', `${what}: disk full (${code})`, {
      hint: 'Free some space and try again; nothing was stored.',
      cause: error,
    })
  const hint =
    code === 'EACCES' || code === 'EPERM' || code === 'EROFS'
      ? 'Make the folder and its files writable for this user, or choose another --home.'
      : 'Check the disk and the folder.'
  return new MailctlError('store-unavailable', `${what}: ${messageOf(error)}`, { hint, cause: error })
}
