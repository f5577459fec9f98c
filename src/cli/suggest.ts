/** "Did you mean …?": the known word nearest to a mistyped one. */

/** Edits to turn one word into the other: insert, drop, replace, swap two neighbours (optimal string alignment distance). */
function distance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row]
    for (let column = 1; column <= b.length; column += 1) {
      const cost = a[row - 1] === b[column - 1] ? 0 : 1
      let best = Math.min((last[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1, (last[column - 1] ?? 0) + cost)
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1])
        best = Math.min(best, (beforeLast[column - 2] ?? 0) + 1)
      current.push(best)
    }
    beforeLast = last
    last = current
  }
  return last[b.length] ?? 0
}

/** @returns the nearest word, or undefined when none is near: at most two edits in five letters, and never all of them */
export function suggest(typed: string, known: Iterable<string>): string | undefined {
  if (typed.length > 64) return undefined
  let best: { word: string; edits: number } | undefined
  for (const word of known) {
    const edits = distance(typed.toLowerCase(), word.toLowerCase())
    const allowed = Math.max(1, Math.floor(Math.max(typed.length, word.length) * 0.4))
    if (edits <= allowed && edits < Math.min(typed.length, word.length) && (!best || edits < best.edits)) best = { word, edits }
  }
  if (best) return best.word
  for (const word of known) if (typed.length >= 3 && word.startsWith(typed)) return word
  return undefined
}
