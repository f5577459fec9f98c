/**
 * Bodies on disk: up to 4 KB in the message's row, larger ones in append-only segment files that one process writes.
 *
 * A body is synced before the row that refers to it is committed, so a row never points at nothing; what a crash leaves behind the last
 * referred body is garbage. A segment goes as a whole, once no message refers to it and nobody appends to it. Every body is read back
 * against its length and SHA-256. At most 64 KB of a body are in memory.
 */
import { createHash } from 'node:crypto'
import { readdirSync, unlinkSync } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { Database } from '../../base/database.ts'
import { MailctlError, messageOf } from '../../base/errors.ts'
import { bodyInMemory, type MessageBody } from '../../mail/body.ts'
import type { BodySink, StoredBody } from '../../ports/store.ts'
import { fileFailure, syncFile } from '../private-files.ts'
import { number, optional, text } from './columns.ts'
import type { Owner } from './owner.ts'

const INLINE_BYTES = 4 * 1024
const BUFFER_BYTES = 64 * 1024
/** A segment that has grown to this is not appended to any more. */
const FULL_SEGMENT_BYTES = 64 * 1024 * 1024
/** An own segment without a referred body is kept for the next one while it is smaller than this. */
const WORTH_DROPPING_BYTES = 1024 * 1024

export interface Spool {
  newBody(): BodySink
  /** A reader for a body. @throws MailctlError store-unavailable when its file is gone or too short */
  read(body: StoredBody): Promise<MessageBody>
  /** Inside the transaction that stores the reference. @throws MailctlError store-unavailable when the body is no longer there to refer to */
  claim(body: StoredBody): void
  /** After the commit: the body belongs to its message. */
  claimed(body: StoredBody): void
  /** After the commit: nothing will ever refer to the body. */
  discard(body: StoredBody): Promise<void>
  /** Removes the rows of segments that nothing needs. Inside a transaction; the files go by `unlink` after the commit. */
  collect(names: readonly string[]): string[]
  /** The same for all segments of processes that are gone. */
  collectAbandoned(): string[]
  unlink(names: readonly string[]): void
  /** Removes segment files that have no row: the last step of a collection that a crash cut short. */
  sweep(): void
  /** Ends appending and collects, after `release` inside the same transaction. */
  close(release: () => void): Promise<void>
}

/** A segment this process appends to. */
interface Segment {
  readonly name: string
  readonly file: FileHandle
  /** Where the next body begins. */
  size: number
  writing: boolean
  /** The folder entry is not synced yet. */
  fresh: boolean
  /** Offsets of finished bodies that no message refers to yet. */
  readonly unclaimed: Set<number>
}
type SegmentBody = Extract<StoredBody, { kind: 'segment' }>

