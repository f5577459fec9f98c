/** A result as a file: whole, or not there. A device or pipe is written to as it is. */
import { randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { realpath, rename, rm, stat } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { MailctlError, messageOf } from '../base/errors.ts'

/**
 * Under a temporary name first, so that what cannot be finished leaves nothing behind.
 * @param ask.mode of a new file; a file that is there already is replaced by one of this mode. Default: as the umask says
 * @param ask.isSourceFailure whether what was thrown came from the source; a MailctlError always did
 * @throws MailctlError store-unavailable; what the source throws
 */
export async function writeFile(
  source: Readable,
  file: string,
  { mode, isSourceFailure = () => false }: { readonly mode?: number; readonly isSourceFailure?: (thrown: unknown) => boolean } = {},
): Promise<void> {
  const target = await realpath(file).catch(() => file)
  const found = await stat(target).catch(() => undefined)
  const isSpecial = found !== undefined && !found.isFile() && !found.isDirectory()
  const partial = isSpecial ? target : `${target}.${randomUUID()}.partial`
  try {
    await pipeline(source, createWriteStream(partial, { flags: isSpecial ? 'w' : 'wx', ...(mode !== undefined && { mode }) }))
    if (!isSpecial) await rename(partial, target)
  } catch (thrown) {
    if (!isSpecial) await rm(partial, { force: true })
    if (thrown instanceof MailctlError || isSourceFailure(thrown)) throw thrown
    throw new MailctlError('store-unavailable', `cannot write ${file}: ${messageOf(thrown)}`, {
      hint: 'Check the folder and the space on its disk.',
      cause: thrown,
    })
  }
}
