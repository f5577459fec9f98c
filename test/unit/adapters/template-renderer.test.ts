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
    for (const part of Object.values(await renderer.render(await renderer.starter(name), data))) {
      expect(part).toMatch(/\S/)
      expect(part).not.toContain('{{')
    }
  })

  it('are three, and another is not found', async () => {
    expect(names.sort()).toEqual(['password-reset', 'receipt', 'welcome'])
    await expect(renderer.starter('../package')).rejects.toMatchObject({
      code: 'not-found',
      message: 'Template ../package does not exist.',
    })
  })
})
