/** A message on its way to the session: whole when it is small, as a stream else, and the room it takes meanwhile. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CollectingRoom, WHOLE_BYTES } from '../../../src/wire/smtp-collector.ts'
import { IncomingMessage } from '../../../src/wire/smtp-incoming.ts'
import { STANDARD } from '../../../src/wire/smtp-phrases.ts'
import type { Answer, SmtpSession } from '../../../src/wire/smtp-session.ts'
import { readAll } from '../../support/smtp-sink.ts'

const ROOM = 1024 * 1024

/** What is free, found by trying. */
function freeIn(room: CollectingRoom): number {
  let free = 0
  for (let step = ROOM; step >= 1; step /= 2) {
    while (room.take(step)) free += step
  }
  room.give(free)
  return free
}

interface Got {
  readonly how: 'whole' | 'streamed'
  readonly octets: Buffer
}

function receiver(room = new CollectingRoom(ROOM), answer: () => Answer = () => STANDARD.ok) {
  const got: Got[] = []
  const session: SmtpSession = {
    mail: () => STANDARD.ok,
    rcpt: () => STANDARD.ok,
    async data(body) {
      got.push({ how: 'streamed', octets: await readAll(body) })
      return answer()
    },
    whole(octets) {
      got.push({ how: 'whole', octets })
      return answer()
    },
  }
  const open = () => new IncomingMessage(session, { maxBytes: 10 * ROOM, phrases: STANDARD, room, onRoom: () => {} })
  return { got, room, open }
}

/** @param cuts where the wire is cut into chunks, each an own piece of memory as it comes from a socket */
function feed(incoming: IncomingMessage, wire: Buffer, cuts: readonly number[] = []): number {
  const borders = [0, ...cuts.filter(cut => cut > 0 && cut < wire.length).toSorted((a, b) => a - b), wire.length]
  let used = 0
  for (let i = 0; i + 1 < borders.length && !incoming.hasEnded; i += 1) {
    used += incoming.take(Buffer.from(wire.subarray(borders[i], borders[i + 1])))
  }
  return used
}
const stuffed = (body: string): Buffer => Buffer.from(`${body.replace(/^\./gm, '..')}.\r\n`, 'latin1')

test('any small message, cut anywhere, arrives whole and as it was sent; the room is free again', () => {
  const line = fc.string({ unit: fc.constantFrom('.', 'a', ' ', 'é', '\0'), maxLength: 6 })
  const body = fc.array(line, { maxLength: 12 }).map(lines => lines.map(text => `${text}\r\n`).join(''))
  fc.assert(
    fc.property(body, fc.array(fc.nat(100), { maxLength: 20 }), fc.string({ maxLength: 50 }), (text, cuts, rest) => {
      const { got, room, open } = receiver()
      const incoming = open()
      const message = stuffed(text)
      expect(feed(incoming, Buffer.concat([message, Buffer.from(rest)]), cuts)).toBe(message.length)
      expect(incoming.answer()).toBe(STANDARD.ok)
      expect(got.map(({ how, octets }) => [how, octets.toString('latin1')])).toEqual([['whole', text]])
      expect(freeIn(room)).toBe(ROOM)
    }),
    { numRuns: 500 },
  )
})

test.each([
  [WHOLE_BYTES, 'whole'],
  [WHOLE_BYTES + 1, 'streamed'],
  [ROOM + 17, 'streamed'],
] as const)('%i octets come %s, in chunks of any size', async (size, how) => {
  const body = `${'x'.repeat(76)}\r\n`.repeat(Math.ceil(size / 78)).slice(-size)
  for (const chunk of [size + 100, 64 * 1024, 1000]) {
    const { got, room, open } = receiver()
    const incoming = open()
    feed(
      incoming,
      stuffed(body),
      Array.from({ length: Math.floor(size / chunk) }, (_, i) => (i + 1) * chunk),
    )
    expect(await incoming.answer()).toBe(STANDARD.ok)
    expect(got[0]?.how).toBe(how)
    expect(got[0]?.octets.equals(Buffer.from(body))).toBe(true)
    expect(freeIn(room)).toBe(ROOM)
  }
})

describe('the room', () => {
  test('many tiny pieces take no more than a few times their length', () => {
    const { room, open } = receiver()
    const incoming = open()
    const body = 'y'.repeat(50_000)
    feed(
      incoming,
      Buffer.from(body),
      Array.from({ length: body.length }, (_, i) => i),
    )
    expect(ROOM - freeIn(room)).toBeGreaterThanOrEqual(body.length)
    expect(ROOM - freeIn(room)).toBeLessThanOrEqual(2 * body.length)
  })

  test('is held until the session has answered', async () => {
    let accept = (): void => {}
    const answer = new Promise<typeof STANDARD.ok>(resolve => {
      accept = () => resolve(STANDARD.ok)
    })
    const { room, open } = receiver(undefined, () => answer)
    const incoming = open()
    feed(incoming, stuffed('hello\r\n'))
    const waiting = incoming.answer()
    expect(freeIn(room)).toBe(ROOM - 'hello\r\n'.length)
    accept()
    await waiting
    expect(freeIn(room)).toBe(ROOM)
  })

  test('when it is full messages are streamed, small ones too', async () => {
    const { got, room, open } = receiver()
    room.take(ROOM - 10)
    const incoming = open()
    feed(incoming, stuffed('more than ten octets\r\n'), [5, 12])
    expect(await incoming.answer()).toBe(STANDARD.ok)
    expect(got).toEqual([{ how: 'streamed', octets: Buffer.from('more than ten octets\r\n') }])
    expect(freeIn(room)).toBe(10)
  })

  test('is free after a message that was lost, too large or unsound, and after a session that threw', () => {
    const lost = receiver()
    const half = lost.open()
    feed(half, Buffer.from('half a mess'))
    half.abandon('gone')
    expect(freeIn(lost.room)).toBe(ROOM)

    const bare = receiver()
    const unsound = bare.open()
    feed(unsound, stuffed('a\r\nb\nc\r\n'), [3])
    expect(unsound.answer()).toBe(STANDARD.bareMessageLineEnd)
    expect(bare.got).toEqual([])
    expect(freeIn(bare.room)).toBe(ROOM)

    const failing = receiver(undefined, () => {
      throw new Error('broken')
    })
    const incoming = failing.open()
    feed(incoming, stuffed('a\r\n'))
    expect(() => incoming.answer()).toThrow('broken')
    expect(freeIn(failing.room)).toBe(ROOM)
  })

  test('a small message does not keep the chunk of many that it came in', () => {
    const { got, open } = receiver()
    const incoming = open()
    incoming.take(Buffer.concat([stuffed('tiny\r\n'), Buffer.alloc(200_000)]))
    incoming.answer()
    // It may lie in Node's pool for small Buffers, of 8 or 64 KB.
    expect(got[0]?.octets.buffer.byteLength).toBeLessThan(100_000)
  })
})
