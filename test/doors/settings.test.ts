import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { loadConfig } from '../../src/config.ts'
import { storeRelayPassword, storeSetting } from '../../src/config-file.ts'
import { parseRelay } from '../../src/setting-values.ts'
import { mailctl } from '../support/terminal.ts'

let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'mailctl-settings-'))
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

const run = (argv: readonly string[], options = {}) => mailctl(['--home', home, ...argv], options)
const stored = (): Record<string, unknown> => JSON.parse(readFileSync(join(home, 'config.json'), 'utf8'))
const modeOf = (...path: string[]): number => statSync(join(home, ...path)).mode & 0o777

test('the home is --home, MAILCTL_HOME, XDG_DATA_HOME, then ~/.local/share, with the profile as its last part', () => {
  const env = { MAILCTL_HOME: '/env', XDG_DATA_HOME: '/xdg', HOME: '/home/ann' }
  expect(loadConfig({ home: '/flag' }, env).home).toBe('/flag')
  expect(loadConfig({}, env).home).toBe('/env')
  expect(loadConfig({}, { ...env, MAILCTL_HOME: '' }).home).toBe('/xdg/mailctl/default')
  expect(loadConfig({}, { XDG_DATA_HOME: '/xdg', MAILCTL_PROFILE: 'work' }).home).toBe('/xdg/mailctl/work')
  expect(loadConfig({ profile: 'play' }, { XDG_DATA_HOME: '/xdg', MAILCTL_PROFILE: 'work' }).home).toBe('/xdg/mailctl/play')
  expect(loadConfig({}, { XDG_DATA_HOME: 'relative', HOME: '/home/ann' }).home).toBe('/home/ann/.local/share/mailctl/default')
  expect(() => loadConfig({ profile: '../x' }, {})).toThrow('cannot be a profile')
})

test('flag beats environment beats config.json beats default, and each origin is told', async () => {
  writeFileSync(join(home, 'config.json'), '{"region":"eu-west-1","hostname":"a.example","resolver":"192.0.2.1"}')
  const env = { MAILCTL_HOSTNAME: 'b.example', MAILCTL_RESOLVER: '192.0.2.2:5353' }
  const config = loadConfig({ home, resolver: '[2001:db8::1]:53' }, env)
  expect(config.settings).toMatchObject({ region: 'eu-west-1', hostname: 'b.example', network: 'lab' })
  expect(config.resolver).toBe('[2001:db8::1]:53')
  expect(Object.entries(config.origins).map(([key, { origin }]) => [key, origin])).toEqual([
    ['network', 'default'],
    ['relay', 'default'],
    ['hostname', 'environment'],
    ['resolver', 'flag'],
    ['region', 'config'],
    ['retry', 'default'],
    ['pools', 'default'],
    ['shaping', 'default'],
    ['public-url', 'default'],
    ['webhooks', 'default'],
    ['lab-scale', 'default'],
    ['store', 'default'],
  ])
  expect(Object.isFrozen(config) && Object.isFrozen(config.settings)).toBe(true)
  expect((await run(['config', 'list', '--origin'], { env })).stdout).toMatch(/^hostname +b\.example +environment$/m)
})

test('the host name is a test name in the lab only', () => {
  expect(loadConfig({ home }, {}).settings.hostname).toBe('mta.mailctl.test')
  expect(loadConfig({ home, network: 'live' }, {}).settings.hostname).not.toBe('mta.mailctl.test')
})

test('set, get, list, path', async () => {
  expect(await run(['config', 'set', 'region', 'eu-west-1'])).toEqual({ code: 0, stdout: 'region=eu-west-1\n', stderr: '' })
  expect(await run(['config', 'get', 'region'])).toMatchObject({ code: 0, stdout: 'eu-west-1\n' })
  expect(JSON.parse((await run(['config', 'get', 'region', '--json'])).stdout)).toEqual({
    Key: 'region',
    Value: 'eu-west-1',
    Origin: 'config',
  })
  expect((await run(['config', 'list'])).stdout).toContain('region=eu-west-1\n')
  expect((await run(['config', 'path'])).stdout).toBe(`${join(home, 'config.json')}\n`)
  expect(await run(['config', 'get', 'relay'])).toMatchObject({ code: 1, stdout: '' })
  expect((await run(['config', 'set', 'region', ''])).code).toBe(0)
  expect(stored()).not.toHaveProperty('region')
})

