/** BDAT at the submission door: messages in counted chunks, with the same rules as after DATA. RFC 3030. */
import { afterEach, expect, test } from 'vitest'
import { RawSmtp } from '../../support/raw-smtp.ts'
import { closeDoors, openSubmissionDoor, type TestDoor } from '../../support/submission-door.ts'

afterEach(closeDoors)

const HEAD = 'From: ann@example.com\r\nSubject: x\r\n\r\n'
const ENVELOPE = 'MAIL FROM:<ann@example.com>\r\nRCPT TO:<bob@example.net>\r\n'
const bdat = (text: string, last = ''): string => `BDAT ${text.length}${last}\r\n${text}`

async function greeted(door: TestDoor): Promise<RawSmtp> {
  const client = await RawSmtp.open(door)
  await client.reply()
  await client.ask('EHLO client.test')
  return client
}

/** @returns the codes of the replies to everything, QUIT last */
async function replies(door: TestDoor, octets: string, cut?: number): Promise<number[]> {
  const client = await greeted(door)
  const all = Buffer.from(`${octets}QUIT\r\n`, 'latin1')
  if (cut === undefined) client.send(all)
  else
    for (let at = 0; at < all.length; at += cut) {
      client.send(all.subarray(at, at + cut))
      await new Promise(setImmediate)
    }
  return client.rest()
}

test.each([undefined, 1, 7])('chunks and commands in one packet, cut at %s octets', async cut => {
  const door = await openSubmissionDoor()
  const octets =
    ENVELOPE + bdat(HEAD) + bdat('.\r\n.x\r') + bdat('\nend') + bdat('\r\n', ' LAST') + ENVELOPE + bdat(`${HEAD}two\r\n`, ' last')
  expect(await replies(door, octets, cut)).toEqual([250, 250, 250, 250, 250, 250, 250, 250, 250, 221])
  expect(door.submitted.map(({ raw }) => raw)).toEqual([`${HEAD}.\r\n.x\r\nend\r\n`, `${HEAD}two\r\n`])
})

test('chunks of nothing, a last one of nothing, and a last line without an end', async () => {
  const door = await openSubmissionDoor()
  const octets = ENVELOPE + bdat('') + bdat(`${HEAD}no end`) + bdat('') + bdat('', ' LAST')
  expect(await replies(door, octets)).toEqual([250, 250, 250, 250, 250, 250, 221])
  expect(door.submitted.map(({ raw }) => raw)).toEqual([`${HEAD}no end\r\n`])
})

test.each([
  ['LF', [`${HEAD}a\nb\r\n`]],
  ['CR', [`${HEAD}a\rb\r\n`]],
  ['CR at the end', [`${HEAD}a\r`]],
  ['CR CR LF', [`${HEAD}a\r\r\n`]],
  ['CR at the end of a chunk', [`${HEAD}a\r`, 'b\r\n']],
  ['LF at the beginning of a chunk', [`${HEAD}a`, '\nb\r\n']],
  ['LF in a first chunk', [`${HEAD}a\n`, 'b\r\n']],
])('a bare %s is refused, and the next message is taken', async (_, chunks) => {
  const door = await openSubmissionDoor()
  const given = chunks.map((text, i) => bdat(text, i === chunks.length - 1 ? ' LAST' : '')).join('')
  const codes = await replies(door, ENVELOPE + given + ENVELOPE + bdat(`${HEAD}good\r\n`, ' LAST'))
  expect(codes.slice(2, 2 + chunks.length)).toContain(550)
  expect(codes.slice(-4)).toEqual([250, 250, 250, 221])
  expect(door.submitted.map(({ raw }) => raw)).toEqual([`${HEAD}good\r\n`])
})

test('commands inside the octets of a refused chunk are not obeyed', async () => {
  const door = await openSubmissionDoor()
  const evil = `${ENVELOPE}${bdat(`${HEAD}evil\r\n`, ' LAST')}`
  expect(await replies(door, bdat(evil, ' LAST'))).toEqual([503, 221])
  expect(await replies(door, `MAIL FROM:<ann@example.com>\r\n${bdat(evil)}`)).toEqual([250, 554, 221])
  expect(door.submitted).toEqual([])
})

test('DATA, RCPT and MAIL have no place between chunks; RSET gives up what came', async () => {
  const door = await openSubmissionDoor()
  const client = await greeted(door)
  client.send(ENVELOPE + bdat(HEAD))
  for (let i = 0; i < 3; i += 1) expect((await client.reply())?.code).toBe(250)
  for (const line of ['DATA', 'RCPT TO:<eve@example.net>', 'MAIL FROM:<eve@example.net>']) expect(await client.ask(line)).toBe(503)
  expect(await client.ask('NOOP')).toBe(250)
  expect(await client.ask('RSET')).toBe(250)
  client.send(bdat('x', ' LAST'))
  expect((await client.reply())?.code).toBe(503)
  client.send(`${ENVELOPE}${bdat(`${HEAD}good\r\n`, ' LAST')}`)
  for (let i = 0; i < 3; i += 1) expect((await client.reply())?.code).toBe(250)
  expect(door.submitted.map(({ raw }) => raw)).toEqual([`${HEAD}good\r\n`])
})

test('a large message arrives streamed and unchanged', async () => {
  const door = await openSubmissionDoor()
  const body = `.${'y'.repeat(96)}\r\n`.repeat(8_000)
  const chunks = body.match(/[\s\S]{1,50000}/g) ?? []
  expect((await replies(door, ENVELOPE + bdat(HEAD) + chunks.map(text => bdat(text)).join('') + bdat('', ' LAST'))).at(-2)).toBe(250)
  expect(door.submitted[0]?.arrived).toBe('streamed')
  expect(door.submitted[0]?.raw === HEAD + body).toBe(true)
})

test('more than 40 MB in chunks is refused', async () => {
  const door = await openSubmissionDoor()
  const client = await greeted(door)
  client.send(ENVELOPE)
  await client.reply()
  await client.reply()
  const block = `${'x'.repeat(998)}\r\n`.repeat(5_000)
  const codes: (number | undefined)[] = []
  for (let i = 0; i < 9; i += 1) {
    client.send(bdat(i === 0 ? HEAD + block : block))
    codes.push((await client.reply())?.code)
  }
  expect(codes.at(-1)).toBe(552)
  expect(codes.filter(code => code !== 250)).toEqual([552])
  client.send(`${ENVELOPE}${bdat(`${HEAD}good\r\n`, ' LAST')}`)
  for (let i = 0; i < 3; i += 1) expect((await client.reply())?.code).toBe(250)
  expect(door.submitted).toHaveLength(1)
})

test.each(['BDAT', 'BDAT x', 'BDAT -1', 'BDAT 1 FIRST', 'BDAT 1.5', `BDAT ${'9'.repeat(16)}`, 'BDAT 1048577'])(
  '%s: what follows cannot be told from commands, so we hang up',
  async line => {
    const door = await openSubmissionDoor()
    expect((await replies(door, `${line}\r\nEHLO x.test\r\n`)).length).toBe(1)
  },
)
