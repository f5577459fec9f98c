/**
 * A body on its way in. It goes to disk as it comes, into a segment of its own for that time, and is synced before it can be referred to;
 * at most 64 KB wait in memory. One that turns out small, or came in one piece, is handed back as it is: it goes to disk with its message.
 */
import type { BodySink, StoredBody } from '../../ports/store.ts'
import { fileFailure } from '../private-files.ts'
import { newCheck } from './body-check.ts'
import type { OwnSegment, OwnSegments } from './own-segments.ts'
import { ROW_BYTES, WHOLE_BYTES } from './segment.ts'

const BUFFER_BYTES = 64 * 1024

export function newBody(segments: OwnSegments): BodySink {
  const check = newCheck()
  /** The only chunk so far, as it was given: most bodies come in one. */
  let only: Buffer | undefined
  let buffer = Buffer.alloc(0)
  let buffered = 0
  let length = 0
  let segment: OwnSegment | undefined
  let result: StoredBody | undefined
  let ended = false

  /** Where the octets go that were not written yet. */
  async function append(octets: Buffer): Promise<void> {
    segment ??= await segments.acquire()
    check.update(octets)
    for (let done = 0; done < octets.length; ) {
      const { bytesWritten } = await segment.file.write(octets, done, octets.length - done, segment.size + length + done)
      done += bytesWritten
    }
    length += octets.length
  }

  /** Small bodies get a small buffer. */
  function makeRoom(octets: number): void {
    if (buffered + octets <= buffer.length || buffer.length === BUFFER_BYTES) return
    const larger = Buffer.allocUnsafe(buffered + octets <= ROW_BYTES ? ROW_BYTES : BUFFER_BYTES)
    buffer.copy(larger, 0, 0, buffered)
    buffer = larger
  }

  async function flush(): Promise<void> {
    const octets = buffer.subarray(0, buffered)
    buffered = 0
    await append(octets)
  }

  async function add(chunk: Buffer): Promise<void> {
    makeRoom(chunk.length)
    if (buffered + chunk.length > buffer.length) await flush()
    if (chunk.length > BUFFER_BYTES) await append(chunk)
    else buffered += chunk.copy(buffer, buffered)
  }

  async function giveUp(error?: unknown): Promise<void> {
    ended = true
    if (segment) await segments.giveBack(segment)
    if (error !== undefined) throw fileFailure('cannot spool the message', error)
  }

  async function seal(segment: OwnSegment): Promise<StoredBody | undefined> {
    await flush()
    return (await segments.seal(segment, [{ length, check: check.digest() }]))[0]
  }

  return {
    async write(chunk) {
      if (ended) throw new TypeError('the body has ended')
      const first = only
      only = first === undefined && buffered + length === 0 && chunk.length <= WHOLE_BYTES ? chunk : undefined
      if (only) return
      try {
        if (first) await add(first)
        await add(chunk)
      } catch (error) {
        await giveUp(error)
      }
    },
    async finish() {
      if (ended) throw new TypeError('the body has ended')
      try {
        result = segment ? await seal(segment) : { kind: 'inline', bytes: only ?? Buffer.from(buffer.subarray(0, buffered)) }
      } catch (error) {
        await giveUp(error)
      }
      ended = true
      if (!result) throw new TypeError('a body has no place')
      return result
    },
    async abort() {
      if (result) await segments.discard(result)
      else if (!ended) await giveUp()
    },
  }
}
