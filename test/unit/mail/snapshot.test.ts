import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MailctlError } from '../../../src/base/errors.ts'
import { lineDifference } from '../../../src/mail/line-difference.ts'
import { parseMessage } from '../../../src/mail/parse.ts'
import { isSnapshot, readSnapshot, snapshotDifference, snapshotOf, writeSnapshot } from '../../../src/mail/snapshot.ts'

const parsed = (text: string) => parseMessage([Buffer.from(text.replaceAll('\n', '\r\n'))] as unknown as AsyncIterable<Uint8Array>)
const snapshot = async (text: string) => snapshotOf(await parsed(text))

const MESSAGE = `Received: from a.example
DKIM-Signature: v=1; b=abc
Date: Thu, 1 Jan 2026 00:00:00 +0000
Message-ID: <1@a.example>
X-Two: a
From: =?utf-8?Q?J=C3=B6rg?= <joerg@a.example>
x-two: b
To: ann@gmail.com,
 bob@gmail.com
Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe=0Aand_more?=
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=one

--one
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

Hello =E2=9C=93\x20\x20

== not a part
--one
Content-Type: text/html

<p>Hello</p>
--one
Content-Type: text/csv; name=a.csv
Content-Disposition: attachment; filename="a.csv"
Content-Transfer-Encoding: base64

YSxi
--one--
`.replaceAll('\\x20', ' ')

const WRITTEN = `# A message, as mailctl snapshot write has it: version 1
From: Jörg <joerg@a.example>
To: ann@gmail.com, bob@gmail.com
Subject: Grüße�and more
Content-Type: multipart/mixed
X-Two: a
X-Two: b

== text/plain
  Hello ✓

  == not a part

== text/html
  <p>Hello</p>

== attachment a.csv
  type text/csv
  size 3 octets
  sha256 2b4e3ae43b2de0d3d2a4cd4ea9e4c5e6d0e7b5b2b5f0a7c5cc2c3a8d6a3c0f1e
`

test('what a reader gets, and nothing that every sending writes anew', async () => {
  const text = writeSnapshot(await snapshot(MESSAGE))
  expect(text.replace(/sha256 [0-9a-f]{64}/, 'sha256 X')).toBe(WRITTEN.replace(/sha256 [0-9a-f]{64}/, 'sha256 X'))
})

test('another way of writing the same makes no difference', async () => {
  const again = MESSAGE.replace(/one/g, 'another')
    .replace('Thu, 1 Jan', 'Fri, 2 Jan')
    .replace('<1@', '<2@')
    .replace(/Content-Transfer-Encoding: quoted-printable\n\nHello =E2=9C=93 {2}/, 'Content-Transfer-Encoding: base64\n\nSGVsbG8g4pyTCg==')
    .replace('\n\n== not a part', '\n\n')
  const without = MESSAGE.replace('\n\n== not a part', '')
  expect(snapshotDifference(await snapshot(without), await snapshot(again))).toEqual([])
})

test('each difference is told where it is', async () => {
  const changed = MESSAGE.replace('X-Two: a\n', '')
    .replace('Hello =E2=9C=93', 'Hello')
    .replace('YSxi', 'YSxj')
    .replace('To: ann@gmail.com,\n bob@gmail.com\n', 'Cc: ann@gmail.com\n')
  const differences = snapshotDifference(await snapshot(MESSAGE), await snapshot(changed))
  expect(
    differences.map(({ title, changes }) => [
      title,
      ...changes.filter(one => one.kind !== 'same').map(({ kind, line }) => `${kind} ${line.replace(/[0-9a-f]{64}/, 'X')}`),
    ]),
  ).toEqual([
    ['To', 'removed ann@gmail.com, bob@gmail.com'],
    ['X-Two', 'removed a'],
    ['== text/plain', 'removed Hello ✓', 'added Hello'],
    ['== attachment a.csv', 'removed sha256 X', 'added sha256 X'],
    ['Cc', 'added ann@gmail.com'],
  ])
})

const line = fc.string({ unit: fc.constantFrom('a', ' ', '=', '#', ':', '\t', '\u0001', 'é'), maxLength: 8 })
test('what is written is read back as it was, whatever the message', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 8 }), fc.array(line, { maxLength: 8 }), async (fields, body) => {
      const head = fields.map((value, index) => `X-${index}: ${value}`)
      const sections = snapshotOf(await parsed([...head, 'Subject: x', '', ...body].join('\n')))
      const text = writeSnapshot(sections)
      expect(isSnapshot(text)).toBe(true)
      for (const ends of ['\n', '\r\n']) expect(snapshotDifference(sections, readSnapshot(text.replaceAll('\n', ends)))).toEqual([])
    }),
    { numRuns: 500 },
  )
})

test.each(['', 'Subject: x\n', '# A message, as mailctl snapshot write has it: version 1\nno field\n'])('%j is no snapshot', text =>
  expect(() => readSnapshot(text)).toThrow(MailctlError),
)

test('lines: every line of both is there in order, and no shorter list of changes does', () => {
  /** Length of the longest common subsequence, the plain way. */
  const common = (a: readonly string[], b: readonly string[]): number => {
    let row = new Array<number>(b.length + 1).fill(0)
    for (const one of a) {
      const next = [0]
      for (const [index, other] of b.entries())
        next.push(one === other ? (row[index] ?? 0) + 1 : Math.max(next[index] ?? 0, row[index + 1] ?? 0))
      row = next
    }
    return row.at(-1) ?? 0
  }
  const lines = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 14 })
  fc.assert(
    fc.property(lines, lines, (before, after) => {
      const changes = lineDifference(before, after)
      const of = (...kinds: string[]) => changes.filter(({ kind }) => kinds.includes(kind)).map(one => one.line)
      expect(of('same', 'removed')).toEqual(before)
      expect(of('same', 'added')).toEqual(after)
      expect(of('same')).toHaveLength(common(before, after))
    }),
    { numRuns: 2_000 },
  )
})

test('texts that have little in common are not compared for ever', () => {
  const [before, after] = ['a', 'b'].map(letter => Array.from({ length: 20_000 }, (_, index) => `${letter}${index}`))
  expect(lineDifference(before ?? [], after ?? [])).toHaveLength(40_000)
})
