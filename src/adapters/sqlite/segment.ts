/** What the files of the spool have in common: a body's place in one, and the errors when it is not there. */
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { MailctlError, messageOf } from '../../base/errors.ts'
import { bodyInMemory, type MessageBody } from '../../mail/body.ts'
import type { StoredBody } from '../../ports/store.ts'
import { checkLike, checkOf } from './body-check.ts'

export type SegmentBody = Extract<StoredBody, { kind: 'segment' }>

/** Bodies up to this lie in the row. */
export const ROW_BYTES = 32 * 1024
/** Bodies up to this may be whole in memory, going in and coming out. */
export const WHOLE_BYTES = 256 * 1024
const CHUNK_BYTES = 64 * 1024
const OTHER = 'its octets are others'

export const lost = ({ segment, offset, length }: SegmentBody, why: string): MailctlError =>
  new MailctlError('store-unavailable', `the spool lost a message body: ${segment}, ${length} octets at ${offset} (${why})`, {
    hint: 'Restore the spool folder from a copy that fits account.db.',
  })

/** Small bodies are read and checked here, larger ones while they are streamed. @throws MailctlError store-unavailable */
export async function readBody(folder: string, body: SegmentBody): Promise<MessageBody> {
  const path = join(folder, body.segment)
  const file = await open(path, 'r').catch((error: unknown) => {
    throw lost(body, messageOf(error))
  })
  try {
    const { size } = await file.stat()
    if (size < body.offset + body.length) throw lost(body, `the file ends at octet ${size}`)
    if (body.length > WHOLE_BYTES) return { length: body.length, open: () => Readable.from(verified(path, body), { objectMode: false }) }
    const bytes = Buffer.allocUnsafe(body.length)
    await file.read(bytes, 0, body.length, body.offset)
    if (!checkOf(bytes, checkLike(body.check)).equals(body.check)) throw lost(body, OTHER)
    return bodyInMemory(bytes)
  } finally {
    await file.close()
  }
}

/** The octets, and an error instead of the end when they are not the ones that were written. */
async function* verified(path: string, body: SegmentBody): AsyncGenerator<Buffer> {
  const file = await open(path, 'r').catch((error: unknown) => {
    throw lost(body, messageOf(error))
  })
  const check = checkLike(body.check)
  try {
    for (let done = 0; done < body.length; ) {
      const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, body.length - done))
      const { bytesRead } = await file.read(buffer, 0, buffer.length, body.offset + done)
      if (bytesRead === 0) throw lost(body, 'the file ends early')
      const chunk = buffer.subarray(0, bytesRead)
      check.update(chunk)
      done += bytesRead
      yield chunk
    }
  } finally {
    await file.close()
  }
  if (!check.digest().equals(body.check)) throw lost(body, OTHER)
}