export function openSpool(folder: string, database: Database, owner: Owner): Spool {
  const segments = new Map<string, Segment>()
  let made = 0

  async function acquire(): Promise<Segment> {
    for (const segment of segments.values()) {
      if (segment.writing || segment.size >= FULL_SEGMENT_BYTES) continue
      segment.writing = true
      return segment
    }
    const id = owner.id()
    made += 1
    const name = `${id}-${made}.seg`
    // The row comes first: a file without a row is garbage to everybody.
    database.transaction(() => {
      owner.renew()
      database.prepare('INSERT INTO segment (name, owner) VALUES (?, ?)').run(name, id)
    })
    const file = await open(join(folder, name), 'wx+', 0o600)
    await file.chmod(0o600)
    const segment: Segment = { name, file, size: 0, writing: true, fresh: true, unclaimed: new Set() }
    segments.set(name, segment)
    return segment
  }

  function newBody(): BodySink {
    const hash = createHash('sha256')
    let buffer = Buffer.allocUnsafe(INLINE_BYTES)
    let buffered = 0
    let length = 0
    let segment: Segment | undefined
    let result: StoredBody | undefined
    let ended = false

    /** Where the octets go that were not written yet. */
    async function append(octets: Buffer): Promise<void> {
      segment ??= await acquire()
      for (let done = 0; done < octets.length; ) {
        const { bytesWritten } = await segment.file.write(octets, done, octets.length - done, segment.size + length + done)
        done += bytesWritten
      }
      length += octets.length
    }

    /** Most messages are small: only one that is not gets the large buffer. */
    function enlarge(): void {
      if (buffer.length === BUFFER_BYTES) return
      const larger = Buffer.allocUnsafe(BUFFER_BYTES)
      buffer.copy(larger, 0, 0, buffered)
      buffer = larger
    }

    async function flush(): Promise<void> {
      const octets = buffer.subarray(0, buffered)
      buffered = 0
      await append(octets)
    }

    async function giveUp(error?: unknown): Promise<void> {
      ended = true
      if (segment) {
        await segment.file.truncate(segment.size).catch(() => {
          // What stays behind is overwritten by the next body of this segment.
        })
        segment.writing = false
      }
      if (error !== undefined) throw fileFailure('cannot spool the message', error)
    }

    return {
      async write(chunk) {
        if (ended) throw new TypeError('the body has ended')
        hash.update(chunk)
        try {
          if (buffered + chunk.length > buffer.length) enlarge()
          if (buffered + chunk.length > buffer.length) await flush()
          if (chunk.length > BUFFER_BYTES) await append(chunk)
          else buffered += chunk.copy(buffer, buffered)
        } catch (error) {
          await giveUp(error)
        }
      },
      async finish() {
        if (ended) throw new TypeError('the body has ended')
        if (!segment && buffered <= INLINE_BYTES) {
          ended = true
          result = { kind: 'inline', bytes: Buffer.from(buffer.subarray(0, buffered)) }
          return result
        }
        try {
          await flush()
          result = await seal()
        } catch (error) {
          await giveUp(error)
        }
        if (!result) throw new TypeError('a body was sealed without a segment')
        ended = true
        return result
      },
      async abort() {
        if (result) await discard(result)
        else if (!ended) await giveUp()
      },
    }

    async function seal(): Promise<StoredBody | undefined> {
      if (!segment) return undefined
      await segment.file.datasync()
      if (segment.fresh) syncFile(folder)
      segment.fresh = false
      const offset = segment.size
      segment.size += length
      segment.unclaimed.add(offset)
      segment.writing = false
      return { kind: 'segment', segment: segment.name, offset, length, sha256: hash.digest() }
    }
  }

  async function read(body: StoredBody): Promise<MessageBody> {
    if (body.kind === 'inline') return bodyInMemory(body.bytes)
    const path = join(folder, body.segment)
    const { size } = await stat(path).catch((error: unknown) => {
      throw lost(body, messageOf(error))
    })
    if (size < body.offset + body.length) throw lost(body, `the file ends at octet ${size}`)
    return { length: body.length, open: () => Readable.from(verified(path, body), { objectMode: false }) }
  }

  function claim(body: StoredBody): void {
    if (body.kind === 'inline') return
    const row = database.prepare('SELECT owner FROM segment WHERE name = ?').get(body.segment)
    const known = row && optional(row, 'owner', number) === owner.id() && segments.get(body.segment)?.unclaimed.has(body.offset)
    if (!known) throw lost(body, 'it was given up')
  }

  function claimed(body: StoredBody): void {
    if (body.kind === 'segment') segments.get(body.segment)?.unclaimed.delete(body.offset)
  }

  async function discard(body: StoredBody): Promise<void> {
    if (body.kind === 'inline') return
    const segment = segments.get(body.segment)
    if (!segment?.unclaimed.delete(body.offset) || segment.writing || segment.size !== body.offset + body.length) return
    segment.size = body.offset
    segment.writing = true
    await segment.file.truncate(body.offset).catch(() => {
      // Overwritten by the next body.
    })
    segment.writing = false
  }

  function collect(names: readonly string[]): string[] {
    return names.filter(name => {
      const row = database
        .prepare('SELECT owner, EXISTS (SELECT 1 FROM content WHERE content.segment = segment.name) AS needed FROM segment WHERE name = ?')
        .get(name)
      if (!row || row.needed === 1 || !isIdle(name, optional(row, 'owner', number))) return false
      database.prepare('DELETE FROM segment WHERE name = ?').run(name)
      return true
    })
  }

  function isIdle(name: string, holder: number | null): boolean {
    const own = segments.get(name)
    if (!own) return holder === null
    return !own.writing && own.unclaimed.size === 0 && own.size >= WORTH_DROPPING_BYTES
  }

  function unlink(names: readonly string[]): void {
    for (const name of names) {
      segments.get(name)?.file.close().catch(ignore)
      segments.delete(name)
      try {
        unlinkSync(join(folder, name))
      } catch {
        // Gone already, or left for the next sweep.
      }
    }
  }

  const abandoned = (): string[] =>
    database
      .prepare('SELECT name FROM segment WHERE owner IS NULL')
      .all()
      .map(row => text(row, 'name'))

  return {
    newBody,
    read,
    claim,
    claimed,
    discard,
    collect,
    collectAbandoned: () => collect(abandoned()),
    unlink,
    sweep() {
      for (const name of readdirSync(folder)) {
        if (!name.endsWith('.seg') || segments.has(name)) continue
        if (!database.prepare('SELECT 1 FROM segment WHERE name = ?').get(name)) unlink([name])
      }
    },
    async close(release) {
      const files = [...segments.values()].map(({ file }) => file)
      segments.clear()
      const unneeded = database.transaction(() => {
        release()
        return collect(abandoned())
      })
      unlink(unneeded)
      await Promise.all(files.map(file => file.close().catch(ignore)))
    },
  }
}

const ignore = (): void => {}

const lost = ({ segment, offset, length }: SegmentBody, why: string): MailctlError =>
  new MailctlError('store-unavailable', `the spool lost a message body: ${segment}, ${length} octets at ${offset} (${why})`, {
    hint: 'Restore the spool folder from a copy that fits account.db.',
  })

/** The octets, and an error instead of the end when they are not the ones that were written. */
async function* verified(path: string, body: SegmentBody): AsyncGenerator<Buffer> {
  const file = await open(path, 'r').catch((error: unknown) => {
    throw lost(body, messageOf(error))
  })
  const hash = createHash('sha256')
  try {
    for (let done = 0; done < body.length; ) {
      const buffer = Buffer.allocUnsafe(Math.min(BUFFER_BYTES, body.length - done))
      const { bytesRead } = await file.read(buffer, 0, buffer.length, body.offset + done)
      if (bytesRead === 0) throw lost(body, 'the file ends early')
      const chunk = buffer.subarray(0, bytesRead)
      hash.update(chunk)
      done += bytesRead
      yield chunk
    }
  } finally {
    await file.close()
  }
  if (!hash.digest().equals(body.sha256)) throw lost(body, 'its SHA-256 is another')
}
