/** What was changed is read back by another parser. */
import { simpleParser } from 'mailparser'
import { describe, expect, test } from 'vitest'
import { parseHeader, serializeHeader } from '../../../src/mail/header.ts'
import { changeHtmlParts, type MessageInMemory } from '../../../src/mail/html-parts.ts'

function messageOf(text: string) {
  const octets = Buffer.from(text.replaceAll('\n', '\r\n'), 'utf8')
  const end = octets.indexOf('\r\n\r\n')
  return { header: parseHeader(octets.subarray(0, end + 2)), body: octets.subarray(end + 4) }
}
const mark = (html: string): string => html.replace('</body>', `<img src="https://t.example/${'x'.repeat(200)}"></body>`)
const written = ({ header, body }: MessageInMemory): Buffer => Buffer.concat([serializeHeader(header), body])
const HTML = '<body>Grüße, =20 and trailing \n.dot\n</body>\n'

test.each(['7bit', '8bit', 'quoted-printable', 'base64', ''])('a message that is HTML alone, in %s', async encoding => {
  const plain = encoding === 'quoted-printable' ? HTML.replace('=20', '=3D20').replace('ü', '=C3=BC') : HTML
  const body = encoding === 'base64' ? `${Buffer.from(HTML.replaceAll('\n', '\r\n')).toString('base64')}\n` : plain
  const field = encoding === '' ? '' : `Content-Transfer-Encoding: ${encoding}\n`
  const message = messageOf(`From: a@b.example\nContent-Type: text/html; charset=utf-8\n${field}\n${body}`)
  const next = changeHtmlParts(message, mark)
  expect(
    written(next)
      .toString('latin1')
      .split('\r\n')
      .every(line => line.length <= 76 || /^From|^Content/.test(line)),
  ).toBe(true)
  const { html } = await simpleParser(written(next))
  // A blank at the end of a line of quoted-printable is transport's.
  const expected = encoding === 'quoted-printable' ? HTML.replace('trailing ', 'trailing') : HTML
  expect(String(html).replaceAll('\r\n', '\n')).toBe(mark(expected))
})

describe('in a tree of parts', () => {
  const TREE = `From: a@b.example
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="out"

preamble
--out
Content-Type: multipart/alternative; boundary=out-in

--out-in
Content-Type: text/plain; charset=utf-8

Hello </body>
--out-in
Content-Type: text/html; charset=utf-8
X-Kept: yes

<body>Hi</body>

--out-in--
--out
Content-Type: text/html
Content-Disposition: attachment; filename=page.html

<body>not this</body>
--out
Content-Type: message/rfc822

Content-Type: text/html

<body>nor this</body>
--out--
epilogue
`
  test('only the HTML that is shown changes, and everything around it stays to the octet', async () => {
    const message = messageOf(TREE)
    const next = changeHtmlParts(message, mark)
    const text = next.body.toString('latin1')
    const before = message.body.toString('latin1')
    const at = before.indexOf('<body>Hi')
    expect(text.startsWith(before.slice(0, before.lastIndexOf('Content-Type: text/html', at)))).toBe(true)
    expect(text.endsWith(before.slice(before.indexOf('--out-in--')))).toBe(true)
    const parsed = await simpleParser(written(next))
    expect(String(parsed.html).match(/t\.example/g)).toHaveLength(1)
    expect(parsed.text).toContain('Hello </body>')
    expect(parsed.attachments.map(({ content }) => content.toString()).join()).not.toContain('t.example')
    expect(text).toContain('X-Kept: yes')
  })

  test.each([
    ['signed', TREE.replace('multipart/mixed', 'multipart/signed')],
    ['of a boundary that never comes', TREE.replaceAll('--out', '--other')],
    ['in UTF-16', TREE.replaceAll('charset=utf-8', 'charset=utf-16')],
    ['without HTML', TREE.replaceAll('text/html', 'text/plain')],
  ])('what is %s stays as it is', (_, tree) => {
    const message = messageOf(tree)
    expect(changeHtmlParts(message, mark)).toBe(message)
  })
})
