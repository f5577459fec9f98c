/** `doctor`: a machine that is fit, and each thing that keeps mail from going out, with what mends it. Real home, real lab. */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { chmodSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { ACCOUNT_MIGRATIONS, accountFile } from '../../src/adapters/sqlite/account-file.ts'
import { openDatabase } from '../../src/adapters/sqlite/driver.ts'
import { diagnoseCertificate } from '../../src/operations/diagnose-home.ts'
import { openEngine } from '../support/engine.ts'
import { type SinkOptions, startSink } from '../support/sink.ts'
import { type WholeDoor, wholeDoor } from '../support/whole-door.ts'

interface Seen {
  readonly Check: string
  readonly Status: string
  readonly Evidence: string
  readonly Fix: string | null
}

/** @returns what it says of one thing */
async function seen(
  door: WholeDoor,
  check: string,
  { exit = 0, argv = [] }: { exit?: number; argv?: readonly string[] } = {},
): Promise<Seen | undefined> {
  const { Checks, Healthy } = await door.json(['doctor', ...argv], exit)
  expect(Healthy).toBe(exit === 0)
  return Checks.find(({ Check }: Seen) => Check === check)
}

async function shop(clock: 'system' | 'virtual' = 'system'): Promise<WholeDoor> {
  const door = await wholeDoor(clock)
  await door.json(['verify', 'domain', 'shop.example', '--key', 'rsa1024'])
  return door
}

test('a machine that is fit', async () => {
  const door = await shop()
  const { Healthy, Checks } = await door.json(['doctor'])
  expect(Healthy).toBe(true)
  expect(Checks.map(({ Check, Status }: Seen) => `${Check} ${Status}`).filter((line: string) => !line.startsWith('CLOCK'))).toEqual([
    'HOME PASS',
    'DISK PASS',
    'STORE PASS',
    'KEYS PASS',
    'CERTIFICATE PASS',
    'ENGINE PASS',
    'RESOLVER PASS',
    'HOSTNAME PASS',
    'PTR PASS',
    'OUTBOUND PASS',
    'IPV6 UNKNOWN',
  ])
  const { stdout } = await door.run(['doctor'])
  expect(stdout).toMatch(/^ok {10} home {9}.* is its owner's alone\n/)
  expect(stdout).toMatch(/\n\d+ ok, 0 warnings, 0 failed, \d cannot be told\n$/)
})

test('a home without an account: what can be looked at is, the rest cannot be told', async () => {
  const door = await wholeDoor('none')
  expect(await seen(door, 'STORE', { exit: 1 })).toMatchObject({ Status: 'FAIL', Fix: 'Run mailctl init.' })
  expect(await seen(door, 'DISK', { exit: 1 })).toMatchObject({ Status: 'PASS' })
  expect(await seen(door, 'OUTBOUND', { exit: 1 })).toMatchObject({ Status: 'UNKNOWN' })
  rmSync(door.home, { recursive: true })
  expect(await seen(door, 'HOME', { exit: 1 })).toMatchObject({ Status: 'FAIL', Fix: expect.stringContaining('mailctl init') })
})

test.skipIf(process.platform === 'win32')('files that others may read', async () => {
  const door = await shop()
  const [key = ''] = readdirSync(join(door.home, 'keys', 'dkim'))
  chmodSync(join(door.home, 'keys', 'dkim', key), 0o640)
  expect(await seen(door, 'HOME', { exit: 1 })).toMatchObject({
    Status: 'FAIL',
    Evidence: expect.stringContaining(`keys/dkim/${key}`),
    Fix: `chmod -R go= '${door.home}'`,
  })
})

test('a spool that has lost the end of a body, and mail that nobody delivers', async () => {
  const door = await shop()
  const file = join(door.home, 'large.bin')
  writeFileSync(file, Buffer.alloc(100_000, 'x'), { mode: 0o600 })
  const mail = [
    'send',
    '--from',
    'a@shop.example',
    '--to',
    'b@shop.example',
    '--subject',
    'Hi',
    '--text',
    'Hi',
    '--attach',
    file,
    '--no-wait',
  ]
  await door.json(mail)
  expect(await seen(door, 'ENGINE')).toEqual({
    Check: 'ENGINE',
    Status: 'WARN',
    Evidence: 'recipients that wait: 1; no process delivers them',
    Fix: expect.stringContaining('mailctl serve'),
  })
  const [segment = ''] = readdirSync(join(door.home, 'spool')).filter(name => name.endsWith('.seg'))
  truncateSync(join(door.home, 'spool', segment), 1_000)
  expect(await seen(door, 'STORE', { exit: 1 })).toMatchObject({
    Status: 'FAIL',
    Evidence: expect.stringMatching(new RegExp(`^spool/${segment} ends at octet 1000 instead of \\d+; message bodies in it: 1$`)),
  })
  rmSync(join(door.home, 'spool', segment))
  expect(await seen(door, 'STORE', { exit: 1 })).toMatchObject({ Evidence: expect.stringContaining('is gone') })
})

test('rows that refer to nothing', async () => {
  const door = await shop()
  const database = openDatabase(accountFile(door.home), ACCOUNT_MIGRATIONS)
  database.exec(
    "PRAGMA foreign_keys = OFF; INSERT INTO recipient (message, position, address, domain, state) VALUES (99, 0, 'a@b.test', 'b.test', 'bounced')",
  )
  database.close()
  expect(await seen(door, 'STORE', { exit: 1 })).toMatchObject({
    Status: 'FAIL',
    Evidence: expect.stringContaining('a row of recipient refers to none of message'),
  })
})

test('a key of DKIM that is gone', async () => {
  const door = await shop()
  const [key = ''] = readdirSync(join(door.home, 'keys', 'dkim'))
  rmSync(join(door.home, 'keys', 'dkim', key))
  expect(await seen(door, 'KEYS', { exit: 1 })).toMatchObject({
    Status: 'FAIL',
    Evidence: expect.stringContaining(`${key.replace('.pem', '')} of shop.example`),
    Fix: expect.stringContaining('mailctl identity set shop.example'),
  })
})

test('a certificate that is damaged, too old, too young, or for another name', async () => {
  const { app } = await openEngine()
  const { settings, certificates } = app
  expect(await diagnoseCertificate(app, Date.now())).toMatchObject({ status: 'PASS' })
  expect(await diagnoseCertificate(app, Date.parse('+010000-01-01T00:00:00Z'))).toMatchObject({ status: 'FAIL' })
  expect(await diagnoseCertificate(app, Date.parse('9999-12-25T00:00:00Z'))).toMatchObject({ status: 'WARN' })
  expect(await diagnoseCertificate(app, Date.parse('1900-01-01'))).toMatchObject({ status: 'FAIL' })
  const other = { certificates, settings: { ...settings, hostname: 'mta.other.example' } }
  expect(await diagnoseCertificate(other, Date.now())).toMatchObject({
    status: 'WARN',
    evidence: expect.stringContaining('mta.other.example'),
  })
  const door = await shop()
  await door.json(['doctor'])
  writeFileSync(join(door.home, 'keys', 'tls', 'key.pem'), 'x', { mode: 0o600 })
  expect(await seen(door, 'CERTIFICATE', { exit: 1 })).toMatchObject({ Status: 'FAIL', Evidence: expect.stringContaining('key.pem') })
})

/** A time server on loopback. @param offMs by which its clock is ahead  @returns what `--ntp` takes */
async function timeServer(offMs: number, spoil: (answer: Buffer) => Buffer = answer => answer): Promise<string> {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  onTestFinished(() => void socket.close())
  socket.on('message', (question, { port, address }) => {
    const answer = Buffer.alloc(48)
    answer[0] = 0x24
    answer[1] = 1
    question.copy(answer, 24, 40, 48)
    for (const at of [32, 40]) {
      const now = Date.now() + offMs
      answer.writeUInt32BE(Math.floor(now / 1_000) + 2_208_988_800, at)
      answer.writeUInt32BE(Math.floor(((now % 1_000) / 1_000) * 2 ** 32), at + 4)
    }
    socket.send(spoil(answer), port, address)
  })
  return `127.0.0.1:${socket.address().port}`
}

test('a clock that is right, and one that is not', async () => {
  const door = await shop()
  const ask = async (server: string, exit = 0) => await seen(door, 'CLOCK', { exit, argv: ['--ntp', server] })
  expect(await ask(await timeServer(0))).toMatchObject({ Status: 'PASS' })
  expect(await ask(await timeServer(600_000), 1)).toMatchObject({
    Status: 'FAIL',
    Evidence: expect.stringMatching(/^the clock is (10m|9m59\S*) behind 127/),
  })
  expect(await ask(await timeServer(-600_000), 1)).toMatchObject({ Status: 'FAIL', Evidence: expect.stringMatching(/ahead of 127/) })
  const sendsAway = await timeServer(0, answer => Buffer.from(answer.fill(0, 1, 2)))
  expect(await ask(sendsAway)).toMatchObject({ Status: 'UNKNOWN', Evidence: expect.stringContaining('sends clients away') })
  expect(await door.run(['doctor', '--ntp', 'a b'])).toMatchObject({ code: 64, stdout: '' })
})

test('relays: one that lets us in, one that refuses the login, and none', async () => {
  const sink = async (options: SinkOptions = {}) => {
    const opened = await startSink(options)
    onTestFinished(() => opened.close())
    return opened
  }
  const good = await sink()
  const refusals = Array<string>(2).fill('554 5.7.1 not you')
  const bad = await sink({ script: { EHLO: refusals, HELO: refusals } })
  const door = await wholeDoor('system')
  await door.json(['config', 'set', 'relay', `smtp://127.0.0.1:${good.port}`])
  await door.json(['config', 'set', 'network', 'relay'])
  expect(await seen(door, 'OUTBOUND')).toMatchObject({ Status: 'PASS', Evidence: expect.stringMatching(/ lets us in/) })
  expect(await seen(door, 'PTR')).toMatchObject({ Status: 'UNKNOWN' })
  await door.json(['config', 'set', 'relay', `smtp://127.0.0.1:${bad.port},smtp://127.0.0.1:${good.port}`])
  expect(await seen(door, 'OUTBOUND')).toMatchObject({ Status: 'WARN', Evidence: expect.stringContaining('not you') })
  await door.json(['config', 'set', 'relay', `smtp://127.0.0.1:${bad.port}`])
  expect(await seen(door, 'OUTBOUND', { exit: 1 })).toMatchObject({
    Status: 'FAIL',
    Evidence: expect.stringContaining('554 5.7.1 not you'),
  })
  // Nothing was sent, and every session was ended in order.
  expect(good.messages).toEqual([])
  expect(good.commands.filter(line => /^MAIL/i.test(line))).toEqual([])
  expect(good.commands.at(-1)).toBe('QUIT')
})
