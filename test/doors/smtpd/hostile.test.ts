/**
 * Hostile sessions from seeds, thousands of them, and crowds that say nothing: no crash, no hang, no growth, and no message without
 * authority.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { attackSmtp, hostileSession } from '../../../scripts/reliability/smtp-attack.mjs'
import { parseAddress } from '../../../src/mail/address.ts'
import { RawSmtp } from '../../support/raw-smtp.ts'
import { closeDoors, openSubmissionDoor, type TestDoor } from '../../support/submission-door.ts'

afterEach(closeDoors)

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')
function held(): number {
  collect()
  const { external, heapUsed } = process.memoryUsage()
  return external + heapUsed
}

/** Somebody who does everything right is served. */
async function expectService(door: TestDoor): Promise<void> {
  const client = await RawSmtp.open(door)
  expect((await client.reply())?.code).toBe(220)
  for (const [line, code] of [
    ['EHLO client.test', 250],
    ['MAIL FROM:<ann@example.com>', 250],
    ['RCPT TO:<bob@example.net>', 250],
    ['DATA', 354],
    ['From: ann@example.com\r\n\r\nlast\r\n.', 250],
    ['QUIT', 221],
  ] as const)
    expect([line, await client.ask(line)]).toEqual([line, code])
}

test('a seed makes the same session again, and sessions differ', () => {
  expect(hostileSession(7)).toEqual(hostileSession(7))
  const sessions = Array.from({ length: 200 }, (_, seed) => hostileSession(seed).octets.toString('latin1'))
  expect(new Set(sessions).size).toBe(200)
  for (const word of ['MAIL FROM', 'BDAT', 'AUTH PLAIN', '\n.\n', '\0']) expect(sessions.some(text => text.includes(word))).toBe(true)
})

test('fifteen hundred sessions of nobody in particular: no message, no trouble', { timeout: 300_000 }, async () => {
  const door = await openSubmissionDoor({ trust: '' })
  expect(await attackSmtp({ port: door.port, from: 1, to: 1_500 })).toBe(0)
  expect(door.submitted).toEqual([])
  expect(door.troubles).toEqual([])
})

test('fifteen hundred sessions of a trusted client: what is accepted is sound, what is held stays level', {
  timeout: 300_000,
}, async () => {
  const door = await openSubmissionDoor()
  let submitted = 0
  const take = (): void => {
    for (const { from, recipients, raw } of door.submitted.splice(0)) {
      submitted += 1
      expect(recipients.length).toBeLessThanOrEqual(50)
      for (const address of [from, ...recipients]) expect(parseAddress(address).address).toBe(address)
      expect(raw.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/)
    }
  }
  await attackSmtp({ port: door.port, from: 5_001, to: 5_750 })
  take()
  const before = held()
  await attackSmtp({ port: door.port, from: 5_751, to: 6_500 })
  take()
  expect(held() - before).toBeLessThan(8 * 1024 * 1024)
  // An attack that never gets this far would prove nothing.
  expect(submitted).toBeGreaterThan(50)
  expect(door.troubles).toEqual([])
  await expectService(door)
})

describe('crowds', () => {
  /** Time is the test's: what the door waits for passes at once. */
  function holdTime(): void {
    vi.useFakeTimers({ toFake: ['performance', 'setInterval', 'clearInterval'] })
    onTestFinished(() => void vi.useRealTimers())
  }
  /** A hundred at a time: the system's own queue of new connections is not what is looked at. */
  async function open(door: TestDoor, count: number): Promise<RawSmtp[]> {
    const clients: RawSmtp[] = []
    while (clients.length < count) {
      const length = Math.min(100, count - clients.length)
      clients.push(...(await Promise.all(Array.from({ length }, () => RawSmtp.open(door)))))
    }
    return clients
  }

  test('a thousand strangers: fifty are heard, the others told to go, and all are gone when their time is over', async () => {
    holdTime()
    const door = await openSubmissionDoor({ trust: '' })
    const clients = await open(door, 1_000)
    const greetings = await Promise.all(clients.map(client => client.reply()))
    expect(greetings.filter(reply => reply?.code === 220)).toHaveLength(50)
    expect(greetings.filter(reply => reply?.code === 421)).toHaveLength(950)
    const heard = clients.filter((_, i) => greetings[i]?.code === 220)
    vi.advanceTimersByTime(11_500)
    expect(await Promise.all(heard.map(client => client.reply()))).toEqual(
      heard.map(() => ({ code: 451, lines: ['4.4.2 Timeout waiting for data from client.'] })),
    )
    for (const client of heard) expect(await client.reply()).toBeUndefined()
    const [next] = await open(door, 1)
    expect((await next?.reply())?.code).toBe(220)
  })

  test('who never begins with TLS is cut after ten seconds; beyond a thousand there is no room', { timeout: 30_000 }, async () => {
    holdTime()
    const door = await openSubmissionDoor({ mode: 'implicit', trust: '' })
    const clients = await open(door, 1_050)
    const closed = (): number => clients.filter(({ socket }) => socket.destroyed).length
    await expect.poll(closed, { interval: 5, timeout: 20_000 }).toBe(50)
    vi.advanceTimersByTime(11_500)
    await expect.poll(closed, { interval: 5, timeout: 20_000 }).toBe(1_050)
  })

  test('a command that comes octet by octet has ten seconds; commands that lead nowhere have a minute', async () => {
    holdTime()
    const door = await openSubmissionDoor({ trust: '' })
    const [slow, busy] = await open(door, 2)
    if (slow === undefined || busy === undefined) throw new Error('not connected')
    await slow.reply()
    await busy.reply()
    let second = 0
    let slowEnd: number | undefined
    void slow.rest().then(() => {
      slowEnd = second
    })
    const busyReplies: (number | undefined)[] = []
    for (; second < 75 && busyReplies.at(-1) !== 451; second += 1) {
      slow.socket.write('E')
      busyReplies.push(await busy.ask('NOOP'))
      vi.advanceTimersByTime(1_000)
    }
    expect(slowEnd).toBeLessThanOrEqual(12)
    expect(busyReplies.filter(code => code === 250).length).toBeGreaterThan(50)
    expect(second).toBeLessThanOrEqual(63)
  })
})
