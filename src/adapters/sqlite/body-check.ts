/**
 * Whether a body came back from the spool as it went in: CRC-32, which finds what a disk, a crash or a copy of another day has done at a
 * fifth of a SHA-256's cost. Who can write to this private folder could change both. Bodies of earlier versions have their SHA-256.
 */
import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'

const CRC_OCTETS = 4

/** A check under way: `update` takes the body in any chunks, `digest` gives what is kept of it. */
interface Checking {
  update(chunk: Buffer): unknown
  digest(): Buffer
}

class Crc32 implements Checking {
  #value = 0

  update(chunk: Buffer): void {
    this.#value = crc32(chunk, this.#value)
  }

  /** 4 octets, the most significant first. */
  digest(): Buffer {
    const octets = Buffer.alloc(CRC_OCTETS)
    octets.writeUInt32BE(this.#value)
    return octets
  }
}

/** For a body that is written. */
export const newCheck = (): Checking => new Crc32()

/** For one that is read. @param kept its check, by whose length its kind is known */
export const checkLike = (kept: Buffer): Checking => (kept.length === CRC_OCTETS ? new Crc32() : createHash('sha256'))

export function checkOf(body: Buffer, check: Checking = newCheck()): Buffer {
  check.update(body)
  return check.digest()
}
