/** What has to go and what has to come so that some lines become others: the shortest such list, by Myers' algorithm (1986). */

export interface LineChange {
  readonly kind: 'same' | 'removed' | 'added'
  readonly line: string
}

/** Texts that differ in more than so many lines are not compared line by line: all of the one goes, all of the other comes. */
const MOST_CHANGES = 1_000

/** @returns every line of both, in order; where lines change, those that go come first */
export function lineDifference(before: readonly string[], after: readonly string[]): LineChange[] {
  let start = 0
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1
  let end = 0
  while (end < before.length - start && end < after.length - start && before.at(-1 - end) === after.at(-1 - end)) end += 1
  const same = (lines: readonly string[]): LineChange[] => lines.map(line => ({ kind: 'same', line }))
  return [
    ...same(before.slice(0, start)),
    ...between(before.slice(start, before.length - end), after.slice(start, after.length - end)),
    ...same(before.slice(before.length - end)),
  ]
}

function between(before: readonly string[], after: readonly string[]): LineChange[] {
  const trace = furthestReached(before, after)
  if (trace === undefined) {
    return [...before.map(line => ({ kind: 'removed', line }) as const), ...after.map(line => ({ kind: 'added', line }) as const)]
  }
  const changes: LineChange[] = []
  let x = before.length
  let y = after.length
  for (let step = trace.length - 1; step >= 0; step -= 1) {
    const reached = trace[step] ?? new Map<number, number>()
    const diagonal = x - y
    const isAddition = diagonal === -step || (diagonal !== step && at(reached, diagonal - 1) < at(reached, diagonal + 1))
    const from = isAddition ? diagonal + 1 : diagonal - 1
    const fromX = step === 0 ? 0 : at(reached, from)
    const fromY = step === 0 ? 0 : fromX - from
    for (; x > fromX && y > fromY; x -= 1, y -= 1) changes.push({ kind: 'same', line: before[x - 1] ?? '' })
    if (step === 0) break
    changes.push(isAddition ? { kind: 'added', line: after[y - 1] ?? '' } : { kind: 'removed', line: before[x - 1] ?? '' })
    x = fromX
    y = fromY
  }
  return changes.reverse()
}

const at = (reached: ReadonlyMap<number, number>, diagonal: number): number => reached.get(diagonal) ?? -1

/** For each number of changes how far each diagonal was reached before them; undefined: it takes too many. */
function furthestReached(before: readonly string[], after: readonly string[]): Map<number, number>[] | undefined {
  const trace: Map<number, number>[] = []
  const reached = new Map([[1, 0]])
  for (let step = 0; step <= MOST_CHANGES; step += 1) {
    trace.push(new Map(reached))
    for (let diagonal = -step; diagonal <= step; diagonal += 2) {
      const isAddition = diagonal === -step || (diagonal !== step && at(reached, diagonal - 1) < at(reached, diagonal + 1))
      let x = isAddition ? at(reached, diagonal + 1) : at(reached, diagonal - 1) + 1
      while (x < before.length && x - diagonal < after.length && before[x] === after[x - diagonal]) x += 1
      reached.set(diagonal, x)
      if (x >= before.length && x - diagonal >= after.length) return trace
    }
  }
  return undefined
}
