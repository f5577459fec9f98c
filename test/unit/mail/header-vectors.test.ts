import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseStructured } from '../../../src/mail/content-type.ts'
import { decodeText } from '../../../src/mail/encoded-word.ts'
import { parseMessage } from '../../../src/mail/parse.ts'

/**
 * Fields as stalwartlabs/mail-parser reads them. Not run, because nothing of ours reads these from foreign mail: date.json, id.json and
 * list.json. Display names of address.json are not compared either: mail-parser joins comments into them in a form of its own.
 */
const vectors = <T>(kind: string): { readonly header: string; readonly expected: T }[] =>
  JSON.parse(readFileSync(`test/corpora/mime/header-vectors/${kind}.json`, 'utf8'))

const notPassed: Readonly<Record<string, string>> = JSON.parse(readFileSync('test/corpora/mime/header-vectors-not-passed.json', 'utf8'))
/** True when right; a listed vector must be wrong, so that the list stays true. */
const verdict = (kind: string, header: string, passes: boolean) =>
  expect(passes, `${kind} ${JSON.stringify(header)}`).toBe(!(`${kind} ${header}` in notPassed))
const unfold = (header: string): string => Buffer.from(header.replace(/\r?\n(?=[ \t])/g, ''), 'utf8').toString('latin1')

describe('content types', () => {
  it.each(vectors<{ c_type: string; c_subtype: string | null; attributes: [string, string][] | null } | null>('content_type'))(
    '$header',
    ({ header, expected }) => {
      const { value, parameters } = parseStructured(unfold(header).split(/\r?\n/)[0] ?? '')
      if (expected === null) return verdict('content_type', header, !/^[^/]+\/[^/]+$/.test(value))
      // mail-parser also gives the language of RFC 2231 values, which nobody here needs.
      const attributes = new Map((expected.attributes ?? []).filter(([name]) => !name.endsWith('-language')).reverse())
      const same =
        [...attributes].every(([name, text]) => parameters.get(name.toLowerCase()) === text) && attributes.size === parameters.size
      const type = [expected.c_type, ...(expected.c_subtype === null ? [] : [expected.c_subtype])].join('/').toLowerCase()
      verdict('content_type', header, value.replace(/\/$/, '') === type && same)
    },
  )
})

describe('unstructured fields', () => {
  it.each(vectors<string | null>('unstructured'))('$header', ({ header, expected }) => {
    const first = unfold(header).split(/\r?\n(?=\S)/)[0] ?? ''
    verdict(
      'unstructured',
      header,
      decodeText(first.replace(/\r?\n/g, ' ').trim()).replace(/\s+/g, ' ').trim() === (expected ?? '').replace(/\s+/g, ' ').trim(),
    )
  })
})

interface Addresses {
  readonly List?: { readonly address: string | null }[]
  readonly Group?: { readonly addresses: { readonly address: string | null }[] }[]
}

describe('addresses', () => {
  it.each(vectors<Addresses | null>('address'))('$header', async ({ header, expected }) => {
    const list = [...(expected?.List ?? []), ...(expected?.Group ?? []).flatMap(({ addresses }) => addresses)]
    const { to } = await parseMessage(chunk(`To: ${header.replace(/\r?\n(?![ \t])[\s\S]*$/, '')}\n\n`))
    verdict(
      'address',
      header,
      to.join() ===
        list
          .map(({ address }) => address)
          .filter(address => address !== null)
          .join(),
    )
  })
})

async function* chunk(text: string) {
  yield Buffer.from(text)
}
