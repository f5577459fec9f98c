/** When an event that its destination did not take is told again, and when it is given up: kept as a dead letter then, never dropped. */

/** After the first try, the second, …; the last one repeats. Milliseconds of the account's clock. */
const WAITS_MS = [1, 2, 5, 10, 30, 60, 120, 300, 600, 1_200].map(seconds => seconds * 1_000)
/** With these waits about fourteen hours, as long as mail is tried. */
const MAX_TRIES = 50

/** @param tries made so far, at least one  @returns null when there is no next one */
export const publishAgainAt = (tries: number, now: number): number | null => (tries >= MAX_TRIES ? null : now + waitAfter(tries))

/** A destination of which nothing is heard but refusals is asked at least this often whether it works again. */
const LONGEST_REST_MS = 300_000

/** @param failures batches of which nothing was taken, one after the other, at least one */
export const restsUntil = (failures: number, now: number): number => now + Math.min(waitAfter(failures), LONGEST_REST_MS)

const waitAfter = (times: number): number => WAITS_MS[Math.min(times, WAITS_MS.length) - 1] ?? 0
