/** Every state, every sight, before and at the end of the 72 hours: the whole machine as one table. */
import { describe, expect, it } from 'vitest'
import { afterLook, nextLookMs, restartedSearch, type SearchStatus, type Sight } from '../../../src/account/search.ts'
import { T0 } from '../../support/account.ts'

const HOUR = 3_600_000
/** SES fact. */
const SEARCH_MS = 72 * HOUR
const STATES: readonly SearchStatus[] = ['NOT_STARTED', 'PENDING', 'SUCCESS', 'TEMPORARY_FAILURE', 'FAILED']
const SIGHTS: readonly Sight[] = ['there', 'gone', 'unknown']

/** State, sight → what follows before 72 hours are over, and what when they are. `now`: the search or grace begins at this look. */
const TABLE: Readonly<Record<SearchStatus, Readonly<Record<Sight, readonly [string, string]>>>> = {
  NOT_STARTED: { there: ['SUCCESS', 'SUCCESS'], gone: ['PENDING now', 'PENDING now'], unknown: ['PENDING now', 'PENDING now'] },
  PENDING: { there: ['SUCCESS', 'SUCCESS'], gone: ['PENDING', 'FAILED'], unknown: ['PENDING', 'FAILED'] },
  SUCCESS: {
    there: ['SUCCESS', 'SUCCESS'],
    gone: ['TEMPORARY_FAILURE now', 'TEMPORARY_FAILURE now'],
    unknown: ['TEMPORARY_FAILURE now', 'TEMPORARY_FAILURE now'],
  },
  TEMPORARY_FAILURE: {
    there: ['SUCCESS', 'SUCCESS'],
    gone: ['TEMPORARY_FAILURE', 'FAILED'],
    unknown: ['TEMPORARY_FAILURE', 'TEMPORARY_FAILURE'],
  },
  FAILED: { there: ['FAILED', 'FAILED'], gone: ['FAILED', 'FAILED'], unknown: ['FAILED', 'FAILED'] },
}

describe('afterLook', () => {
  const cases = STATES.flatMap(status =>
    SIGHTS.flatMap(sight =>
      ([SEARCH_MS - 1, SEARCH_MS] as const).map((age, late) => [status, sight, age, TABLE[status][sight][late] ?? ''] as const),
    ),
  )
  it.each(cases)('%s, %s, after %i ms: %s', (status, sight, age, then) => {
    const [next, isNew] = then.split(' ')
    expect(afterLook({ status, startedAt: T0 }, sight, T0 + age)).toEqual({ status: next, startedAt: isNew ? T0 + age : T0 })
  })
})

it('only what failed or never began begins from zero when its owner asks', () => {
  for (const status of STATES) {
    const again = restartedSearch({ status, startedAt: T0 }, T0 + 5)
    expect(again).toEqual(
      status === 'FAILED' || status === 'NOT_STARTED' ? { status: 'PENDING', startedAt: T0 + 5 } : { status, startedAt: T0 },
    )
  }
})

describe('nextLookMs', () => {
  it.each<[SearchStatus, number, number | null]>([
    ['NOT_STARTED', 0, null],
    ['FAILED', 0, null],
    ['SUCCESS', 0, 6 * HOUR],
    ['SUCCESS', 900 * HOUR, 6 * HOUR],
    ['PENDING', 0, 60_000],
    ['PENDING', 4 * 60_000, 60_000],
    ['PENDING', 4 * HOUR, HOUR],
    ['PENDING', 40 * HOUR, 2 * HOUR],
    ['PENDING', SEARCH_MS - 5, 5],
    ['TEMPORARY_FAILURE', SEARCH_MS - 5, 5],
    ['TEMPORARY_FAILURE', SEARCH_MS + HOUR, 2 * HOUR],
    ['PENDING', -HOUR, 60_000],
  ])('%s, %i ms old: %s', (status, age, wait) => {
    expect(nextLookMs({ status, startedAt: T0 }, T0 + age)).toBe(wait)
  })
  it('comes to the end of a search in about sixty looks, and never farther apart than two hours', () => {
    let looks = 0
    for (let now = T0; now < T0 + SEARCH_MS; looks += 1) {
      const wait = nextLookMs({ status: 'PENDING', startedAt: T0 }, now) ?? Number.NaN
      expect(wait).toBeLessThanOrEqual(2 * HOUR)
      now += wait
    }
    expect(looks).toBeLessThan(70)
  })
})
