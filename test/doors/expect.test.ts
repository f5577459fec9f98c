/** `expect` and `events tail` as a script sees them, over a whole account and its lab on a virtual clock, and beside a second process's writes. */
import { beforeEach, describe, expect, test } from 'vitest'
import { createAccount, openApp } from '../../src/open-app.ts'
import { mailctl } from '../support/terminal.ts'
import { type WholeDoor, wholeDoor } from '../support/whole-door.ts'

let door: WholeDoor
const send = (to: string, ...flags: string[]) => door.json(['send', '--from', 'shop@shop.example', '--to', to, ...flags, '--no-wait'])

beforeEach(async () => {
  door = await wholeDoor()
  await door.run(['verify', 'domain', 'shop.example', '--key', 'rsa1024'])
  await door.run(['account', 'request-production', '--approve'])
}, 60_000)

describe('expect mail', () => {
  test('delivers what is due on the way, and prints what came', async () => {
    await send('ann@gmail.com', '--subject', 'Invoice 7', '--text', 'Pay')
    const { code, stdout, stderr } = await door.run(['expect', 'mail', '--to', 'ann@gmail.com', '--subject', '/^invoice \\d$/i'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain('Invoice 7')
    expect(await door.json(['expect', 'mail', '--to', 'ann@gmail.com'])).toMatchObject({
      Met: true,
      Count: 1,
      Messages: [{ Subject: 'Invoice 7' }],
    })
  })

  test('a code is all of stdout', async () => {
    await send('bea@gmail.com', '--subject', 'Your code', '--text', 'Use 482913 now.', '--html', '<p style="color:#111111">482913</p>')
    expect(await door.run(['expect', 'mail', '--to', 'bea@gmail.com', '--code', '/\\d{6}/'])).toEqual({
      code: 0,
      stdout: '482913\n',
      stderr: '',
    })
    expect((await door.run(['expect', 'mail', '--to', 'bea@gmail.com', '--code', 'Use (\\d+)'])).stdout).toBe('482913\n')
    expect(await door.json(['expect', 'mail', '--to', 'bea@gmail.com', '--code', '/\\d{6}/'])).toMatchObject({ Met: true, Match: '482913' })
  })

  test('a code is found in HTML without its tags, and in the subject', async () => {
    await send('cy@gmail.com', '--subject', 'Code 445566', '--html', '<style>a{color:#999999}</style><p>Code <b>778</b>899</p>')
    expect((await door.run(['expect', 'mail', '--to', 'cy@gmail.com', '--code', '/\\d{6}/'])).stdout).toBe('778899\n')
    expect((await door.run(['expect', 'mail', '--to', 'cy@gmail.com', '--code', '/44\\d+/'])).stdout).toBe('445566\n')
  })

  test('a link is printed whole, as it leads, and the newest mail wins', async () => {
    const html = (token: string) =>
      `<a href="https://shop.example/help">?</a> <a href="https://shop.example/confirm?t=${token}&amp;u=1">Yes</a>`
    await send('dan@gmail.com', '--subject', 'one', '--html', html('old'))
    await door.run(['clock', 'advance', '1s'])
    await send('dan@gmail.com', '--subject', 'two', '--html', html('new'))
    await door.run(['expect', 'mail', '--to', 'dan@gmail.com', '--count', '2'])
    const asked = ['expect', 'mail', '--to', 'dan@gmail.com', '--link']
    expect((await door.run([...asked, '/confirm/'])).stdout).toBe('https://shop.example/confirm?t=new&u=1\n')
    expect((await door.run([...asked, '/t=(\\w+)/'])).stdout).toBe('new\n')
  })

  test('not met: exit 1, the reason on stderr, nothing on stdout to be captured', async () => {
    await send('ann@gmail.com', '--subject', 'Invoice 7')
    const asked = ['expect', 'mail', '--to', 'ann@gmail.com', '--code', '/\\d{6}/', '--within', '3s']
    expect(await door.run(asked)).toEqual({ code: 1, stdout: '', stderr: 'not met: expected at least 1 message within 3s, found 0\n' })
    expect(await door.json(asked, 1)).toEqual({
      Met: false,
      Count: 0,
      Reason: 'expected at least 1 message within 3s, found 0',
      Match: null,
      Messages: [],
    })
  })

  test('exactly so many: fewer and more do not meet it', async () => {
    await send('dan@gmail.com', '--subject', 'one')
    await door.run(['clock', 'advance', '1s'])
    await send('dan@gmail.com', '--subject', 'two')
    const asked = (count: string) => door.run(['expect', 'mail', '--to', 'dan@gmail.com', '--count', count, '--within', '1s'])
    expect([(await asked('3')).code, (await asked('2')).code, (await asked('1')).code]).toEqual([1, 0, 1])
  })

  test('none: met when nothing comes, not met by what is there', async () => {
    expect((await door.run(['expect', 'mail', '--to', 'nobody@gmail.com', '--none-within', '2s'])).code).toBe(0)
    await send('eve@gmail.com', '--subject', 'x')
    expect((await door.run(['expect', 'mail', '--to', 'nobody@gmail.com', '--none-within', '2s'])).code).toBe(0)
    const coming = await door.run(['expect', 'mail', '--to', 'eve@gmail.com', '--none-within', '2s'])
    expect(coming).toMatchObject({ code: 1, stderr: 'not met: expected no message within 2s, found 1\n' })
    expect((await door.run(['expect', 'mail', '--to', 'eve@gmail.com', '--none-within', '2s'])).code).toBe(1)
  })

  test.each([
    [['--none-within', '2s', '--within', '1s'], 'do not go together'],
    [['--none-within', '2s', '--count', '1'], 'do not go together'],
    [['--count', '0'], "'0' is not a value of --count"],
    [['--link', '/a/', '--code', '/b/'], 'do not go together'],
    [['--code', '/(/'], 'no regular expression'],
  ])('%j is refused', async (flags, says) => {
    const ran = await door.run(['expect', 'mail', ...flags])
    expect(ran).toMatchObject({ code: 64, stdout: '' })
    expect(ran.stderr).toContain(says)
  })
})

describe('expect event', () => {
  test('the clock goes through the tries until the event comes, and no further', async () => {
    const { MessageId } = await send('someone@down.test', '--subject', 'gone')
    expect(await door.json(['expect', 'event', MessageId, '--type', 'Bounce', '--within', '5m'], 1)).toMatchObject({ Met: false, Count: 0 })
    const before = Date.parse((await door.json(['clock', 'show'])).Now)
    expect(await door.json(['expect', 'event', MessageId, '--type', 'Bounce', '--within', '20h'])).toMatchObject({
      Met: true,
      Events: [{ eventType: 'Bounce', bounce: { bounceType: 'Transient' } }],
    })
    const passed = Date.parse((await door.json(['clock', 'show'])).Now) - before
    expect(passed).toBeGreaterThan(13 * 3_600_000)
    expect(passed).toBeLessThanOrEqual(14 * 3_600_000)
  })

  test('filters: sender, subject, configuration set', async () => {
    await door.run(['config-set', 'create', 'main'])
    await send('fay@gmail.com', '--subject', 'Set mail', '--config-set', 'main')
    const met = async (...flags: string[]) => (await door.run(['expect', 'event', '--type', 'Delivery', ...flags, '--within', '1s'])).code
    expect(await met('--to', 'FAY@gmail.com', '--from', 'SHOP@shop.example', '--subject', 'set', '--config-set', 'main')).toBe(0)
    expect(await met('--to', 'fay@gmail.com', '--from', 'x@shop.example')).toBe(1)
    expect(await met('--to', 'fay@gmail.com', '--subject', '/other/')).toBe(1)
    expect(await met('--to', 'fay@gmail.com', '--config-set', 'other')).toBe(1)
    const listed = await door.json(['events', 'list', '--config-set', 'main', '--from', 'shop@shop.example'])
    expect(listed.Events.map(({ eventType }: { eventType: string }) => eventType)).toEqual(['Send', 'Delivery'])
  })

  test('none: what comes in the time does not meet it', async () => {
    await send('gus@gmail.com', '--subject', 'x')
    expect((await door.run(['expect', 'event', '--to', 'gus@gmail.com', '--type', 'Bounce', '--none-within', '1s'])).code).toBe(0)
    expect((await door.run(['expect', 'event', '--to', 'gus@gmail.com', '--type', 'Delivery', '--none-within', '1s'])).code).toBe(1)
  })
})

describe('on the system clock', () => {
  test('what another process does is seen, and what nobody does is told', async () => {
    const other = await wholeDoor('system')
    await other.run(['verify', 'domain', 'shop.example', '--key', 'rsa1024'])
    await other.run(['account', 'request-production', '--approve'])
    const message = ['send', '--from', 'shop@shop.example', '--to', 'ann@gmail.com', '--subject', 'later']
    const waiting = other.json(['expect', 'event', '--type', 'Delivery', '--within', '20s'])
    await other.run(message)
    expect(await waiting).toMatchObject({ Met: true, Count: 1 })
    await other.run([...message, '--no-wait'])
    const unmet = await other.run(['expect', 'mail', '--count', '2', '--within', '10ms'])
    expect(unmet).toMatchObject({ code: 1 })
    expect(unmet.stderr).toBe(
      'not met: expected 2 messages within 10ms, found 1; 1 recipient in the queue waits for mailctl serve or mailctl queue flush\n',
    )
  })
})

describe('events tail', () => {
  test('an event a line, those that come too, and an end after --limit', async () => {
    const tail = door.run(['events', 'tail', '--to', 'hal@gmail.com', '--since', '1d', '--json', '--limit', '2', '--timeout', '20s'])
    await door.run(['send', '--from', 'shop@shop.example', '--to', 'hal@gmail.com', '--subject', 'x'])
    const { code, stdout } = await tail
    expect(code).toBe(0)
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map(line => JSON.parse(line).eventType),
    ).toEqual(['Send', 'Delivery'])
  })

  test('with --since what is logged comes first; --timeout is a clean end', async () => {
    await send('ann@gmail.com', '--subject', 'x')
    const { code, stdout } = await door.run(['events', 'tail', '--to', 'ann@gmail.com', '--since', '30d', '--timeout', '10ms'])
    expect(code).toBe(0)
    expect(stdout.split('\n')[0]).toMatch(/^2026-01-01 00:00:\d\dZ {2}Send {2}ann@gmail\.com {2}\S+$/)
  })

  test('Ctrl-C ends it with 130', async () => {
    const stop = new AbortController()
    const ended = mailctl(['--home', door.home, 'events', 'tail'], { openApp, createAccount, signal: stop.signal })
    stop.abort()
    expect((await ended).code).toBe(130)
  })
})
