/**
 * Files from a received message into a folder, whatever the sender called them: names are cleaned to one harmless path part, nothing is
 * overwritten, no link is followed, and nothing is written outside the folder.
 */
import { closeSync, constants, mkdirSync, openSync, realpathSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { MailctlError, messageOf } from '../base/errors.ts'

export interface SavedFile {
  readonly path: string
  write(octets: Buffer): void
  end(): void
}

export interface SaveFolder {
  /** Creates a new file named after `name` and opens it.  @throws MailctlError store-unavailable */
  create(name: string | null, type: string): SavedFile
}

const MAX_NAME_BYTES = 120
const MAX_SAME_NAME = 1_000
/** Names that Windows takes for devices, with any extension. */
const DEVICE = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i

/** One path part that no file system or terminal takes for anything else; `fallback` when nothing is left of it. */
export function safeFileName(name: string, fallback: string): string {
  const part = name.split(/[/\\]/).at(-1) ?? ''
  const clean = part
    .normalize('NFC')
    .replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff<>:"|?*]/g, '_')
    .replace(/^[.\s]+|[.\s]+$/g, '')
  if (clean === '') return fallback
  return shorten(DEVICE.test(clean) ? `_${clean}` : clean)
}

/** Cuts before the extension, between characters. */
function shorten(name: string): string {
  const extension = /\.[^.]{1,16}$/.exec(name)?.[0] ?? ''
  const stem = [...name.slice(0, name.length - extension.length)]
  while (stem.length > 1 && Buffer.byteLength(stem.join('')) + Buffer.byteLength(extension) > MAX_NAME_BYTES) stem.pop()
  return stem.join('') + extension
}

/** Makes the folder where it is missing.  @throws MailctlError store-unavailable */
export function openSaveFolder(folder: string): SaveFolder {
  const root = attempt(folder, () => {
    mkdirSync(folder, { recursive: true })
    return realpathSync(folder)
  })
  let count = 0
  return {
    create(name, type) {
      count += 1
      const wanted = safeFileName(name ?? '', `attachment-${count}${type === 'message/rfc822' ? '.eml' : '.bin'}`)
      const { path, fd } = attempt(folder, () => createNew(root, wanted))
      return {
        path,
        write: octets =>
          attempt(
            path,
            () => writeAll(fd, octets),
            () => discard(path, fd),
          ),
        end: () => attempt(path, () => closeSync(fd)),
      }
    },
  }
}

/** `report.pdf`, then `report-1.pdf` and so on. O_EXCL refuses what is there already, links included. */
function createNew(root: string, name: string): { path: string; fd: number } {
  const extension = /\.[^.]{1,16}$/.exec(name)?.[0] ?? ''
  const stem = name.slice(0, name.length - extension.length)
  for (let number = 0; number < MAX_SAME_NAME; number += 1) {
    const path = join(root, number === 0 ? name : `${stem}-${number}${extension}`)
    try {
      return { path, fd: openSync(path, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | (constants.O_NOFOLLOW ?? 0), 0o600) }
    } catch (thrown) {
      const code = (thrown as NodeJS.ErrnoException).code
      if (code !== 'EEXIST' && code !== 'ELOOP') throw thrown
    }
  }
  throw new Error(`there are ${MAX_SAME_NAME} files of that name already`)
}

function writeAll(fd: number, octets: Buffer): void {
  for (let done = 0; done < octets.length; ) done += writeSync(fd, octets, done)
}

function discard(path: string, fd: number): void {
  closeSync(fd)
  rmSync(path, { force: true })
}

function attempt<T>(path: string, work: () => T, cleanUp = (): void => {}): T {
  try {
    return work()
  } catch (thrown) {
    cleanUp()
    throw new MailctlError('store-unavailable', `cannot write ${path}: ${messageOf(thrown)}`, {
      hint: 'Name another folder.',
      cause: thrown,
    })
  }
}
