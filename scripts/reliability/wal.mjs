// A write-ahead log cut short, as a crash of the machine in the middle of a write leaves it. The end of the last whole commit is found by the
// rules of https://www.sqlite.org/fileformat2.html#walformat; only what lies behind it is touched, so nothing that was synced and answered
// for is damaged. The strongest tail is a whole frame with right checksums that belongs to a transaction without a commit.
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'

const HEADER = 32
const FRAME_HEADER = 24

/** SQLite's checksum over 8-octet steps, continued from `sum`. */
function checksum(octets, [first, second], bigEndian) {
  let [s0, s1] = [first, second]
  for (let i = 0; i < octets.length; i += 8) {
    s0 = (s0 + (bigEndian ? octets.readUInt32BE(i) : octets.readUInt32LE(i)) + s1) >>> 0
    s1 = (s1 + (bigEndian ? octets.readUInt32BE(i + 4) : octets.readUInt32LE(i + 4)) + s0) >>> 0
  }
  return [s0, s1]
}

/** @returns undefined when there is no log, or one without a header */
function readLog(file) {
  let octets
  try {
    octets = readFileSync(file)
  } catch {
    return undefined
  }
  if (octets.length < HEADER) return undefined
  const bigEndian = (octets.readUInt32BE(0) & 1) === 1
  const pageSize = octets.readUInt32BE(8)
  const salts = octets.subarray(16, 24)
  let sum = checksum(octets.subarray(0, 24), [0, 0], bigEndian)
  if (sum[0] !== octets.readUInt32BE(24) || sum[1] !== octets.readUInt32BE(28)) return undefined
  let committed = { end: HEADER, sum }
  for (let at = HEADER; at + FRAME_HEADER + pageSize <= octets.length; at += FRAME_HEADER + pageSize) {
    const frame = octets.subarray(at, at + FRAME_HEADER + pageSize)
    if (!frame.subarray(8, 16).equals(salts)) break
    sum = checksum(frame.subarray(FRAME_HEADER), checksum(frame.subarray(0, 8), sum, bigEndian), bigEndian)
    if (sum[0] !== frame.readUInt32BE(16) || sum[1] !== frame.readUInt32BE(20)) break
    if (frame.readUInt32BE(4) !== 0) committed = { end: at + frame.length, sum }
  }
  return { bigEndian, pageSize, salts, committed }
}

/** A frame that continues the log. @param commit size of the database in pages after the commit, 0 when the transaction goes on */
function frameAfter({ bigEndian, salts }, sum, { page, commit, octets }) {
  const head = Buffer.alloc(FRAME_HEADER)
  head.writeUInt32BE(page, 0)
  head.writeUInt32BE(commit, 4)
  salts.copy(head, 8)
  const after = checksum(octets, checksum(head.subarray(0, 8), sum, bigEndian), bigEndian)
  head.writeUInt32BE(after[0], 16)
  head.writeUInt32BE(after[1], 20)
  return { frame: Buffer.concat([head, octets]), sum: after }
}

export const TAILS = ['noise', 'zeros', 'half a frame', 'frames without a commit']

/**
 * Writes a torn tail behind the last commit of a database's log.
 * @returns whether there was a log to do that to
 */
export function tearTail(database, tail, random) {
  const file = `${database}-wal`
  const log = readLog(file)
  if (log === undefined) return false
  const page = () => ({ page: random.between(1, 20), commit: 0, octets: random.octets(log.pageSize) })
  const first = frameAfter(log, log.committed.sum, page())
  const second = frameAfter(log, first.sum, page())
  const tails = {
    noise: () => random.octets(random.between(1, 2 * log.pageSize)),
    zeros: () => Buffer.alloc(random.between(1, 2 * log.pageSize)),
    'half a frame': () => first.frame.subarray(0, random.between(1, first.frame.length - 1)),
    'frames without a commit': () => Buffer.concat([first.frame, second.frame.subarray(0, random.between(1, second.frame.length))]),
  }
  const descriptor = openSync(file, 'r+')
  try {
    const octets = tails[tail]()
    writeSync(descriptor, octets, 0, octets.length, log.committed.end)
  } finally {
    closeSync(descriptor)
  }
  return true
}
