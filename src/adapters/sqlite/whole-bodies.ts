/**
 * Bodies that come whole and are too large for a row: all that have come while the last sync ran are appended to one segment together and
 * share the next. The sync goes on beside the program.
 */
import { writeSync } from 'node:fs'
import { fileFailure } from '../private-files.ts'
import { checkOf } from './body-check.ts'
import type { OwnSegments } from './own-segments.ts'
import type { SegmentBody } from './segment.ts'

/** No body waits long for others of its batch. */
const LARGEST_BATCH_BYTES = 1024 * 1024

interface Waiting {
  readonly bytes: Buffer
  readonly resolve: (body: SegmentBody) => void
  readonly reject: (error: unknown) => void
}

/** @returns a function that resolves when the body is durable; it throws MailctlError store-unavailable, disk full included */
export function openWholeBodies(segments: OwnSegments): (bytes: Buffer) => Promise<SegmentBody> {
  let waiting: Waiting[] = []
  let storing = false

  async function storeAll(): Promise<void> {
    while (waiting.length > 0) await storeBatch(nextBatch())
    storing = false
  }

  function nextBatch(): Waiting[] {
    let count = 0
    for (let octets = 0; count < waiting.length && octets < LARGEST_BATCH_BYTES; count += 1) octets += waiting[count]?.bytes.length ?? 0
    const batch = waiting.slice(0, count)
    waiting = waiting.slice(count)
    return batch
  }

  async function storeBatch(batch: readonly Waiting[]): Promise<void> {
    try {
      const bodies = await write(batch.map(({ bytes }) => bytes))
      for (const [i, body] of bodies.entries()) batch[i]?.resolve(body)
    } catch (error) {
      const failure = fileFailure('cannot spool the message', error)
      for (const { reject } of batch) reject(failure)
    }
  }

  async function write(batch: readonly Buffer[]): Promise<SegmentBody[]> {
    const segment = await segments.acquire()
    try {
      let at = segment.size
      for (const bytes of batch) {
        // Into the system's memory, which takes microseconds; it is the sync that takes its time.
        for (let done = 0; done < bytes.length; ) done += writeSync(segment.file.fd, bytes, done, bytes.length - done, at + done)
        at += bytes.length
      }
      return await segments.seal(
        segment,
        batch.map(bytes => ({ length: bytes.length, check: checkOf(bytes) })),
      )
    } catch (error) {
      await segments.giveBack(segment)
      throw error
    }
  }

  return bytes =>
    new Promise((resolve, reject) => {
      waiting.push({ bytes, resolve, reject })
      if (storing) return
      storing = true
      setImmediate(storeAll) // with all others of this turn
    })
}
