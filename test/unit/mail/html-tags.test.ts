import { describe, expect, it, test } from 'vitest'
import { decodeReferences, htmlTags } from '../../../src/mail/html-tags.ts'
import { linksIn, textOfHtml } from '../../../src/mail/readable-text.ts'

const tags = (html: string) =>
  [...htmlTags(html)].map(({ name, attributes }) => [name, ...[...attributes.values()].map(a => `${a.name}=${a.value}`)])

describe('tags are found where browsers find them', () => {
  it.each([
    ['<p>a</p>', [['p'], ['/p']]],
    ['<A HREF="x" Class=y>', [['a', 'href=x', 'class=y']]],
    ["<a href='a > b'>", [['a', 'href=a > b']]],
    ['<a href = "x"/>', [['a', 'href=x']]],
    ['<a href="1" href="2">', [['a', 'href=1']]],
    ['<input disabled>', [['input', 'disabled=']]],
    ['<a href="?a=1&amp;b=2&#x27;">', [['a', "href=?a=1&b=2'"]]],
    ['<a href=x/y>', [['a', 'href=x/y']]],
    ['<!-- <a href="x"> --><b>', [['b']]],
    ['<!-- <a href="x">', []],
    ['a < b <i>', [['i']]],
    ['<script>"<a href=x>"</script><b>', [['script'], ['/script'], ['b']]],
    ['<style>a{}<p></STYLE ><b>', [['style'], ['/style'], ['b']]],
    ['<title><a></titles><b></title>', [['title'], ['/title']]],
    ['<a href="x', []],
    ['<>< ></ >', []],
    ['<!doctype html><?xml?><b>', [['b']]],
  ])('%s', (html, expected) => {
    expect(tags(html)).toEqual(expected)
  })

  it('gives offsets that cut the text exactly', () => {
    const html = 'x<a  HREF = "y"\n id=z >t</a>'
    const [tag] = [...htmlTags(html)]
    expect(html.slice(tag?.start, tag?.end)).toBe('<a  HREF = "y"\n id=z >')
    const href = tag?.attributes.get('href')
    expect(html.slice(href?.start, href?.end)).toBe('HREF = "y"')
    const id = tag?.attributes.get('id')
    expect(html.slice(id?.start, id?.end)).toBe('id=z')
  })

  it.each(['<a ', '<a href="', '<!--', '<title>', '</', '< ', '<a =', '<script></scrip'])('%s 100,000 times ends', piece => {
    // In proportion it is milliseconds; with the square of the length it would be minutes, and the test would not end in its time.
    expect([...htmlTags(piece.repeat(100_000))].length).toBeLessThanOrEqual(100_000)
  })
})

test('character references by number and the common names', () => {
  expect(decodeReferences('&lt;&#65;&#x42;&nbsp;&unknown;&#0;&#xd800;&amp;amp;')).toBe('<AB\u00a0&unknown;\ufffd\ufffd&amp;')
})

test('HTML reads as lines of text, without what nobody sees', () => {
  const html =
    '<head><style>p { color: #123456 }</style></head><p>Your\n  <b>code</b> is<br>987654</p><!-- 111111 --><script>222222</script><p>Bye &amp; thanks'
  expect(textOfHtml(html)).toBe('Your code is\n987654\nBye & thanks')
})

describe('links', () => {
  it('of the HTML come first, each once', () => {
    const html =
      '<a href=" https://a.example/?x=1&amp;y=2 ">1</a><a name=x>2</a><AREA href="https://b.example/"><a href="https://b.example/">3</a>'
    expect(linksIn({ html, text: 'see https://c.example/d?e=f(g). And <https://b.example/>, "https://d.example/"' })).toEqual([
      'https://a.example/?x=1&y=2',
      'https://b.example/',
      'https://c.example/d?e=f(g',
      'https://d.example/',
    ])
  })

  it('are none in a message without parts', () => {
    expect(linksIn({ html: null, text: null })).toEqual([])
  })
})
