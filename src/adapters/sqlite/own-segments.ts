/**
 * The segment files that this process appends to, and which of the bodies in them nothing refers to yet. One writer at a time has a
 * segment: it appends, syncs, and only then says where the bodies lie.
 */
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import type { Database } from '../../base/database.ts'
import type { StoredBody } from '../../ports/store.ts'
import { syncFile } from '../private-files.ts'
import type { Owner } from './owner.ts'
import type { SegmentBody } from './segment.ts'

/** Not appended to any more. A segment goes with its last message: small enough that one which waits for hours keeps little else. */
const FULL_BYTES = 16 * 1024 * 1024

export interface OwnSegment {
  readonly name: string
  readonly file: FileHandle
  /** Where the next body begins. */
  readonly size: number
}
interface Segment extends OwnSegment {
  size: number
  writing: boolean
  /** The folder entry is not synced yet. */
  fresh: boolean
  /** Offsets of finished bodies that no message refers to yet. */
  readonly unclaimed: Set<number>
  isRetired: boolean
}

export interface OwnSegments {
  /** One for the caller alone, until `seal` or `giveBack`. */
  acquire(): Promise<OwnSegment>
  /** Makes durable what was written from `size` on: bodies of these lengths, one after the other. */
  seal(segment: OwnSegment, bodies: readonly { readonly length: number; readonly check: Buffer }[]): Promise<SegmentBody[]>
  /** Forgets what was written from `size` on. */
  giveBack(segment: OwnSegment): Promise<void>
  has(name: string): boolean
  /** A finished body that no message refers to yet. */
  isUnclaimed(body: SegmentBody): boolean
  claimed(body: SegmentBody): void
  discard(body: StoredBody): Promise<void>
  /** @returns how large it is, when it is one of these and nothing is on its way into it */
  idleSize(name: string): number | undefined
  /** The same, when it is full, so that nothing will come. */
  fullSize(name: string): number | undefined
  /** Appends to it no more: the transaction under way takes its row away. */
  retire(name: string): void
  /** Forgets it. */
  leave(name: string): void
  close(): Promise<void>
}

export function openOwnSegments(folder: string, database: Database, owner: Owner): OwnSegments {
  const segments = new Map<string, Segment>()
  let made = 0

  async function acquire(): Promise<Segment> {
    for (const segment of segments.values()) {
      if (segment.writing || segment.isRetired || segment.size >= FULL_BYTES) continue
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
    const segment: Segment = { name, file, size: 0, writing: true, fresh: true, unclaimed: new Set(), isRetired: false }
    segments.set(name, segment)
    return segment
  }

  async function cut(segment: Segment): Promise<void> {
    await segment.file.truncate(segment.size).catch(() => {
      // What stays behind is overwritten by the next body of this segment.
    })
    segment.writing = false
  }

  /** A commit that was refused because its sync failed is in the database all the same. */
  const isReferred = ({ segment, offset }: SegmentBody): boolean =>
    database.prepare('SELECT 1 FROM content WHERE segment = ? AND body_offset = ? LIMIT 1').get(segment, offset) !== undefined

  async function discard(body: StoredBody): Promise<void> {
    if (body.kind === 'inline') return
    const segment = segments.get(body.segment)
    if (!segment?.unclaimed.delete(body.offset) || isReferred(body)) return
    if (segment.writing || segment.size !== body.offset + body.length) return
    segment.size = body.offset
    segment.writing = true
    await cut(segment)
  }

  function idleSize(name: string): number | undefined {
    const own = segments.get(name)
    return own && !own.writing && own.unclaimed.size === 0 ? own.size : undefined
  }

  return {
    acquire,
    async seal({ name }, bodies) {
      const segment = segments.get(name)
      if (!segment) throw new TypeError('a segment was sealed that is not there')
      await segment.file.datasync()
      if (segment.fresh) syncFile(folder)
      segment.fresh = false
      const sealed = bodies.map(({ length, check }): SegmentBody => {
        const offset = segment.size
        segment.size += length
        segment.unclaimed.add(offset)
        return { kind: 'segment', segment: name, offset, length, check }
      })
      segment.writing = false
      return sealed
    },
    async giveBack({ name }) {
      const segment = segments.get(name)
      if (segment) await cut(segment)
    },
    has: name => segments.has(name),
    isUnclaimed: body => segments.get(body.segment)?.unclaimed.has(body.offset) === true,
    claimed: body => void segments.get(body.segment)?.unclaimed.delete(body.offset),
    discard,
    idleSize,
    fullSize(name) {
      const size = idleSize(name)
      return size !== undefined && size >= FULL_BYTES ? size : undefined
    },
    retire(name) {
      const own = segments.get(name)
      if (own) own.isRetired = true
    },
    leave(name) {
      segments.get(name)?.file.close().catch(ignore)
      segments.delete(name)
    },
    async close() {
      const files = [...segments.values()].map(({ file }) => file)
      segments.clear()
      await Promise.all(files.map(file => file.close().catch(ignore)))
    },
  }
}

const ignore = (): void => {}