test('the waits between tries are a setting', async () => {
  expect(loadConfig({ home }, {}).settings.retry).toEqual([1, 5, 15, 30, 60, 120].map(minutes => minutes * 60_000))
  expect(await run(['config', 'set', 'retry', '30s, 2m,14h'])).toMatchObject({ code: 0, stdout: 'retry=30s, 2m,14h\n' })
  expect(loadConfig({ home }, {}).settings.retry).toEqual([30_000, 120_000, 14 * 3_600_000])
  expect(loadConfig({ home }, { MAILCTL_RETRY: '1h' }).settings.retry).toEqual([3_600_000])
  expect(() => loadConfig({ home }, { MAILCTL_RETRY: 'soon' })).toThrow("'soon' is not a value of retry")
})

test('links in mail lead to this machine in the lab, else to its host name, else where the setting says', async () => {
  expect(loadConfig({ home }, {}).settings.publicUrl).toBe('http://127.0.0.1:8025')
  expect(loadConfig({ home, network: 'live', hostname: 'mta.example.com' }, {}).settings.publicUrl).toBe('https://mta.example.com')
  expect(loadConfig({ home }, { MAILCTL_PUBLIC_URL: 'https://Mail.Example.com/' }).settings.publicUrl).toBe('https://mail.example.com')
  for (const wrong of ['mail.example.com', 'ftp://mail.example.com', 'https://mail.example.com/path', 'https://u:p@mail.example.com'])
    expect(await run(['config', 'set', 'public-url', wrong])).toMatchObject({ code: 64 })
})

test('what sites may bear is taken apart, by site and limit', async () => {
  expect(loadConfig({ home }, {}).settings.shaping.size).toBe(0)
  const value = 'google=concurrency:2+per-second:0.5, MX.example.com=per-session:1'
  expect(await run(['config', 'set', 'shaping', value])).toMatchObject({ code: 0, stdout: `shaping=${value}\n` })
  expect([...loadConfig({ home }, {}).settings.shaping]).toEqual([
    ['google', { concurrency: 2, perSecond: 0.5 }],
    ['mx.example.com', { perConnection: 1 }],
  ])
  expect(() => loadConfig({ home }, { MAILCTL_SHAPING: 'google=all' })).toThrow(
    "'google=all' is not a value of shaping, in MAILCTL_SHAPING",
  )
})

test('sending pools name addresses of this machine', async () => {
  expect(loadConfig({ home }, {}).settings.pools.size).toBe(0)
  expect(await run(['config', 'set', 'pools', 'marketing=127.0.0.1, receipts=127.0.0.2'])).toMatchObject({ code: 0 })
  expect([...loadConfig({ home }, {}).settings.pools]).toEqual([
    ['marketing', ['127.0.0.1']],
    ['receipts', ['127.0.0.2']],
  ])
  // An address that went away later is noticed when mail would leave from it; every other command still works.
  expect([...loadConfig({ home }, { MAILCTL_POOLS: 'a=192.0.2.77+2001:db8::1' }).settings.pools]).toEqual([
    ['a', ['192.0.2.77', '2001:db8::1']],
  ])
  expect(() => loadConfig({ home }, { MAILCTL_POOLS: 'a' })).toThrow("'a' is not a value of pools")
})

test('what is written is for the owner only', async () => {
  const fresh = join(home, 'deep', 'down')
  await loadConfig({ home: fresh }, {}).set('network', 'relay')
  expect(modeOf('deep', 'down')).toBe(0o700)
  expect(modeOf('deep', 'down', 'config.json')).toBe(0o600)
  await storeSetting(home, 'network', 'lab')
  expect(modeOf('config.json')).toBe(0o600)
  expect(readdirSync(home).sort()).toEqual(['config.json', 'deep'])
})

