/**
 * Bodies on disk: up to 32 KB in a row, larger ones in append-only segment files that one process writes.
 *
 * A body is synced before the row that refers to it is committed, so a row never points at nothing; what a crash leaves behind the last
 * referred body is garbage. A segment goes as a whole, once no message refers to it and nobody appends to it. Every body is read back
 * against its length and CRC-32. At most 256 KB of a body are in memory.
 */
import { readdirSync, statSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { Database } from '../../base/database.ts'
import { bodyInMemory, type MessageBody } from '../../mail/body.ts'
import type { BodySink, StoredBody } from '../../ports/store.ts'
import { newBody } from './body-sink.ts'
import { number, optional, text } from './columns.ts'
import { openOwnSegments } from './own-segments.ts'
import type { Owner } from './owner.ts'
import { lost, ROW_BYTES, readBody } from './segment.ts'
import { openWholeBodies } from './whole-bodies.ts'

/** An own segment without a referred body is kept for the next one while it is smaller than this. */
const WORTH_DROPPING_BYTES = 1024 * 1024

export interface Spool {
  newBody(): BodySink
  /** Where a body lies for a message to refer to it: a whole one that is too large for a row is put into a segment. @throws MailctlError store-unavailable */
  store(body: StoredBody): Promise<StoredBody>
  /** A reader for a body. @throws MailctlError store-unavailable when its file is gone or too short, or a small body is another */
  read(body: StoredBody): Promise<MessageBody>
  /** Inside the transaction that stores the reference. @throws MailctlError store-unavailable when the body is no longer there to refer to */
  claim(body: StoredBody): void
  /** After the commit: the body belongs to its message. */
  claimed(body: StoredBody): void
  /** After the commit: nothing will ever refer to the body. */
  discard(body: StoredBody): Promise<void>
  /** Removes the rows of segments that nothing needs. Inside a transaction; the files go by `unlink` after the commit. */
  collect(names: readonly string[]): string[]
  /** The same for all segments that nobody appends to. */
  collectAbandoned(): string[]
  unlink(names: readonly string[]): void
  /** How large a segment is that nobody will append to any more. @param holder the owner in its row */
  endedSize(name: string, holder: number | null): number | undefined
  /** Removes segment files that have no row: the last step of a collection that a crash cut short. */
  sweep(): void
  /** Ends appending and collects, after `release` inside the same transaction. */
  close(release: () => void): Promise<void>
}

export function openSpool(folder: string, database: Database, owner: Owner): Spool {
  const own = openOwnSegments(folder, database, owner)
  const storeWhole = openWholeBodies(own)

  function claim(body: StoredBody): void {
    if (body.kind === 'inline') return
    const row = database.prepare('SELECT owner FROM segment WHERE name = ?').get(body.segment)
    const isOurs = row && optional(row, 'owner', number) === owner.id()
    if (!isOurs) own.leave(body.segment) // this process was taken for dead; the next body gets another file
    if (!isOurs || !own.isUnclaimed(body)) throw lost(body, 'it was given up')
  }

  function collect(names: readonly string[]): string[] {
    return names.filter(name => {
      const row = database
        .prepare('SELECT owner, EXISTS (SELECT 1 FROM content WHERE content.segment = segment.name) AS needed FROM segment WHERE name = ?')
        .get(name)
      if (!row || row['needed'] === 1 || !isIdle(name, optional(row, 'owner', number))) return false
      database.prepare('DELETE FROM segment WHERE name = ?').run(name)
      // The file goes when that is durable; a body that began in it meanwhile would be lost with it.
      own.retire(name)
      return true
    })
  }

  function isIdle(name: string, holder: number | null): boolean {
    if (!own.has(name)) return holder === null
    return (own.idleSize(name) ?? 0) >= WORTH_DROPPING_BYTES
  }

  function unlink(names: readonly string[]): void {
    for (const name of names) {
      own.leave(name)
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
    newBody: () => newBody(own),
    store: async body => (body.kind === 'inline' && body.bytes.length > ROW_BYTES ? await storeWhole(body.bytes) : body),
    read: async body => (body.kind === 'inline' ? bodyInMemory(body.bytes) : await readBody(folder, body)),
    claim,
    claimed(body) {
      if (body.kind === 'segment') own.claimed(body)
    },
    discard: own.discard,
    collect,
    collectAbandoned: () => collect(abandoned()),
    unlink,
    endedSize(name, holder) {
      if (own.has(name)) return own.fullSize(name)
      return holder === null ? statSync(join(folder, name), { throwIfNoEntry: false })?.size : undefined
    },
    sweep() {
      for (const name of readdirSync(folder)) {
        if (!name.endsWith('.seg')) continue
        if (!database.prepare('SELECT 1 FROM segment WHERE name = ?').get(name)) unlink([name])
      }
    },
    async close(release) {
      await own.close()
      const unneeded = database.transaction(() => {
        release()
        return collect(abandoned())
      })
      unlink(unneeded)
    },
  }
}
