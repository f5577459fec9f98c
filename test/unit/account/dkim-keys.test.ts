/** The keys of a domain and the moves between them. */
import { describe, expect, it } from 'vitest'
import {
  afterSight,
  checkLengthChange,
  decidingTokens,
  droppedTokens,
  keyRoles,
  OVERLAP_MS,
  provingTokens,
  rotated,
  withNewKeys,
} from '../../../src/account/dkim-keys.ts'
import type { Identity } from '../../../src/account/identity.ts'
import { MailctlError } from '../../../src/base/errors.ts'
import { identityOf, T0 } from '../../support/account.ts'

const HOUR = 3_600_000
const made = identityOf('shop.test')
const key = (token: string) => ({ token, method: 'txt', keyLength: 'RSA_2048_BIT' }) as const
const standing: Identity = { ...made, dkim: { ...made.dkim, tokens: ['a', 'b', 'c'], signing: key('a') } }
const withDkim = (fields: Partial<Identity['dkim']>): Identity => ({ ...standing, dkim: { ...standing.dkim, ...fields } })
const states = ({ dkim }: Identity): string[] => keyRoles(dkim).map(({ token, state }) => `${token} ${state}`)
const seen = (
  identity: Identity,
  found: readonly string[],
  now: number,
  status: Identity['dkim']['status'] = identity.dkim.status,
): Identity => ({
  ...identity,
  dkim: afterSight({ ...identity.dkim, status }, new Set(found), now),
})
const refusal = (work: () => unknown): readonly [string, string] => {
  try {
    work()
  } catch (error) {
    if (error instanceof MailctlError) return [error.code, error.message]
    throw error
  }
  return ['', '']
}

describe('rotation', () => {
  it('goes round: the next signs at once, the one before stays published, the added one waits until it is found', () => {
    const first = rotated(standing, 'd', T0)
    expect(states(first)).toEqual(['b SIGNING', 'c WAITING', 'd PENDING', 'a RETIRED'])
    expect(keyRoles(first.dkim).at(-1)?.publishedUntil).toBe(T0 + OVERLAP_MS)
    expect(first.dkim).toMatchObject({ status: 'SUCCESS', lastKeyGeneratedAt: T0, signing: key('b') })
    expect(decidingTokens(first.dkim), 'the added key lowers nothing while it is missing').toEqual(['b', 'c'])
    const second = rotated(first, 'e', T0 + HOUR)
    expect(states(second)).toEqual(['c SIGNING', 'd PENDING', 'e PENDING', 'a RETIRED', 'b RETIRED'])
    expect(
      refusal(() => rotated(second, 'f', T0 + HOUR)),
      'a key that was not found never signs',
    ).toEqual(['conflict', 'the next key of shop.test, d, was not found in DNS; it must be before it signs'])
    const found = seen(second, ['c', 'd'], T0 + 2 * HOUR)
    expect(states(found)).toEqual(['c SIGNING', 'd WAITING', 'e PENDING', 'a RETIRED', 'b RETIRED'])
    expect(states(rotated(found, 'f', T0 + 3 * HOUR))[0]).toBe('d SIGNING')
  })

  it('drops an old key after its overlap, not before', () => {
    expect(OVERLAP_MS).toBe(7 * 24 * HOUR)
    const once = rotated(standing, 'd', T0)
    expect(states(seen(once, ['b', 'c', 'd'], T0 + OVERLAP_MS - 1))).toContain('a RETIRED')
    const later = seen(once, ['b', 'c', 'd'], T0 + OVERLAP_MS)
    expect(states(later)).toEqual(['b SIGNING', 'c WAITING', 'd WAITING'])
    expect(droppedTokens(once.dkim, later.dkim)).toEqual(['a'])
  })

  it.each<[string, Partial<Identity['dkim']>, string, string]>([
    ['a key of the owner', { origin: 'EXTERNAL' }, 'usage', 'shop.test signs with a key of your own, which mailctl does not rotate'],
    [
      'keys never found',
      { signing: null, unproved: ['a', 'b', 'c'] },
      'conflict',
      'the keys of shop.test were not found in DNS yet; nothing is there to rotate',
    ],
    [
      'new keys not found yet',
      { signing: key('old') },
      'conflict',
      'the keys of shop.test were not found in DNS yet; nothing is there to rotate',
    ],
    [
      'five old keys',
      { retired: ['v', 'w', 'x', 'y', 'z'].map(token => ({ token, method: 'txt', retiredAt: T0 })) },
      'limit-exceeded',
      '5 old keys of shop.test are still to stay published; that is the most there can be',
    ],
  ])('is refused with %s', (_, dkim, code, message) => {
    expect(refusal(() => rotated(withDkim(dkim), 'd', T0 + 1))).toEqual([code, message])
  })
})