test('relays are a list in their order; the password lies in its own file and is never shown', async () => {
  writeFileSync(join(home, 'secret'), 'hunter2\n')
  const urls = ['smtp://ann@mail.example.com', 'smtps://backup.example.com']
  expect(await run(['config', 'set', 'relay', ...urls, '--password-file', join(home, 'secret')])).toMatchObject({ code: 0, stderr: '' })
  expect(stored()['relay']).toEqual(urls)
  expect(modeOf('keys')).toBe(0o700)
  expect(modeOf('keys', 'relay-password')).toBe(0o600)
  // Not by the command, which looks into the account first.
  await storeSetting(home, 'network', 'relay')
  expect(loadConfig({ home }, {}).settings.relay).toEqual([
    { scheme: 'smtp', host: 'mail.example.com', port: 587, user: 'ann', password: 'hunter2' },
    { scheme: 'smtps', host: 'backup.example.com', port: 465 },
  ])
  expect(loadConfig({ home }, { MAILCTL_RELAY_PASSWORD: 'other' }).settings.relay[0]?.password).toBe('other')
  for (const argv of [
    ['config', 'list', '--json'],
    ['config', 'get', 'relay'],
  ])
    expect((await run(argv)).stdout).not.toContain('hunter2')
  expect(
    await run(['config', 'set', 'relay', 'smtp://ann@mail.example.com', '--password-file', '-'], { stdin: 'from-stdin\n' }),
  ).toMatchObject({ code: 0 })
  expect(readFileSync(join(home, 'keys', 'relay-password'), 'utf8')).toBe('from-stdin\n')
})

test.each([
  [['config', 'set', 'relay', 'smtp://ann:hunter2@mail.example.com'], 64, 'must not hold a password', '--password-file'],
  [['config', 'set', 'relay', 'http://mail.example.com'], 64, 'is not a value of relay', 'smtp://'],
  [['config', 'set', 'relay', 'smtp://mail.example.com/path'], 64, 'is not a value of relay', 'smtp://'],
  [['config', 'set', 'network', 'labb'], 64, "'labb' is not a value of network", 'lab, relay or live'],
  [['config', 'set', 'netwrk', 'lab'], 64, "no setting 'netwrk'", "Did you mean 'network'?"],
  [['config', 'set', 'resolver', 'dns.example'], 64, 'is not a value of resolver', 'address'],
  [['config', 'set', 'resolver', '127.0.0.1:99999'], 64, 'is not a value of resolver', 'address'],
  [['config', 'set', 'hostname', 'a..b'], 64, 'is not a value of hostname', 'DNS name'],
  [['config', 'set', 'region', 'mars'], 64, 'is not a value of region', 'us-east-1'],
  [['config', 'set', 'retry', 'often'], 64, "'often' is not a value of retry", '1m,5m,15m'],
  [['config', 'set', 'retry', '1m,,5m'], 64, 'is not a value of retry', 'separated by commas'],
  [['config', 'set', 'retry', '500ms'], 64, 'is not a value of retry', 'from 1s'],
  [['config', 'set', 'retry', '0s'], 64, 'is not a value of retry', 'from 1s'],
  [['config', 'set', 'retry', '1m,15h'], 64, 'is not a value of retry', 'to 14h'],
  [['config', 'set', 'retry', '1.5h'], 64, 'is not a value of retry', 'separated by commas'],
  [['config', 'set', 'retry', Array(21).fill('1m').join(',')], 64, 'is not a value of retry', 'up to 20'],
  [['config', 'set', 'retry', '1m', '5m'], 64, 'takes one value', 'Quote'],
  [['config', 'set', 'shaping', 'google'], 64, "'google' is not a value of shaping", 'SITE=LIMIT:NUMBER'],
  [['config', 'set', 'shaping', 'gmail=concurrency:2'], 64, "'gmail' is no site that has limits of its own", 'Use google, '],
  [['config', 'set', 'shaping', 'google=fast:2'], 64, 'is not a value of shaping', 'concurrency (1 to 400)'],
  [['config', 'set', 'shaping', 'google=concurrency:0'], 64, 'is not a value of shaping', '1 to 400'],
  [['config', 'set', 'shaping', 'google=concurrency:1.5'], 64, 'is not a value of shaping', '1 to 400'],
  [['config', 'set', 'shaping', 'google=per-session:2+per-session:3'], 64, 'is not a value of shaping', 'per-session'],
  [['config', 'set', 'shaping', 'a.b=concurrency:2,A.B=concurrency:3'], 64, 'is not a value of shaping', 'SITE=LIMIT'],
  [['config', 'set', 'pools', 'marketing'], 64, "'marketing' is not a value of pools", 'NAME=ADDRESS'],
  [['config', 'set', 'pools', 'a b=127.0.0.1'], 64, 'is not a value of pools', 'NAME=ADDRESS'],
  [['config', 'set', 'pools', 'a=mta.example.com'], 64, 'is not a value of pools', 'NAME=ADDRESS'],
  [['config', 'set', 'pools', 'a=127.0.0.1+127.0.0.2'], 64, 'is not a value of pools', 'NAME=IPV4+IPV6'],
  [['config', 'set', 'pools', 'a=127.0.0.1,a=127.0.0.2'], 64, 'is not a value of pools', 'NAME=ADDRESS'],
  [['config', 'set', 'pools', 'a=192.0.2.77'], 65, 'does not have the address 192.0.2.77', 'It has '],
  [['config', 'set', 'store', 'postgres://ann:pw@db/x'], 64, 'is not a value of store', 'sqlite'],
  [['config', 'set', 'region', 'us-east-1', 'eu-west-1'], 64, 'takes one value', 'Quote'],
  [['config', 'set', 'region', 'us-east-1', '--password-file', 'x'], 64, 'goes with relay only', 'relay'],
  [['config', 'set', 'relay', 'smtp://ann@a.example', '--password-file', '/nowhere'], 66, 'cannot read /nowhere', 'Check'],
  [['config', 'get', 'nothing'], 64, "no setting 'nothing'", 'network'],
])('%j ends with %d', async (argv, code, message, hint) => {
  const ran = await run(argv)
  expect(ran).toMatchObject({ code, stdout: '' })
  expect(ran.stderr).toContain(message)
  expect(ran.stderr).toContain(hint)
  expect(ran.stderr).not.toMatch(/hunter2|:pw@/)
})

