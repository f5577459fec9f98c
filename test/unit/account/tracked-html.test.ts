import { describe, expect, test } from 'vitest'
import { linkTagsOf, type TrackedLink, trackedHtml } from '../../../src/account/tracked-html.ts'

const seen: TrackedLink[] = []
const urls = {
  open: 'https://t.example/I0/id/mac',
  click: (link: TrackedLink) => {
    seen.push(link)
    return `https://t.example/L0/${link.number}?a&b`
  },
}
const IMAGE = '<img alt="" src="https://t.example/I0/id/mac" width="1" height="1" style="display:none">'

describe('links', () => {
  test.each([
    ['<a href="https://shop.example/x">X</a>', '<a href="https://t.example/L0/1?a&amp;b">X</a>'],
    ["<A class=b HREF='http://shop.example/?a=1&amp;b=2' id=c>X</A>", '<A class=b href="https://t.example/L0/1?a&amp;b" id=c>X</A>'],
    ['<a ses:no-track href="https://shop.example/">X</a>', '<a href="https://shop.example/">X</a>'],
    ['<a href=https://shop.example/ ses:tags="k:v;k2:v2;">X</a>', '<a href="https://t.example/L0/1?a&amp;b">X</a>'],
    ['<area href="https://shop.example/">', '<area href="https://t.example/L0/1?a&amp;b">'],
    ['<a href="mailto:a@b.example">X</a>', '<a href="mailto:a@b.example">X</a>'],
    ['<a href="#top">X</a>', '<a href="#top">X</a>'],
    ['<a href="{{amazonSESUnsubscribeUrl}}">X</a>', '<a href="{{amazonSESUnsubscribeUrl}}">X</a>'],
    ['<a href="javascript:alert(1)">X</a>', '<a href="javascript:alert(1)">X</a>'],
    ['<!-- <a href="https://shop.example/"> -->', '<!-- <a href="https://shop.example/"> -->'],
    ['<script>"<a href=https://shop.example/>"</script>', '<script>"<a href=https://shop.example/>"</script>'],
    ['<a name="x">X</a>', '<a name="x">X</a>'],
  ])('%s', (html, expected) => {
    expect(trackedHtml(html, { ...urls, open: null })).toBe(expected)
  })

  test('are told as they were written, with their tags and in order', () => {
    seen.length = 0
    trackedHtml('<a href="https://a.example/?x=1&amp;y=%C3%BC">A</a><a href="https://b.example/\xc3\xbc" ses:tags="k:v">B</a>', urls)
    expect(seen).toEqual([
      { link: 'https://a.example/?x=1&y=%C3%BC', number: 1, tags: '' },
      { link: 'https://b.example/ü', number: 2, tags: 'k:v' },
    ])
    expect(linkTagsOf('k:v;k2:v2;k:w;')).toEqual({ k: ['v', 'w'], k2: ['v2'] })
    expect(linkTagsOf('')).toBeNull()
  })

  test('250 of them, no more', () => {
    const html = trackedHtml('<a href="https://shop.example/">X</a>'.repeat(251), { ...urls, open: null })
    expect(html.split('https://t.example/').length - 1).toBe(250)
    expect(html.endsWith('<a href="https://shop.example/">X</a>')).toBe(true)
  })
})

test.each([
  ['<body>Hi</body></html>', `<body>Hi${IMAGE}</body></html>`],
  ['Hi', `Hi${IMAGE}`],
  ['<body>{{ses:openTracker}}Hi</body>', `<body>${IMAGE}Hi</body>`],
  ['<!-- </body> --><body>Hi</BODY>', `<!-- </body> --><body>Hi${IMAGE}</BODY>`],
])('the picture: %s', (html, expected) => {
  expect(trackedHtml(html, { ...urls, click: null })).toBe(expected)
})
