import { expect, it } from 'vitest'
import { changedTags as change, type ResourceTag } from '../../../src/account/resource-tags.ts'

const changedTags = (tags: readonly ResourceTag[], added: readonly (readonly [string, string])[], removed: readonly string[]) =>
  change(tags, { added: added.map(([key, value]) => ({ key, value })), removed }, 'an identity')
const tags = (...keys: string[]) => keys.map(key => ({ key, value: '' }))
const many = (count: number): [string, string][] => Array.from({ length: count }, (_, index) => [`k${index}`, 'v'])

it('adds at the end, replaces in place, removes first', () => {
  const first = changedTags(
    [],
    [
      ['team', 'shop'],
      ['stage', 'test'],
    ],
    [],
  )
  const second = changedTags(
    first,
    [
      ['team', 'mail'],
      ['empty', ''],
    ],
    ['stage'],
  )
  expect(second).toEqual([
    { key: 'team', value: 'mail' },
    { key: 'empty', value: '' },
  ])
  expect(changedTags(tags('a', 'b'), [['a', 'again']], ['a']), 'removed and added: it is new').toEqual([
    { key: 'b', value: '' },
    { key: 'a', value: 'again' },
  ])
  expect(changedTags(changedTags([], many(50), []), [['one more', '']], ['k0'])).toHaveLength(50)
  expect(changedTags([], [['k'.repeat(128), '😀'.repeat(256)]], []), 'characters, not halves of pairs').toHaveLength(1)
})

it.each<[string, [string, string][], string[], string, string]>([
  ['an empty key', [['', 'v']], [], 'bad-data', "the key of the tag '' has 0 characters, 1 to 128 are allowed"],
  [
    'a long key',
    [['k'.repeat(129), 'v']],
    [],
    'bad-data',
    `the key of the tag '${'k'.repeat(129)}' has 129 characters, 1 to 128 are allowed`,
  ],
  ['a long value', [['k', 'v'.repeat(257)]], [], 'bad-data', "the value of the tag 'k' has 257 characters, 0 to 256 are allowed"],
  ['too many', many(50), [], 'limit-exceeded', 'an identity has at most 50 tags, this would have 51'],
  ['one that is not there', [], ['gone'], 'not-found', "there is no tag 'gone' to remove"],
])('refuses %s', (_, added, removed, code, message) => {
  expect(() => changedTags(tags('there'), added, removed)).toThrow(expect.objectContaining({ code, message }))
})
