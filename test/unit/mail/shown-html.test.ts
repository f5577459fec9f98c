/** HTML of strangers for a frame: what a policy does not hold is taken out, pictures of the message are put in, and no mail makes it grow without end. */
import { expect, test } from 'vitest'
import { LONGEST_SHOWN, shownHtml } from '../../../src/mail/shown-html.ts'

const pictures = new Map([
  ['logo@shop', 'data:image/png;base64,AAAA'],
  ['a b', 'data:image/gif;base64,BBBB'],
  ['x&y', 'data:image/gif;base64,CCCC'],
])
const shown = (html: string): string => shownHtml(html, { pictures }).replace('<base target="_blank">', '')

test.each([
  ['<link rel=preconnect href=//evil.example>', '<x-link rel=preconnect href=//evil.example>'],
  ['<LiNk\nrel=dns-prefetch href=//evil.example>', '<x-LiNk\nrel=dns-prefetch href=//evil.example>'],
  ['<link/rel=preconnect href=//evil.example>', '<x-link/rel=preconnect href=//evil.example>'],
  ['<meta http-equiv=refresh content="0;url=//evil.example">', '<x-meta http-equiv=refresh content="0;url=//evil.example">'],
  ['<base href="http://evil.example/">', '<x-base href="http://evil.example/">'],
  ['<iframe src=//evil.example></iframe>', '<x-iframe src=//evil.example></iframe>'],
  ['<frameset><frame src=//evil.example>', '<x-frameset><x-frame src=//evil.example>'],
  // Where this reader might see a comment or a text, and a browser a tag.
  ['<!--><link rel=preconnect>-->', '<!--><x-link rel=preconnect>-->'],
  ['<title><link></title>', '<title><x-link></title>'],
  ['<p>linked, <basefont>, <metal></p>', '<p>linked, <basefont>, <metal></p>'],
])('%s', (html, expected) => {
  expect(shown(html)).toBe(expected)
})

test.each([
  ['<img src="cid:logo@shop">', '<img src="data:image/png;base64,AAAA">'],
  ["<img src='CID:logo%40shop'>", "<img src='data:image/png;base64,AAAA'>"],
  ['<img src=cid:a%20b>', '<img src=data:image/gif;base64,BBBB>'],
  ['<img src="cid:x&amp;y">', '<img src="data:image/gif;base64,CCCC">'],
  ['<p style="background:url(cid:logo@shop)">', '<p style="background:url(data:image/png;base64,AAAA)">'],
  ['<img src="cid:nobody"><img src="cid:%zz">', '<img src="cid:nobody"><img src="cid:%zz">'],
])('%s', (html, expected) => {
  expect(shown(html)).toBe(expected)
})

test('the document type stays first, so that the page looks as it was meant to', () => {
  expect(shownHtml('  <!DOCTYPE html>\n<p>x', { pictures })).toBe('  <!DOCTYPE html><base target="_blank">\n<p>x')
  expect(shownHtml('<p>x', { pictures })).toBe('<base target="_blank"><p>x')
})

test('a large picture that is named a thousand times does not make a large page of a small one', () => {
  const large = new Map([['big', `data:image/png;base64,${'A'.repeat(10 * 1024 * 1024)}`]])
  const made = shownHtml('<img src="cid:big">'.repeat(1_000), { pictures: large })
  expect(made.length).toBeLessThan(33 * 1024 * 1024)
  expect(made).toContain('src="cid:big"')
  expect(shownHtml('x'.repeat(LONGEST_SHOWN + 1), { pictures }).length).toBeLessThan(LONGEST_SHOWN + 100)
})
