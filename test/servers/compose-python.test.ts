/** What we compose, read by Python's email package: another implementation of RFC 5322, 2045 to 2047 and 2231. */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { parseMailbox } from '../../src/mail/address.ts'
import type { Draft } from '../../src/mail/draft.ts'
import { contentOf, draftOf, written } from '../support/draft.ts'

const READ = `
import sys, json, hashlib
from email import message_from_bytes, policy
m = message_from_bytes(sys.stdin.buffer.read(), policy=policy.SMTP)
def tree(p):
    t = p.get_content_type()
    return [t, [tree(c) for c in p.iter_parts()]] if p.is_multipart() and not t.startswith('message/') else t
def leaf(p):
    data = p.get_payload(decode=True)
    return {'type': p.get_content_type(), 'name': p.get_filename(), 'cid': p['Content-ID'], 'method': p.get_param('method'),
            'disposition': p.get_content_disposition(), 'sha256': hashlib.sha256(data).hexdigest() if data is not None else None,
            'text': p.get_content() if t_is_text(p) else None, 'defects': [str(d) for d in p.defects]}
def t_is_text(p): return p.get_content_maintype() == 'text' and p.get_content_disposition() is None
addrs = lambda h: [[a.display_name, a.addr_spec] for a in m[h].addresses] if m[h] else []
print(json.dumps({'subject': m['Subject'], 'from': addrs('From'), 'to': addrs('To'), 'cc': addrs('Cc'), 'replyTo': addrs('Reply-To'),
  'names': [k for k in m.keys()], 'tree': tree(m), 'defects': [str(d) for d in m.defects] + [str(d) for h in m.values() for d in getattr(h, 'defects', [])],
  'leaves': [leaf(p) for p in m.walk() if not p.is_multipart()]}))
`

interface Leaf {
  readonly type: string
  readonly name: string | null
  readonly cid: string | null
  readonly method: string | null
  readonly disposition: string | null
  readonly sha256: string | null
  readonly text: string | null
  readonly defects: string[]
}
interface Seen {
  readonly subject: string | null
  readonly from: [string, string][]
  readonly to: [string, string][]
  readonly names: string[]
  readonly tree: unknown
  readonly defects: string[]
  readonly leaves: Leaf[]
}

async function seenByPython(over: Partial<Draft>): Promise<Seen> {
  const { stdout, stderr, status } = spawnSync('/usr/bin/python3', ['-c', READ], {
    input: await written(draftOf(over)),
    maxBuffer: 64 * 2 ** 20,
  })
  if (status !== 0) throw new Error(stderr.toString())
  const seen: Seen = JSON.parse(stdout.toString())
  expect([...seen.defects, ...seen.leaves.flatMap(({ defects }) => defects)]).toEqual([])
  return seen
}

const sha256 = (octets: Buffer): string => createHash('sha256').update(octets).digest('hex')
const everyOctet = Buffer.from(Array.from({ length: 1_024 }, (_, i) => i & 255))

describe('Python reads', () => {
  it.each([
    'plain',
    'Grüße aus Köln',
    'слово '.repeat(40).trim(),
    '日本語の件名',
    '👩‍👩‍👧 family',
    `${'word '.repeat(60)}end`,
    '=?utf-8?q?not_a_word?=',
    'tab\tand "quotes" (and, more); <x@y>',
  ])('the subject %s', async subject => {
    expect((await seenByPython({ subject })).subject?.replace(/\t/g, ' ')).toBe(subject.replace(/\t/g, ' '))
  })

  it.each(['Ann', 'Ann "the" Lee', 'Lee, Ann', 'Jörg Größe', '日本 太郎', 'a\\b', 'Ann (x)', 'John Q. Public', 'Very '.repeat(30).trim()])(
    'the name %s',
    async displayName => {
      const from = { ...parseMailbox('ann@bücher.example'), displayName }
      const seen = await seenByPython({ from, to: [from, parseMailbox('"c d"@example.net')] })
      expect(seen.from).toEqual([[displayName, 'ann@xn--bcher-kva.example']])
      expect(seen.to).toEqual([
        [displayName, 'ann@xn--bcher-kva.example'],
        ['', '"c d"@example.net'],
      ])
    },
  )

  it.each([
    'plain.bin',
    'with space.bin',
    'Übersicht 2026.bin',
    '日本語.bin',
    'quote"d;x=y.bin',
    `${'long'.repeat(50)}.bin`,
    "it's.bin",
    '100%25.bin',
  ])('the file name %s and its octets', async name => {
    const { leaves } = await seenByPython({ attachments: [{ name, content: contentOf(everyOctet) }] })
    expect(leaves[1]).toMatchObject({ name, disposition: 'attachment', sha256: sha256(everyOctet) })
  })

  it.each([
    'short\n',
    'line\n\n\n',
    `${'x'.repeat(3_000)}\n`,
    'Grüße\r\nzwei\n',
    'слово '.repeat(500),
    'From me\n.\n..\n trailing \n',
    'tab\t\nno end',
  ])('the text %j', async text => {
    const { leaves } = await seenByPython({ text, html: `<p>${text}</p>` })
    // Lines of mail end in CRLF, and Python gives them as they are.
    const lines = (found: string | null | undefined) => found?.replace(/\r\n/g, '\n').replace(/\n$/, '')
    const normal = text.replace(/\r\n/g, '\n')
    expect(lines(leaves[0]?.text)).toBe(normal.replace(/\n$/, ''))
    expect(lines(leaves[1]?.text)).toBe(`<p>${normal}</p>`)
  })

  it('the whole tree', async () => {
    const seen = await seenByPython({
      html: '<img src="cid:x@y">',
      inline: [{ name: 'a.png', contentId: 'x@y', content: contentOf(everyOctet) }],
      attachments: [
        { name: 'a.pdf', content: contentOf('%PDF') },
        { name: 'b.eml', content: contentOf('From: a@b\nSubject: inner\n\nhello\n') },
      ],
      calendar: 'BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n',
      bcc: [parseMailbox('eve@example.net')],
    })
    expect(seen.tree).toEqual([
      'multipart/mixed',
      [
        ['multipart/alternative', ['text/plain', ['multipart/related', ['text/html', 'image/png']], 'text/calendar']],
        'application/pdf',
        'message/rfc822',
        'application/ics',
      ],
    ])
    expect(seen.leaves.find(({ type }) => type === 'image/png')).toMatchObject({
      cid: '<x@y>',
      disposition: 'inline',
      sha256: sha256(everyOctet),
    })
    expect(seen.leaves.find(({ type }) => type === 'text/calendar')?.method).toBe('REQUEST')
    expect(seen.names.map(name => name.toLowerCase())).not.toContain('bcc')
  })
})
