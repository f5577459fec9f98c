import { createHash } from 'node:crypto'

/** Octets that follow from the id, so that the other side can check them. Every third body is a small one; the others are too large for a row. */
export function bodyFor(id: string): Buffer {
  const block = createHash('sha512').update(id).digest()
  const copies = block.readUInt8(0) % 3 === 0 ? 3 : 520 + (block.readUInt16BE(1) % 600)
  return Buffer.concat(Array.from({ length: copies }, () => block))
}
