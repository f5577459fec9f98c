/** `support bundle`: what somebody who helps needs is in it, and nothing that was planted where secrets lie. */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { startSink } from '../support/sink.ts'
import { wholeDoor } from '../support/whole-door.ts'

/** Every string and number of four characters and more in it. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  if (Array.isArray(value)) return value.flatMap(textsIn)
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : []
}

test('no secret that was planted is in it, and what happened is', { timeout: 60_000 }, async () => {
  const sink = await startSink({ script: { RCPT: ['450 4.2.1 zelda.planted@gmail.com is over her quota'] } })
  onTestFinished(() => sink.close())
  const door = await wholeDoor('system')
  const { home, json, run } = door
  const file = (name: string, text: string): string => {
    writeFileSync(join(home, name), text, { mode: 0o600 })
    return join(home, name)
  }
  await json(['verify', 'domain', 'shop.example', '--key', 'rsa1024'])
  await run([
    'account',
    'request-production',
    '--mail-type',
    'TRANSACTIONAL',
    '--website-url',
    'https://planted-site.example',
    '--use-case',
    'planted use case',
  ])
  await json(['account', 'request-production', '--approve'])
  await json(['config-set', 'create', 'receipts'])
  const hook = 'https://127.0.0.1:9/planted-path?planted=query'
  // It is there, though nobody takes its first message.
  await json(['destination', 'create', 'hooks', '--config-set', 'receipts', '--url', hook], 75)
  await json(['destination', 'create', 'run', '--config-set', 'receipts', '--command', 'cat > /dev/null # planted-command'])
  await json(['template', 'create', 'order', '--subject', 'planted template subject', '--text', 'planted template text'])
  const login = await json(['smtp', 'credentials', 'create'])
  const key = await json(['keys', 'create'])
  const password = file('password', 'planted-relay-password\n')
  const withLogin = ['config', 'set', 'relay', `smtp://planted-login@127.0.0.1:${sink.port}`, '--password-file', password]
  await json(withLogin)
  await json(['config', 'set', 'relay', `smtp://127.0.0.1:${sink.port}`])
  await json(['config', 'set', 'network', 'relay'])
  const mail = [
    'send',
    '--from',
    'planted.sender@shop.example',
    '--to',
    'zelda.planted@gmail.com',
    '--subject',
    'planted subject',
    '--text',
    'planted body',
  ]
  await json(
    [
      ...mail,
      '--config-set',
      'receipts',
      '--tag',
      'flow=planted-tag',
      '--header',
      'X-Planted: planted header',
      '--wait',
      '--timeout',
      '1s',
    ],
    75,
  )
  await json(withLogin)

  const output = join(home, 'bundle.json')
  const ran = await run(['support', 'bundle', '-o', output])
  expect(ran).toMatchObject({ code: 0, stdout: expect.stringContaining(`Wrote ${output}`) })
  expect(statSync(output).mode & 0o777).toBe(0o600)
  const text = readFileSync(output, 'utf8')
  const bundle = JSON.parse(text)
  expect(bundle).toMatchObject({
    MailctlSupport: 1,
    Machine: { node: process.versions.node },
    Account: {
      ProductionAccess: true,
      Destinations: [
        { Name: 'hooks', Place: 'url' },
        { Name: 'run', Place: 'command' },
      ],
      Identities: { Count: 1, First: [{ Name: 'shop.example', Type: 'DOMAIN' }] },
      Queue: { deferred: 1 },
      LastMessages: [
        { Recipients: [{ Domain: 'gmail.com', State: 'deferred', Reply: expect.stringContaining('450 4.2.1 ***@gmail.com') }] },
      ],
    },
  })
  expect(bundle.Account.LastMessages[0].Attempts[0].Transcript.join('\n')).toMatch(/> RCPT TO:<\*\*\*@gmail\.com>/)
  expect(bundle.Doctor.map(({ Check }: { Check: string }) => Check)).toContain('OUTBOUND')
  expect(text).not.toMatch(/planted/i)
  expect(text).not.toContain(home)

  // Whatever lies in files of keys, and every secret that was shown once.
  const keys = readdirSync(join(home, 'keys'), { recursive: true, withFileTypes: true }).filter(entry => entry.isFile())
  expect(keys.length).toBeGreaterThan(4)
  const lines = keys
    .flatMap(entry => readFileSync(join(entry.parentPath, entry.name), 'latin1').split(/\r?\n/))
    .filter(line => line.length >= 16)
  const secrets = [...lines.filter(line => !line.startsWith('-----')), ...textsIn(login), ...textsIn(key)].filter(one => one.length >= 16)
  expect(secrets.length).toBeGreaterThan(20)
  expect(secrets.filter(secret => text.includes(secret))).toEqual([])
})

test('an account that cannot be opened has one too', async () => {
  const { json } = await wholeDoor('none')
  expect(await json(['support', 'bundle'])).toMatchObject({
    Account: { Error: expect.stringContaining('no account') },
    Settings: expect.any(Array),
  })
})
