/** Every link of README.md, CHANGELOG.md and docs/ to a file of this repository, or to a heading in one, leads there; every page is linked. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'

const DOCS = readdirSync('docs', { recursive: true, encoding: 'utf8' })
  .filter(name => name.endsWith('.md'))
  .map(name => join('docs', name))
const PAGES = ['README.md', 'CHANGELOG.md', ...DOCS]

interface Link {
  readonly page: string
  readonly target: string
}

const prose = (page: string): string => readFileSync(page, 'utf8').replace(/^```[\s\S]*?^```/gm, '')
const linksOf = (page: string): Link[] =>
  [...prose(page).matchAll(/\[[^\]]*\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => ({ page, target }))
    .filter(({ target }) => !/^[a-z]+:/.test(target))

/** As GitHub names the anchor of a heading. */
const anchor = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')
const anchorsOf = (page: string): string[] => [...prose(page).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => anchor(heading))

function leadsSomewhere({ page, target }: Link): boolean {
  const [path = '', heading] = target.split('#')
  const file = path === '' ? page : join(dirname(page), path)
  return existsSync(file) && (heading === undefined || anchorsOf(file).includes(heading))
}

test('links lead somewhere', () => {
  const links = PAGES.flatMap(linksOf)
  expect(links.length).toBeGreaterThan(10)
  expect(links.filter(link => !leadsSomewhere(link))).toEqual([])
  expect(leadsSomewhere({ page: 'README.md', target: 'docs/nowhere.md' })).toBe(false)
  expect(leadsSomewhere({ page: 'README.md', target: 'docs/queue.md#nowhere' })).toBe(false)
})

test('the index of docs/ names every page, or its folder', () => {
  const named = linksOf('docs/README.md').map(({ target }) => join('docs', target.split('#')[0] ?? ''))
  const isNamed = (page: string): boolean => named.includes(page) || named.includes(`${dirname(page)}/`)
  expect(DOCS.filter(page => page !== join('docs', 'README.md') && !isNamed(page))).toEqual([])
})
