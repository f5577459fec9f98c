/** Adds events to a file, one a line. The lines are on the disk when it resolves; half a line that a crash left is ended first. */
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { messageOf } from '../../base/errors.ts'
import type { Receipt } from '../../ports/event-publisher.ts'

const FLAGS = constants.O_RDWR | constants.O_CREAT | constants.O_APPEND | (constants.O_NONBLOCK ?? 0)
const LINE_FEED = 0x0a

/** Never rejects. */
export async function appendEvents(path: string, lines: readonly string[]): Promise<Receipt> {
  const startedAt = performance.now()
  const took = (): number => Math.round(performance.now() - startedAt)
  try {
    const handle = await open(path, FLAGS, 0o600)
    try {
      const found = await handle.stat()
      if (!found.isFile()) return { taken: false, summary: `${path} is not a regular file`, ms: took() }
      const text = `${(await endsInLine(handle, found.size)) ? '' : '\n'}${lines.map(line => `${line}\n`).join('')}`
      await handle.appendFile(text)
      await handle.datasync()
    } finally {
      await handle.close()
    }
    return { taken: true, summary: `written to ${path}`, ms: took() }
  } catch (error) {
    return { taken: false, summary: `cannot write to ${path}: ${messageOf(error)}`, ms: took() }
  }
}

async function endsInLine(handle: Awaited<ReturnType<typeof open>>, size: number): Promise<boolean> {
  if (size === 0) return true
  const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(1), position: size - 1 })
  return bytesRead === 0 || buffer[0] === LINE_FEED
}
