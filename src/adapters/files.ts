/**
 * Files of the machine. Only regular files: a directory, device or FIFO is refused by name, and opening never waits for a FIFO's other
 * end. What was checked is the file that is then read: sizes come from the open file, not from a path looked at earlier.
 */
import { constants } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { Readable } from 'node:stream'
import { formatSize } from '../base/duration.ts'
import { codeOf, MailctlError, messageOf } from '../base/errors.ts'
import { printable } from '../base/redact.ts'
import { SNIFF_OCTETS } from '../mail/media-type.ts'
import type { Files, InputFile } from '../ports/files.ts'

const CHUNK = 64 * 1024
/** Absent on Windows, which has no FIFOs to wait for. */
const READ_WITHOUT_WAITING = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'does not exist',
  EACCES: 'may not be read',
  EPERM: 'may not be read',
  ELOOP: 'is a link that leads to itself',
  EISDIR: 'is a directory',
  EMFILE: 'cannot be opened: too many files are open',
}

function unreadable(path: string, why: string, cause?: unknown): MailctlError {
  return new MailctlError('no-input', `File '${printable(path)}' ${why}`, { hint: 'Check the path and its permissions.', cause })
}

function explain(path: string, error: unknown): MailctlError {
  if (error instanceof MailctlError) return error
  const code = codeOf(error) ?? ''
  return unreadable(path, REASONS[code] ?? `cannot be read: ${messageOf(error)}`, error)
}

/** The handle is closed again when `work` ends, however it ends. */
async function withFile<T>(path: string, work: (handle: FileHandle, size: number) => Promise<T>): Promise<T> {
  if (path.includes('\0')) throw unreadable(path, 'does not exist')
  let handle: FileHandle | undefined
  try {
    handle = await open(path, READ_WITHOUT_WAITING)
    const found = await handle.stat()
    if (found.isDirectory()) throw unreadable(path, 'is a directory')
    if (!found.isFile()) throw unreadable(path, 'is not a regular file')
    return await work(handle, found.size)
  } catch (error) {
    throw explain(path, error)
  } finally {
    await handle?.close()
  }
}

/** Reads exactly `length` octets: more or fewer means that the file changed after its size was announced. */
async function* chunksOf(path: string, length: number): AsyncGenerator<Buffer> {
  const handle = await open(path, READ_WITHOUT_WAITING).catch(error => Promise.reject(explain(path, error)))
  try {
    const found = await handle.stat()
    if (!found.isFile() || found.size !== length) throw unreadable(path, 'was changed while it was being read')
    for (let at = 0; at < length; ) {
      const { bytesRead, buffer } = await handle.read({ buffer: Buffer.allocUnsafe(Math.min(CHUNK, length - at)), position: at })
      if (bytesRead === 0) throw unreadable(path, 'was changed while it was being read')
      at += bytesRead
      yield buffer.subarray(0, bytesRead)
    }
  } catch (error) {
    throw explain(path, error)
  } finally {
    await handle.close()
  }
}

export const files: Files = {
  async exists(path) {
    if (path.includes('\0')) return false
    return stat(path).then(
      found => found.isFile(),
      () => false,
    )
  },

  open: path =>
    withFile(path, async (handle, length): Promise<InputFile> => {
      const { bytesRead, buffer } = await handle.read({ buffer: Buffer.alloc(SNIFF_OCTETS), position: 0 })
      return {
        name: basename(path),
        length,
        firstOctets: buffer.subarray(0, bytesRead),
        open: () => Readable.from(chunksOf(path, length), { objectMode: false, highWaterMark: CHUNK }),
      }
    }),

  text: (path, maxBytes) =>
    withFile(path, async (handle, length) => {
      if (length > maxBytes) {
        throw new MailctlError('bad-data', `File '${printable(path)}' is larger than ${formatSize(maxBytes)}`, {
          hint: 'Attach it with --attach instead.',
        })
      }
      const bytes = await handle.readFile()
      try {
        return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
      } catch (cause) {
        throw new MailctlError('bad-data', `File '${printable(path)}' is not UTF-8 text`, { hint: 'Save it as UTF-8.', cause })
      }
    }),
}
