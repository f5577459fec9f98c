/** Things to be looked at again at some moment, the earliest first: a binary heap. Cheap to set; nothing is ever searched or cancelled. */

interface Alarm<T> {
  readonly at: number
  readonly value: T
}

export class Alarms<T> {
  readonly #heap: Alarm<T>[] = []

  /** @returns the earliest moment, or undefined */
  get nextAt(): number | undefined {
    return this.#heap[0]?.at
  }

  /** @param at epoch milliseconds */
  set(at: number, value: T): void {
    const heap = this.#heap
    let index = heap.length
    const alarm = { at, value }
    while (index > 0) {
      const above = (index - 1) >> 1
      const other = heap[above]
      if (!other || other.at <= at) break
      heap[index] = other
      index = above
    }
    heap[index] = alarm
  }

  /** @returns the earliest one, or undefined */
  take(): Alarm<T> | undefined {
    const heap = this.#heap
    const [earliest] = heap
    const last = heap.pop()
    if (!last || heap.length === 0) return earliest
    let index = 0
    for (;;) {
      let below = 2 * index + 1
      const left = heap[below]
      const right = heap[below + 1]
      if (!left) break
      let sooner = left
      if (right && right.at < left.at) {
        sooner = right
        below += 1
      }
      if (sooner.at >= last.at) break
      heap[index] = sooner
      index = below
    }
    heap[index] = last
    return earliest
  }
}
