/**
 * What programs write to the stdin of `sendmail`, as a message: no mbox line in front, an empty line where the first line is no field, and,
 * unless the caller says otherwise, an end at a line that holds nothing but a dot. The octets flow; at most one line is held back.
 */

const LF = 10
const FIELD = /^[!-9;-~]+[ \t]*:/
/** The line that mbox files put before a message. */
const MBOX_LINE = /^From /
/** A first line longer than this is no field. */
const MAX_FIRST_LINE = 4_096
/** The longest line that is held back, because it may be the dot: `.\r\n`. */
const DOT_LINE = /^\.\r?\n?$/

export interface SendmailInput {
  /** Whether a line of one dot is the end: without `-i`. */
  readonly dotEnds: boolean
}

export async function* sendmailInput(source: AsyncIterable<Uint8Array | string>, { dotEnds }: SendmailInput): AsyncGenerator<Buffer> {
  const body = afterFirstLine(source)
  yield* dotEnds ? untilDot(body) : body
}

async function* afterFirstLine(source: AsyncIterable<Uint8Array | string>): AsyncGenerator<Buffer> {
  let held: Buffer | undefined = Buffer.alloc(0)
  for await (const piece of source) {
    const chunk = typeof piece === 'string' ? Buffer.from(piece) : Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength)
    if (held === undefined) {
      yield chunk
      continue
    }
    held = Buffer.concat([held, chunk])
    if (!held.includes(LF) && held.length <= MAX_FIRST_LINE) continue
    yield* opened(held)
    held = undefined
  }
  if (held !== undefined && held.length > 0) yield* opened(held)
}

function opened(start: Buffer): Buffer[] {
  const text = start.toString('latin1', 0, MAX_FIRST_LINE)
  if (MBOX_LINE.test(text)) {
    const end = start.indexOf(LF)
    return end < 0 ? [] : [start.subarray(end + 1)]
  }
  return FIELD.test(text) || /^\r?\n/.test(text) ? [start] : [Buffer.from('\n'), start]
}

/** Line by line only where a line begins with a dot; everything else passes as it came. */
async function* untilDot(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let held = Buffer.alloc(0)
  let atLineStart = true
  for await (const chunk of source) {
    const octets: Buffer = held.length > 0 ? Buffer.concat([held, chunk]) : chunk
    const { end, keep } = findDot(octets, atLineStart)
    if (end !== undefined) {
      yield octets.subarray(0, end)
      return
    }
    const passed = octets.subarray(0, keep)
    held = Buffer.from(octets.subarray(keep))
    if (passed.length > 0) {
      atLineStart = passed.at(-1) === LF
      yield passed
    }
  }
  if (!DOT_LINE.test(held.toString('latin1'))) yield held
}

/** @returns `end`: where the line of one dot begins; else `keep`: from where on it cannot be told yet */
function findDot(octets: Buffer, atLineStart: boolean): { readonly end?: number; readonly keep: number } {
  let start = atLineStart ? 0 : octets.indexOf(LF) + 1
  if (!atLineStart && start === 0) return { keep: octets.length }
  while (start < octets.length) {
    if (octets[start] === 46) {
      const line = octets.toString('latin1', start, start + 3)
      if (/^\.(\r?\n)/.test(line)) return { end: start, keep: start }
      if (line === '.' || line === '.\r') return { keep: start }
    }
    const next = octets.indexOf(LF, start)
    if (next < 0) break
    start = next + 1
  }
  return { keep: octets.length }
}
