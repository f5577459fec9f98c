/**
 * The states of anything that is looked for in DNS: the keys of a domain, the domain itself, its custom MAIL FROM. A search lasts 72 hours
 * and then fails; what was found and vanishes is kept in grace for as long and then given up; a failure of the DNS itself never counts as
 * an answer. A failure is final until its owner starts the search again. SES facts: concepts §3 and §5.
 */

/** SES fact: the DNS is searched for 72 hours; the grace of a lost record is as long. */
export const SEARCH_MS = 72 * 3_600_000

export type SearchStatus = 'PENDING' | 'SUCCESS' | 'FAILED' | 'TEMPORARY_FAILURE' | 'NOT_STARTED'
/** `unknown`: the DNS gave no answer. */
export type Sight = 'there' | 'gone' | 'unknown'

export interface Search {
  readonly status: SearchStatus
  /** When the present search, or the grace, began. */
  readonly startedAt: number
}

/** The state after this look. */
export function afterLook(search: Search, sight: Sight, now: number): Search {
  const { status, startedAt } = search
  if (status === 'FAILED') return search
  if (sight === 'there') return { status: 'SUCCESS', startedAt }
  if (status === 'SUCCESS') return { status: 'TEMPORARY_FAILURE', startedAt: now }
  if (status === 'NOT_STARTED') return { status: 'PENDING', startedAt: now }
  const isOver = now - startedAt >= SEARCH_MS
  // Silence proves nothing: a proof in grace outlives it until an answer says that the records are gone.
  if (status === 'TEMPORARY_FAILURE') return isOver && sight === 'gone' ? { status: 'FAILED', startedAt } : search
  return isOver ? { status: 'FAILED', startedAt } : search
}

/** What failed, or was never begun, begins from zero. */
export const restartedSearch = (search: Search, now: number): Search =>
  search.status === 'FAILED' || search.status === 'NOT_STARTED' ? { status: 'PENDING', startedAt: now } : search

/** How often records that were found are looked for again. */
const STANDING_MS = 6 * 3_600_000
/** Between two looks of a search: the first, and the longest. */
const FIRST_WAIT_MS = 60_000
const LONGEST_WAIT_MS = 2 * 3_600_000

/**
 * Milliseconds until the next look; null: none before its owner starts the search again. A young search is looked after often, an older one
 * in steps of a quarter of its age, at most two hours, and once more exactly when its time is up.
 */
export function nextLookMs({ status, startedAt }: Search, now: number): number | null {
  if (status === 'FAILED' || status === 'NOT_STARTED') return null
  if (status === 'SUCCESS') return STANDING_MS
  const age = Math.max(0, now - startedAt)
  const step = Math.min(LONGEST_WAIT_MS, Math.max(FIRST_WAIT_MS, Math.floor(age / 4)))
  return age < SEARCH_MS ? Math.min(step, SEARCH_MS - age) : step
}