test.each([
  ['{"network":', 'is not JSON'],
  ['[]', 'does not hold a JSON object'],
])('config.json %j is unusable: 78 with its path, and it is never overwritten', async (text, message) => {
  const file = join(home, 'config.json')
  writeFileSync(file, text)
  for (const argv of [['config', 'list'], ['quota'], ['config', 'set', 'region', 'us-east-1']]) {
    const ran = await run(argv)
    expect(ran).toMatchObject({ code: 78, stdout: '' })
    expect(ran.stderr).toContain(message)
    expect(ran.stderr).toContain(file)
  }
  expect((await run(['help', 'lab'])).code).toBe(0)
  expect((await run(['commands'])).code).toBe(0)
  expect(readFileSync(file, 'utf8')).toBe(text)
})

test.each([
  ['{"network":"mars"}', "'mars' is not a value of network", ['network', 'lab'], { network: 'lab' }],
  ['{"network":7,"region":"eu-west-1"}', 'is no text', ['network', ''], { region: 'eu-west-1' }],
  ['{"relay":["smtp://a:b@c"]}', 'must not hold a password', ['relay', 'smtp://c'], { relay: ['smtp://c'] }],
])('config.json %j is 78 with its path, until config set has mended it', async (text, message, setting, mended) => {
  const file = join(home, 'config.json')
  writeFileSync(file, text)
  for (const argv of [['config', 'list'], ['quota'], ['config', 'set', 'network', 'mars']]) {
    const ran = await run(argv)
    expect(ran).toMatchObject({ code: argv.includes('set') ? 64 : 78, stdout: '' })
    if (!argv.includes('set')) {
      expect(ran.stderr).toContain(message)
      expect(ran.stderr).toContain(file)
      expect(ran.stderr).toContain('mailctl config set')
    }
    expect(readFileSync(file, 'utf8')).toBe(text)
  }
  expect(await run(['config', 'set', ...setting])).toMatchObject({ code: 0, stderr: '' })
  expect(stored()).toEqual(mended)
  expect((await run(['config', 'list'])).code).toBe(0)
})

