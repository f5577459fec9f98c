/**
 * One coarse timer for many waits. What has a deadline is watched; a wait begins and ends by setting a number, not by making a timer.
 *
 * Promises that something overdue is told so at most one tick late, again at each tick until its deadline has moved, and that the timer
 * neither keeps a process alive nor runs while nothing is watched. Times are those of `performance.now()`: the machine's, never a virtual clock's.
 */

/** Something with a moment after which it must not go on; `Infinity` when it waits for nothing. */
export interface Timed {
  readonly deadlineAt: number
  /** Called when the deadline has passed; must not throw. */
  expire(): void
}

export class DeadlineClock {
  readonly #tickMs: number
  readonly #watched = new Set<Timed>()
  #timer: NodeJS.Timeout | undefined

  /** @param tickMs how late a deadline may be noticed */
  constructor(tickMs: number) {
    this.#tickMs = tickMs
  }

  watch(timed: Timed): void {
    this.#watched.add(timed)
    this.#timer ??= setInterval(() => this.#tick(), this.#tickMs).unref()
  }

  /** The timer itself goes with the next tick: what is watched again at once costs nothing. */
  forget(timed: Timed): void {
    this.#watched.delete(timed)
  }

  #tick(): void {
    const now = performance.now()
    for (const timed of this.#watched) if (timed.deadlineAt <= now) timed.expire()
    if (this.#watched.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}
