import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { openRenderer } from '../../../src/adapters/template-renderer.ts'

const renderer = openRenderer()
const render = async (text: string, data: unknown) => (await renderer.render({ subject: null, text, html: null }, data)).text
const person = { name: "O'Brien <&>", age: 0, tags: ['a', 'b'], none: [], empty: '', deep: { er: { value: 1 } }, yes: true, nothing: null }

describe('what SES offers', () => {
  it.each<[string, string]>([
    ['Dear {{name}},', "Dear O'Brien <&>,"],
    ['{{{name}}}{{deep.er.value}}{{nothing}}{{age}}', "O'Brien <&>10"],
    ['my {brace} is \\{{name}} fine', 'my {brace} is {{name}} fine'],
    ['{{#each tags}}{{@index}}{{this}}{{#if @last}}.{{else}},{{/if}}{{/each}}', '0a,1b.'],
    ['{{#each none}}x{{else}}none{{/each}}', 'none'],
    ['{{#each deep}}{{@key}}{{value}}{{../age}}{{@root.age}}{{/each}}', 'er100'],
    ['{{#if yes}}1{{/if}}{{#if age}}2{{else}}3{{/if}}{{#if none}}4{{/if}}{{#if absent.too}}5{{else}}6{{/if}}', '136'],
    ['{{#if empty}}a{{else if yes}}b{{/if}}', 'b'],
    ['{{#*inline "row"}}[{{this}}]{{/inline}}{{#each tags}}{{> row}}{{/each}}', '[a][b]'],
    ['{{#*inline "v"}}{{value}}{{/inline}}{{> v deep.er}}', '1'],
    ['{{! comment }}{{!-- {{name}} --}}x', 'x'],
    ['{{#each tags}}\n- {{this}}\n{{/each}}\nend', '- a\n- b\nend'],
  ])('%s', async (text, expected) => {
    expect(await render(text, person)).toBe(expected)
  })
})

describe('a template that came with a request', () => {
  const fill = (text: string) => renderer.render({ subject: null, text, html: null }, person, 'places')

  it('has places for values', async () => {
    expect((await fill('{{! x }}{{name}} {{{deep.er.value}}} \\{{name}}')).text).toBe("O'Brien <&> 1 {{name}}")
    await expect(fill('{{nickname}}')).rejects.toMatchObject({ message: "Attribute 'nickname' is not present in the rendering data." })
  })

  it.each([
    ['{{#if yes}}x{{/if}}', '#if'],
    ['a {{#each none}}{{/each}}', '#each'],
    ['{{#*inline "row"}}{{/inline}}', '#*inline'],
    ['{{> row}}', '> row'],
  ])('has no %s', async (text, what) => {
    await expect(fill(text)).rejects.toMatchObject({ message: `The template uses '${what}', which only stored templates offer` })
    // Not what a template of the same text that is stored was read for.
    if (what === '#if') expect(await render(text, person)).toBe('x')
  })
})

describe('refusals', () => {
  it.each([
    ['{{nickname}}', "Attribute 'nickname' is not present in the rendering data."],
    ['{{deep.er.none}}', "Attribute 'deep.er.none' is not present in the rendering data."],
    ['{{#each absent}}{{/each}}', "Attribute 'absent' is not present in the rendering data."],
    ['{{constructor}}', "Attribute 'constructor' is not present in the rendering data."],
    ['{{deep.__proto__}}', "Attribute 'deep.__proto__' is not present in the rendering data."],
    ['{{name.length}}', "Attribute 'name.length' is not present in the rendering data."],
    ['{{../name}}', "Attribute '../name' is not present in the rendering data."],
    ['{{@secret}}', "Attribute '@secret' is not present in the rendering data."],
    ['{{lookup deep "er"}}', "uses 'lookup'"],
    ['{{#with deep}}{{/with}}', "uses '#with'"],
    ['{{#unless yes}}{{/unless}}', "uses '#unless'"],
    ['{{#if (eq 1 1)}}{{/if}}', "uses 'SubExpression'"],
    ['{{> other}}', "names the partial 'other'"],
    ['{{#if yes}}', 'cannot be read'],
    ['{{#*inline "a"}}{{> a}}{{/inline}}{{> a}}', 'deeper than 100'],
  ])('%s', async (text, message) => {
    await expect(render(text, person)).rejects.toMatchObject({ code: 'bad-data', message: expect.stringContaining(message) })
  })

  it('end what takes too long or gives too much', async () => {
    const list = Array.from({ length: 300 }, (_, i) => i)
    const loops = '{{#each @root.a}}{{#each @root.a}}{{#each @root.a}}{{#each @root.a}}'
    const ends = '{{/each}}'.repeat(4)
    await expect(
      openRenderer({ timeoutMs: 300, maxCharacters: 1_000 }).render({ subject: null, text: `${loops}${ends}`, html: null }, { a: list }),
    ).rejects.toMatchObject({ code: 'bad-data', message: 'The template takes longer than 300 ms' })
    await expect(render(`${loops}xxxxxxxxxx${ends}`, { a: list })).rejects.toMatchObject({ message: expect.stringContaining('characters') })
    await expect(render('x'.repeat(600_000), {})).rejects.toMatchObject({ message: 'The template is larger than 500 KB' })
  })
})

