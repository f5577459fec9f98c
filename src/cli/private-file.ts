/** A new file that only its owner may read. What is there already, a link included, is never written to. */
import { open, rm } from 'node:fs/promises'
import { codeOf, MailctlError, messageOf } from '../base/errors.ts'
import { printable } from '../base/redact.ts'

/** Whole and on the disk when it resolves, or absent. @throws MailctlError already-exists, store-unavailable */
export async function writePrivateFile(file: string, text: string): Promise<void> {
  const handle = await open(file, 'wx', 0o600).catch((error: unknown) => {
    if (codeOf(error) === 'EEXIST')
      throw new MailctlError('already-exists', `${printable(file)} is there already, and is not overwritten`, { hint: 'Name a new file.' })
    throw failure(file, error)
  })
  try {
    await handle.chmod(0o600)
    await handle.writeFile(text)
    await handle.sync()
  } catch (error) {
    await rm(file, { force: true })
    throw failure(file, error)
  } finally {
    await handle.close()
  }
}

const failure = (file: string, cause: unknown): MailctlError =>
  new MailctlError('store-unavailable', `cannot write ${printable(file)}: ${printable(messageOf(cause))}`, {
    hint: 'Check the folder and the space on its disk.',
    cause,
  })
