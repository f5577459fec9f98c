// Chance from a seed: the same seed draws the same numbers on every machine (mulberry32).

/** @param {number} seed a whole number */
export function randomOf(seed) {
  let state = (seed * 0x9e3779b1) | 0
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  next() // neighbouring seeds begin alike
  return {
    /** 0 ≤ x < 1 */
    next,
    /** A whole number from `low` to `high`, both included. */
    between: (low, high) => low + Math.floor(next() * (high - low + 1)),
    pick: list => list[Math.floor(next() * list.length)],
    /** True in `share` of the cases. */
    happens: share => next() < share,
    octets(length) {
      const made = Buffer.allocUnsafe(length)
      for (let i = 0; i < length; i += 1) made[i] = Math.floor(next() * 256)
      return made
    },
  }
}
