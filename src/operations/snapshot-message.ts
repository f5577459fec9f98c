/** A message, or a snapshot of one, as a snapshot. Nothing about it is stored. */
import type { Readable } from 'node:stream'
import { MailctlError } from '../base/errors.ts'
import { parseMessage } from '../mail/parse.ts'
import { isSnapshot, readSnapshot, type SnapshotSection, snapshotOf } from '../mail/snapshot.ts'

/** What is read of a snapshot. */
const LARGEST_BYTES = 40 * 1024 * 1024
const LOOKED_AT_BYTES = 256

/** @throws MailctlError bad-data: no snapshot, or nothing at all; too-large; what reading it throws */
export async function snapshotFrom(source: Readable): Promise<SnapshotSection[]> {
  const chunks = source[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  const first: Buffer[] = []
  for (let size = 0; size < LOOKED_AT_BYTES; ) {
    const { value, done } = await chunks.next()
    if (done) break
    first.push(Buffer.from(value))
    size += value.length
  }
  const rest = { [Symbol.asyncIterator]: () => chunks }
  const begin = Buffer.concat(first)
  if (begin.length === 0) throw new MailctlError('bad-data', 'There is no message', { hint: 'Name a file, or - for stdin.' })
  if (isSnapshot(begin.toString('utf8'))) return readSnapshot(await wholeText(begin, rest))
  return snapshotOf(await parseMessage(joined(begin, rest)))
}

async function* joined(begin: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield begin
  yield* rest
}

async function wholeText(begin: Buffer, rest: AsyncIterable<Buffer>): Promise<string> {
  const chunks = [begin]
  let size = begin.length
  for await (const chunk of rest) {
    size += chunk.length
    if (size > LARGEST_BYTES) throw new MailctlError('too-large', 'The snapshot is larger than 40 MB', { hint: 'Is it a snapshot?' })
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
