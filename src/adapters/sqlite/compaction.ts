/**
 * Gives back the disk that a few waiting bodies keep. A segment goes as a whole, so one message that waits for hours would hold sixteen
 * megabytes of others that were delivered long ago. Where a quarter of a segment or less is still needed, that moves into the segment that
 * is written now, and the old file goes.
 *
 * The copy is synced before its row is changed, and until then the old one stays, so a crash at any step costs nothing but space. What is
 * being delivered is left where it is, as is everything that cannot be read or written: whoever needs it will say so.
 */
import type { Database } from '../../base/database.ts'
import type { StoredBody } from '../../ports/store.ts'
import { blob, number, optional, text } from './columns.ts'
import type { Commit } from './group-commit.ts'
import type { SegmentBody } from './segment.ts'
import type { Spool } from './spool.ts'

/** A segment is worth the copying when no more than this share of it is needed. */
const MOST_NEEDED = 1 / 4
/** So many segments are looked at in one pass, the next ones in the next. */
const SEGMENTS_A_PASS = 50

interface Waiting {
  /** The number of the message. */
  readonly message: number
  readonly body: SegmentBody
}

/** @returns a function that makes one pass */
export function openCompaction(
  database: Database,
  { commit, spool }: { readonly commit: Commit; readonly spool: Spool },
): () => Promise<void> {
  let after = ''

  function nextSegments(): { readonly name: string; readonly sizeBytes: number }[] {
    const rows = database.prepare('SELECT name, owner FROM segment WHERE name > ? ORDER BY name LIMIT ?').all(after, SEGMENTS_A_PASS)
    const last = rows[SEGMENTS_A_PASS - 1]
    after = last ? text(last, 'name') : ''
    return rows.flatMap(row => {
      const name = text(row, 'name')
      const sizeBytes = spool.endedSize(name, optional(row, 'owner', number))
      return sizeBytes === undefined ? [] : [{ name, sizeBytes }]
    })
  }

  /** @returns undefined when they are more than `most` octets, or one of them is being delivered */
  function neededOf(name: string, most: number): Waiting[] | undefined {
    const bodies: Waiting[] = []
    let octets = 0
    const rows = database
      .prepare(
        `SELECT message, body_offset, body_length, body_check,
           EXISTS (SELECT 1 FROM recipient WHERE recipient.message = content.message AND state = 'active') AS active
         FROM content WHERE segment = ?`,
      )
      .iterate(name)
    for (const row of rows) {
      const length = number(row, 'body_length')
      octets += length
      if (octets > most || row['active'] === 1) return undefined
      const body = { kind: 'segment', segment: name, offset: number(row, 'body_offset'), length, check: blob(row, 'body_check') } as const
      bodies.push({ message: number(row, 'message'), body })
    }
    return bodies
  }

  async function copyOf(body: SegmentBody): Promise<StoredBody> {
    const content = await spool.read(body)
    const sink = spool.newBody()
    try {
      for await (const chunk of content.open()) await sink.write(chunk)
      return await spool.store(await sink.finish())
    } catch (error) {
      await sink.abort()
      throw error
    }
  }

  async function move({ message, body }: Waiting): Promise<void> {
    const copy = await copyOf(body)
    if (copy.kind !== 'segment') throw new TypeError('a body that was too large for a row became a small one')
    const { moved } = await commit(
      () => {
        spool.claim(copy)
        const { changes } = database
          .prepare(
            `UPDATE content SET segment = ?, body_offset = ?, body_check = ? WHERE message = ? AND segment = ? AND body_offset = ?
               AND NOT EXISTS (SELECT 1 FROM recipient WHERE recipient.message = content.message AND state = 'active')`,
          )
          .run(copy.segment, copy.offset, copy.check, message, body.segment, body.offset)
        return { moved: changes > 0, unneeded: changes > 0 ? spool.collect([body.segment]) : [] }
      },
      {
        afterCommit({ moved, unneeded }) {
          if (moved) spool.claimed(copy)
          spool.unlink(unneeded)
        },
      },
    ).catch(async (error: unknown) => {
      await spool.discard(copy)
      throw error
    })
    if (!moved) await spool.discard(copy)
  }

  return async () => {
    for (const { name, sizeBytes } of nextSegments()) {
      for (const waiting of neededOf(name, sizeBytes * MOST_NEEDED) ?? []) {
        await move(waiting).catch(() => {
          // It stays where it is.
        })
      }
    }
  }
}
