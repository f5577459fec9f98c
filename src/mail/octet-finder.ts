/**
 * Where an octet, or a sequence of some, stands next in a chunk. Looking for it in one call of the system's `memchr` is several times faster
 * than a loop over the octets; what was found is kept, so that asking for every line, word or white space in turn still reads the chunk once.
 */
export class OctetFinder {
  readonly #chunk: Buffer
  readonly #sought: number | Buffer
  /** There is none from here up to `#found`. */
  #since = 0
  #found = -1

  constructor(chunk: Buffer, sought: number | Buffer) {
    this.#chunk = chunk
    this.#sought = sought
  }

  /** The first place at or after `from`; Infinity when there is none. Going forward is what costs little. */
  next(from: number): number {
    if (this.#since <= from && from <= this.#found) return this.#found
    this.#since = from
    const found = this.#chunk.indexOf(this.#sought as Buffer, from)
    this.#found = found === -1 ? Number.POSITIVE_INFINITY : found
    return this.#found
  }
}

/**
 * Where a sequence stands next. Its octet at `rareAt` is looked for first: base64, which most of a large message is, has neither dots nor
 * dashes, and one octet is found much sooner than a sequence that begins as every line end does.
 * @returns -1 when it stands nowhere at or after `from`
 */
export function indexOfSequence(
  chunk: Buffer,
  sequence: Buffer,
  { from, rareAt }: { readonly from: number; readonly rareAt: number },
): number {
  const rare = chunk.indexOf(sequence[rareAt] as number, from + rareAt)
  return rare < 0 ? -1 : chunk.indexOf(sequence, rare - rareAt)
}
