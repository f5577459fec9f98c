import { createHash } from 'node:crypto'
import { createReadStream, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type ParsedMessage, parseMessage } from '../../../src/mail/parse.ts'

type Attachment = readonly [name: string, type: string, sha256: string | null]
interface Agreed<T> {
  readonly value: T
}
/** Long texts are there as a digest only. */
type AgreedText = { readonly value: string } | { readonly sha256_of_whitespace_collapsed: string }
interface Expected {
  readonly subject?: Agreed<string>
  readonly from?: Agreed<string[]>
  readonly to?: Agreed<string[]>
  readonly text?: AgreedText
  readonly html?: AgreedText
  readonly attachments?: Agreed<Attachment[]>
}

const folder = 'test/corpora/mime'
const expectations: Readonly<Record<string, Expected>> = JSON.parse(readFileSync(`${folder}/expected.json`, 'utf8'))
/** `file: field` → why we answer otherwise. */
const notPassed: Readonly<Record<string, string>> = JSON.parse(readFileSync(`${folder}/not-passed.json`, 'utf8'))

const collapse = (text: string): string => text.replace(/\s+/g, ' ').trim()
const lower = (addresses: readonly string[]): string[] => addresses.map(address => address.toLowerCase())
const sorted = (list: readonly Attachment[]): string[] => list.map(item => JSON.stringify(item)).sort()

function sameText(found: string | null, expected: AgreedText): boolean {
  const text = collapse(found ?? '')
  if ('value' in expected) return expected.value === text
  return expected.sha256_of_whitespace_collapsed === createHash('sha256').update(text).digest('hex')
}

function wrongFields(found: ParsedMessage, expected: Expected): string[] {
  const wrong: string[] = []
  if (expected.subject && collapse(found.subject) !== expected.subject.value) wrong.push('subject')
  if (expected.from && lower(found.from).join() !== expected.from.value.join()) wrong.push('from')
  if (expected.to && lower(found.to).join() !== expected.to.value.join()) wrong.push('to')
  if (expected.text && !sameText(found.text, expected.text)) wrong.push('text')
  if (expected.html && !sameText(found.html, expected.html)) wrong.push('html')
  if (expected.attachments) {
    const unhashed = new Set(expected.attachments.value.filter(([, , sha256]) => sha256 === null).map(([, type]) => type))
    const ours = found.attachments.map(({ name, type, sha256 }): Attachment => [name ?? '', type, unhashed.has(type) ? null : sha256])
    if (sorted(ours).join() !== sorted(expected.attachments.value).join()) wrong.push('attachments')
  }
  return wrong
}

describe('awkward messages', () => {
  it.each(Object.keys(expectations))('%s', async file => {
    const found = await parseMessage(createReadStream(`${folder}/messages/${file}`))
    const listed = Object.keys(notPassed).filter(key => key.startsWith(`${file}: `))
    expect(wrongFields(found, expectations[file] ?? {}).map(field => `${file}: ${field}`)).toEqual(listed)
  })
})