describe('starter templates', () => {
  const data = {
    product: 'Acme',
    name: 'Ann',
    url: 'https://example.com/',
    tips: ['one', 'two'],
    number: '42',
    shop: 'Acme',
    date: 'today',
    items: [{ quantity: 2, title: 'Pen', price: '3 €' }],
    total: '6 €',
    note: 'Thanks',
    address: 'Street 1',
    email: 'ann@example.com',
    validFor: '1 hour',
  }
  const names = readdirSync('templates').map(file => file.replace('.json', ''))

  it.each(names)('%s has the shape of SES and fills', async name => {
    const { TemplateName, TemplateContent } = JSON.parse(readFileSync(`templates/${name}.json`, 'utf8'))
    expect(TemplateName).toBe(name)
    expect(Object.keys(TemplateContent)).toEqual(['Subject', 'Text', 'Html'])
    const starter = await renderer.starter(name)
    if (!starter) throw new Error(`${name} is no starter`)
    for (const part of Object.values(await renderer.render(starter, data))) {
      expect(part).toMatch(/\S/)
      expect(part).not.toContain('{{')
    }
  })

  it('are three, and no path leads to another file', async () => {
    expect(await renderer.starters()).toEqual(['password-reset', 'receipt', 'welcome'])
    expect(await renderer.starter('../package')).toBeUndefined()
  })
})

describe('hostile templates and data', () => {
  const slow = { subject: null, text: `${'{{#each @root.a}}'.repeat(4)}${'{{/each}}'.repeat(4)}`, html: null }
  const list = Array.from({ length: 300 }, (_, i) => i)

  it('one that does not end takes nothing with it: what waits behind is filled', async () => {
    const shared = openRenderer({ timeoutMs: 300, maxCharacters: 10_000 })
    const good = (name: string) => shared.render({ subject: null, text: 'Hello {{name}}', html: null }, { name })
    // Two workers: both are made busy, and each has good ones waiting behind.
    const bad = [shared.render(slow, { a: list }), shared.render(slow, { a: list })]
    const all = Promise.all(['Ann', 'Bob', 'Cyd', 'Dan'].map(good))
    await Promise.all(bad.map(one => expect(one).rejects.toMatchObject({ message: 'The template takes longer than 300 ms' })))
    expect((await all).map(({ text }) => text)).toEqual(['Hello Ann', 'Hello Bob', 'Hello Cyd', 'Hello Dan'])
  })

  it('many at once keep their own answers, refusals among them', async () => {
    const asked = Array.from({ length: 500 }, (_, i) =>
      renderer
        .render({ subject: null, text: i % 7 === 0 ? '{{absent}}' : 'n={{n}}', html: null }, { n: i })
        .then(({ text }) => text)
        .catch((error: Error) => error.message),
    )
    expect(await Promise.all(asked)).toEqual(
      Array.from({ length: 500 }, (_, i) => (i % 7 === 0 ? "Attribute 'absent' is not present in the rendering data." : `n=${i}`)),
    )
  })

  it('one template gives nothing to the next: no partials, no prototypes', async () => {
    expect(await render('{{#*inline "p"}}mine{{/inline}}{{> p}}', {})).toBe('mine')
    await expect(render('{{> p}}', {})).rejects.toMatchObject({ message: expect.stringContaining("names the partial 'p'") })
    expect(await render('{{__proto__.polluted}}', JSON.parse('{"__proto__":{"polluted":"own"}}'))).toBe('own')
    await expect(render('{{polluted}}', {})).rejects.toMatchObject({
      message: "Attribute 'polluted' is not present in the rendering data.",
    })
  })

  it.each([
    ['blocks that nest', `${'{{#if a}}'.repeat(5_000)}${'{{/if}}'.repeat(5_000)}`, { a: 1 }],
    ['blocks that never close', '{{#each a}}'.repeat(40_000), { a: [1] }],
    ['braces without end', '{'.repeat(400_000), {}],
    ['escapes without end', '\\{{'.repeat(100_000), {}],
    ['comments without end', '{{!--'.repeat(80_000), {}],
    ['white space before a brace', `{{${' '.repeat(400_000)}`, {}],
    ['partials that double', `{{#*inline "a"}}{{> b}}{{> b}}{{/inline}}${'{{> a}}'.repeat(3)}`, {}],
    ['a path without end', `{{${'a.'.repeat(100_000)}a}}`, { a: 1 }],
  ])('%s end in time, filled or refused', { timeout: 20_000 }, async (_, text, data) => {
    const filled = await openRenderer({ timeoutMs: 2_000, maxCharacters: 1_000_000 })
      .render({ subject: null, text, html: null }, data)
      .catch(error => error)
    if (filled instanceof Error) expect(filled).toMatchObject({ code: 'bad-data' })
    else expect(filled.text).toEqual(expect.any(String))
    expect(await render('still {{here}}', { here: 'here' })).toBe('still here')
  })

  it('data that nests without end is refused, and the worker stays', async () => {
    const deep = (levels: number) => JSON.parse(`${'['.repeat(levels)}1${']'.repeat(levels)}`)
    expect(await render('{{a}}', { a: deep(100) })).toBe('1')
    await expect(render('{{a}}', { a: deep(100_000) })).rejects.toMatchObject({ code: 'bad-data' })
    expect(await render('{{a}}', { a: 1 })).toBe('1')
  })

  it('memory without end is refused', { timeout: 20_000 }, async () => {
    const text = `{{#each a}}${'{{#*inline "x"}}{{/inline}}'.repeat(10)}{{#each @root.a}}{{/each}}{{/each}}`
    const dense = '{{a}}'.repeat(100_000)
    const outcomes = await Promise.all([render(text, { a: list }), render(dense, { a: 1 })].map(one => one.catch(error => error)))
    for (const one of outcomes) if (one instanceof Error) expect(one).toMatchObject({ code: 'bad-data' })
    expect(await render('still {{here}}', { here: 'here' })).toBe('still here')
  })
})