test('of several wrong values each is mended by itself, and those that are left are named', async () => {
  writeFileSync(join(home, 'config.json'), '{"network":"mars","region":"moon"}')
  const first = await run(['config', 'set', 'region', 'eu-west-1'])
  expect(first).toMatchObject({ code: 0, stdout: 'region=eu-west-1\n' })
  expect(first.stderr).toContain("'mars' is not a value of network")
  expect(stored()).toEqual({ network: 'mars', region: 'eu-west-1' })
  expect(await run(['config', 'set', 'network', 'lab'])).toMatchObject({ code: 0, stderr: '' })
})

test('a wrong environment variable is 78 and named; no home is 78 on setting', async () => {
  const ran = await run(['config', 'list'], { env: { MAILCTL_NETWORK: 'moon' } })
  expect(ran.code).toBe(78)
  expect(ran.stderr).toContain('MAILCTL_NETWORK')
  const none = await mailctl(['config', 'set', 'region', 'us-east-1', '--home', join(home, 'none')])
  expect(none).toMatchObject({ code: 78, stdout: '' })
  expect(none.stderr).toContain('mailctl init')
})

test('a damaged file stays as it is when something is written', async () => {
  writeFileSync(join(home, 'config.json'), '{"region":')
  await expect(storeSetting(home, 'network', 'lab')).rejects.toMatchObject({ code: 'config' })
  expect(readFileSync(join(home, 'config.json'), 'utf8')).toBe('{"region":')
})

test("a dead process's lock is broken, a living one's is not", async () => {
  const lock = join(home, 'config.json.lock')
  writeFileSync(lock, '2147483646 dead')
  await storeSetting(home, 'region', 'us-east-1')
  writeFileSync(lock, `${process.pid} stuck`)
  utimesSync(lock, new Date(0), new Date(0))
  await storeSetting(home, 'region', 'us-east-2')
  expect(stored()['region']).toBe('us-east-2')
  expect(readdirSync(home)).toEqual(['config.json'])
  writeFileSync(lock, `${process.pid} living`)
  const waiting = storeSetting(home, 'region', 'us-west-2')
  expect(await Promise.race([waiting.then(() => 'written'), new Promise(resolve => setTimeout(() => resolve('waits'), 150))])).toBe('waits')
  rmSync(lock)
  await waiting
  expect(stored()['region']).toBe('us-west-2')
})

test('a home that cannot be written to is 74', async () => {
  mkdirSync(join(home, 'config.json'))
  await expect(storeSetting(join(home, 'config.json', 'x', '\0'), 'region', 'us-east-1')).rejects.toMatchObject({
    code: 'store-unavailable',
  })
})

test.each([
  'smtp://user:s3cret@mail.example.com:587',
  'smtp://user:s3@cret@mail.example.com',
  'smtp://user:s3cret/@mail.example.com',
  'smtp://user:s3cret?#@mail.example.com:587',
  'user:s3cret@mail.example.com:587',
])('a password in a relay URL is not repeated, whatever is wrong with it: %s', url => {
  expect(() => parseRelay(url)).toThrow(expect.objectContaining({ code: 'usage', message: expect.not.stringContaining('cret') }))
})

test('a relay URL that is only wrong is repeated', () => {
  expect(() => parseRelay('smtp://user@mail.example.com:587/path')).toThrow("'smtp://user@mail.example.com:587/path'")
  expect(() => parseRelay('mail.example.com:587')).toThrow("'mail.example.com:587'")
})

test("a relay's password that cannot be kept leaves no copy of itself", async () => {
  mkdirSync(join(home, 'keys', 'relay-password'), { recursive: true })
  await expect(storeRelayPassword(home, 's3cret')).rejects.toMatchObject({ code: 'store-unavailable' })
  expect(readdirSync(join(home, 'keys'))).toEqual(['relay-password'])
})

test('relay URLs', () => {
  expect(parseRelay('smtp://mail.example.com')).toEqual({ scheme: 'smtp', host: 'mail.example.com', port: 25 })
  expect(parseRelay('smtp://a%40b.example@[2001:db8::1]:2525')).toEqual({
    scheme: 'smtp',
    host: '2001:db8::1',
    port: 2525,
    user: 'a@b.example',
  })
})