describe('other keys', () => {
  const own = { origin: 'EXTERNAL', method: 'byo', tokens: ['mine'], keyLength: 'RSA_1024_BIT' } as const

  it('take over when they are found; until then the one before signs and proves the domain', () => {
    const asked = withNewKeys(standing, own, T0 + 1)
    expect(states(asked)).toEqual(['mine PENDING', 'a RETIRING'])
    expect(droppedTokens(standing.dkim, asked.dkim), 'keys that never signed go at once').toEqual(['b', 'c'])
    expect(asked.dkim).toMatchObject({ status: 'PENDING', startedAt: T0 + 1, signing: key('a') })
    expect(provingTokens(asked.dkim)).toEqual(['a'])
    expect(states(seen(asked, ['a'], T0 + 2))).toEqual(['mine PENDING', 'a RETIRING'])
    expect(states(seen(asked, ['a'], T0 + 2, 'FAILED')), 'a search given up leaves the old key signing').toEqual([
      'mine PENDING',
      'a RETIRING',
    ])
    const found = seen(asked, ['mine', 'a'], T0 + 3, 'SUCCESS')
    expect(states(found)).toEqual(['mine SIGNING', 'a RETIRED'])
    expect(found.dkim.signing).toEqual({ token: 'mine', method: 'byo', keyLength: 'RSA_1024_BIT' })
    const back = withNewKeys(found, { origin: 'AWS_SES', method: 'cname', tokens: ['x', 'y', 'z'], keyLength: 'RSA_2048_BIT' }, T0 + 4)
    expect(states(back)).toEqual(['x PENDING', 'y PENDING', 'z PENDING', 'mine RETIRING', 'a RETIRED'])
    const all = seen(back, ['x', 'y', 'z'], T0 + 5, 'SUCCESS')
    expect(keyRoles(all.dkim).map(({ token, method }) => `${token} ${method}`)).toEqual([
      'x cname',
      'y cname',
      'z cname',
      'a txt',
      'mine byo',
    ])
  })

  it('are asked for twice: what signs stays, what never signed goes', () => {
    const twice = withNewKeys(withNewKeys(standing, own, T0), { ...own, tokens: ['other'] }, T0 + 1)
    expect(states(twice)).toEqual(['other PENDING', 'a RETIRING'])
  })

  it('a domain that is revoked has nothing to sign with', () => {
    expect(seen(standing, [], T0, 'FAILED').dkim).toMatchObject({ signing: null, unproved: ['a', 'b', 'c'] })
    expect(states(seen(standing, [], T0, 'TEMPORARY_FAILURE')), 'in its grace it signs').toContain('a SIGNING')
  })
})

describe('the key length', () => {
  it('is not changed by a key of the owner, nor by the way back from it', () => {
    const own = { origin: 'EXTERNAL', method: 'byo', tokens: ['mine'], keyLength: 'RSA_1024_BIT' } as const
    const made = { origin: 'AWS_SES', method: 'txt', tokens: ['x', 'y', 'z'], keyLength: 'RSA_2048_BIT' } as const
    const withOwn = withNewKeys(standing, own, T0)
    expect(withOwn.dkim).toMatchObject({ lengthChangedAt: null, downgradedAt: null, lastKeyGeneratedAt: standing.dkim.lastKeyGeneratedAt })
    expect(withNewKeys(withOwn, made, T0 + HOUR).dkim).toMatchObject({ lengthChangedAt: null, lastKeyGeneratedAt: T0 + HOUR })
  })

  const SAME = ['bad-data', 'the keys of shop.test are RSA_2048_BIT already'] as const
  const SOON = ['limit-exceeded', 'the key length of shop.test was changed less than 24 hours ago'] as const
  const FINE = ['', ''] as const
  /** Hours at which it was changed, and to what; then the question. */
  it.each<[string, 1024 | 2048, [number, 1024 | 2048][], number, 1024 | 2048, readonly [string, string]]>([
    ['to the same', 2048, [], 0, 2048, SAME],
    ['the first change', 2048, [], 0, 1024, FINE],
    ['the first change up', 1024, [], 0, 2048, FINE],
    ['back up within a day', 2048, [[0, 1024]], 23, 2048, SOON],
    ['back up after a day', 2048, [[0, 1024]], 24, 2048, FINE],
    ['the first downgrade after an upgrade', 1024, [[0, 2048]], 1, 1024, FINE],
    [
      'up again after that',
      1024,
      [
        [0, 2048],
        [1, 1024],
      ],
      24,
      2048,
      SOON,
    ],
    [
      'up again a day after that',
      1024,
      [
        [0, 2048],
        [1, 1024],
      ],
      25,
      2048,
      FINE,
    ],
    [
      'a second downgrade in a day',
      2048,
      [
        [0, 1024],
        [23, 2048],
      ],
      23.5,
      1024,
      SOON,
    ],
    [
      'a downgrade a day after the last',
      2048,
      [
        [0, 1024],
        [24, 2048],
      ],
      24.5,
      1024,
      FINE,
    ],
  ])('%s', (_, from, changes, hours, to, answer) => {
    const length = (bits: 1024 | 2048) => (bits === 1024 ? 'RSA_1024_BIT' : 'RSA_2048_BIT')
    let identity = withDkim({ keyLength: length(from) })
    for (const [at, bits] of changes)
      identity = withNewKeys(
        identity,
        { origin: 'AWS_SES', method: 'txt', tokens: ['x', 'y', 'z'], keyLength: length(bits) },
        T0 + at * HOUR,
      )
    expect(refusal(() => checkLengthChange(identity, length(to), T0 + hours * HOUR))).toEqual(answer)
  })
})
