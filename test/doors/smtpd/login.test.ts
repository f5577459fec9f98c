/** Logging in at the submission door: TLS first, PLAIN and LOGIN, what a wrong password costs, and what one may do afterwards. */
import { createTransport } from 'nodemailer'
import { afterEach, describe, expect, test } from 'vitest'
import { CERTIFICATE_NAME, ca } from '../../support/certificate.ts'
import { RawSmtp } from '../../support/raw-smtp.ts'
import { closeDoors, LOGIN, openSubmissionDoor, PLAIN, type TestDoor, type TestDoorOptions } from '../../support/submission-door.ts'

afterEach(closeDoors)

const MESSAGE = 'From: ann@example.com\r\nSubject: x\r\n\r\nhi\r\n'
const base64 = (text: string): string => Buffer.from(text).toString('base64')

async function say(client: RawSmtp, line: string): Promise<string> {
  client.send(`${line}\r\n`)
  const reply = await client.reply()
  return reply === undefined ? 'closed' : `${reply.code} ${reply.lines.join(' ')}`
}

async function greeted(door: TestDoor): Promise<RawSmtp> {
  const client = await RawSmtp.open(door)
  await client.reply()
  await say(client, 'EHLO client.test')
  return client
}

/** Past STARTTLS. */
async function secured(door: TestDoor): Promise<RawSmtp> {
  const client = await greeted(door)
  expect(await say(client, 'STARTTLS')).toBe('220 Ready to start TLS')
  await client.starttls()
  return client
}

const open = (options: Partial<TestDoorOptions> = {}): Promise<TestDoor> => openSubmissionDoor({ trust: '', ...options })

async function give(client: RawSmtp): Promise<string> {
  for (const line of ['MAIL FROM:<ann@example.com>', 'RCPT TO:<bob@example.net>', 'DATA']) await say(client, line)
  return say(client, `${MESSAGE}.`)
}

test('from the clear to a message, in the words of SES', async () => {
  const door = await open()
  const client = await RawSmtp.open(door)
  await client.reply()
  const before = [
    ['EHLO client.test', '250 mta.test PIPELINING SIZE 41943040 8BITMIME CHUNKING STARTTLS AUTH PLAIN LOGIN Ok'],
    ['MAIL FROM:<ann@example.com>', '530 Must issue a STARTTLS command first'],
    [`AUTH PLAIN ${PLAIN}`, '530 Must issue a STARTTLS command first'],
    ['STARTTLS', '220 Ready to start TLS'],
  ] as const
  for (const [line, answer] of before) expect([line, await say(client, line)]).toEqual([line, answer])
  await client.starttls()
  const after = [
    [`AUTH PLAIN ${PLAIN}`, '503 Say EHLO first'],
    ['EHLO client.test', '250 mta.test PIPELINING SIZE 41943040 8BITMIME CHUNKING AUTH PLAIN LOGIN Ok'],
    ['STARTTLS', '503 TLS is already in use'],
    ['MAIL FROM:<ann@example.com>', '530 Authentication required'],
    ['AUTH', '501 Malformed login'],
    ['AUTH CRAM-MD5', '504 Mechanism not offered'],
    ['AUTH PLAIN !!!', '501 Malformed login'],
    ['AUTH PLAIN', '334 '],
    ['*', '501 Authentication cancelled'],
    ['AUTH LOGIN', '334 VXNlcm5hbWU6'],
    [base64(LOGIN.user), '334 UGFzc3dvcmQ6'],
    [base64('wrong'), '535 Authentication Credentials Invalid'],
    ['auth login', '334 VXNlcm5hbWU6'],
    [base64(LOGIN.user), '334 UGFzc3dvcmQ6'],
    [base64(LOGIN.password), '235 Authentication successful.'],
    [`AUTH PLAIN ${PLAIN}`, '503 You have logged in already'],
    ['MAIL FROM:<ann@example.com> AUTH=<>', '250 Ok'],
    ['RCPT TO:<bob@example.net>', '250 Ok'],
    ['DATA', '354 End data with <CR><LF>.<CR><LF>'],
    [`${MESSAGE}.`, '250 Ok id-1'],
    ['QUIT', '221 Bye'],
  ] as const
  for (const [line, answer] of after) expect([line, await say(client, line)]).toEqual([line, answer])
  expect(door.submitted).toEqual([
    { from: 'ann@example.com', recipients: ['bob@example.net'], user: LOGIN.user, raw: MESSAGE, arrived: 'whole' },
  ])
})

test.each([
  ['PLAIN in one line', [`AUTH PLAIN ${PLAIN}`]],
  ['PLAIN in two lines', ['AUTH PLAIN', PLAIN]],
  ['PLAIN as oneself', [`AUTH PLAIN ${base64(`${LOGIN.user}\0${LOGIN.user}\0${LOGIN.password}`)}`]],
  ['LOGIN with the user in the first line', [`AUTH LOGIN ${base64(LOGIN.user)}`, base64(LOGIN.password)]],
])('%s', async (_, lines) => {
  const door = await open()
  const client = await secured(door)
  await say(client, 'EHLO client.test')
  let last = ''
  for (const line of lines) last = await say(client, line)
  expect(last).toBe('235 Authentication successful.')
  expect(await give(client)).toBe('250 Ok id-1')
})

test.each([
  ['somebody else', base64(`bob\0${LOGIN.user}\0${LOGIN.password}`)],
  ['too many parts', base64(`\0${LOGIN.user}\0${LOGIN.password}\0x`)],
  ['too few parts', base64(LOGIN.user)],
  ['nobody', base64(`\0\0${LOGIN.password}`)],
  ['no padding', PLAIN.replace(/=+$/, '').slice(0, -1)],
  ['a second alphabet', base64('\0\u00ff\u00fe?\0').replaceAll('/', '_')],
])('PLAIN as %s is malformed, and never asked about', async (_, response) => {
  const asked: unknown[] = []
  const door = await open({ check: async login => asked.push(login) > 0 })
  const client = await secured(door)
  await say(client, 'EHLO client.test')
  expect(await say(client, `AUTH PLAIN ${response}`)).toBe('501 Malformed login')
  expect(asked).toEqual([])
})

test('an unknown user and a wrong password hear the same', async () => {
  const door = await open()
  const client = await secured(door)
  await say(client, 'EHLO client.test')
  const answers = [
    await say(client, `AUTH PLAIN ${base64(`\0${LOGIN.user}\0wrong`)}`),
    await say(client, `AUTH PLAIN ${base64('\0nobody\0wrong')}`),
  ]
  expect(answers).toEqual(['535 Authentication Credentials Invalid', '535 Authentication Credentials Invalid'])
  expect(await say(client, 'MAIL FROM:<ann@example.com>')).toBe('530 Authentication required')
})

test('the fourth try of a connection is not judged', async () => {
  const judged: unknown[] = []
  const door = await open({ check: async login => judged.push(login) === 0 })
  const client = await secured(door)
  await say(client, 'EHLO client.test')
  for (let i = 0; i < 3; i += 1) expect(await say(client, `AUTH PLAIN ${PLAIN}`)).toBe('535 Authentication Credentials Invalid')
  expect(await say(client, `AUTH PLAIN ${PLAIN}`)).toBe('421 Too many errors')
  expect(await client.reply()).toBeUndefined()
  expect(judged).toHaveLength(3)
})

test('an address that fails thirty times in a minute is not listened to for the rest of it, also with the right password', async () => {
  const judged: string[] = []
  const door = await open({ check: async ({ password }) => judged.push(password) > 0 && password === LOGIN.password })
  for (let connection = 0; connection < 10; connection += 1) {
    const client = await secured(door)
    await say(client, 'EHLO client.test')
    for (let i = 0; i < 3; i += 1) await say(client, `AUTH PLAIN ${base64('\0x\0y')}`)
    client.close()
  }
  const client = await secured(door)
  await say(client, 'EHLO client.test')
  expect(await say(client, `AUTH PLAIN ${PLAIN}`)).toBe('454 Temporary authentication failure')
  expect(judged).toHaveLength(30)
})

test('a login that cannot be judged is put off, and whoever runs the door is told', async () => {
  const door = await open({ check: () => Promise.reject(new Error('the master key is gone')) })
  const client = await secured(door)
  await say(client, 'EHLO client.test')
  expect(await say(client, `AUTH PLAIN ${PLAIN}`)).toBe('454 Temporary authentication failure')
  expect(await say(client, 'MAIL FROM:<ann@example.com>')).toBe('530 Authentication required')
  expect(door.troubles).toEqual(['the master key is gone'])
})

test('whose credential is revoked sends nothing more in his session', async () => {
  let isInUse = true
  const door = await open({ isInUse: async () => isInUse })
  const client = await secured(door)
  await say(client, 'EHLO client.test')
  await say(client, `AUTH PLAIN ${PLAIN}`)
  expect(await give(client)).toBe('250 Ok id-1')
  isInUse = false
  expect(await say(client, 'MAIL FROM:<ann@example.com>')).toBe('535 Authentication Credentials Invalid')
  isInUse = true
  expect(await say(client, 'MAIL FROM:<ann@example.com>')).not.toMatch(/^250/)
})

test('what was sent in the clear behind STARTTLS is gone, a login too', async () => {
  const door = await open()
  const client = await greeted(door)
  client.send(`STARTTLS\r\nEHLO evil.test\r\nAUTH PLAIN ${PLAIN}\r\nMAIL FROM:<evil@example.com>\r\n`)
  expect((await client.reply())?.code).toBe(220)
  await client.starttls()
  expect(await say(client, 'MAIL FROM:<ann@example.com>')).toBe('503 Say EHLO first')
  expect(await say(client, 'EHLO client.test')).toMatch(/^250 /)
  expect(await say(client, 'MAIL FROM:<ann@example.com>')).toBe('530 Authentication required')
})

test('no secret reaches the log, however it is given', async () => {
  const lines: string[] = []
  const door = await open({ log: (_, text) => void lines.push(text) })
  const client = await secured(door)
  await say(client, 'EHLO client.test')
  const secrets = [PLAIN, base64(LOGIN.user), base64(LOGIN.password), base64('another secret')]
  await say(client, 'AUTH LOGIN')
  await say(client, base64(LOGIN.user))
  await say(client, base64('another secret'))
  await say(client, 'AUTH PLAIN')
  await say(client, PLAIN)
  const log = lines.join('\n')
  expect(log).toContain('> ***')
  for (const secret of secrets) expect(log).not.toContain(secret)
})

test('a trusted client needs no login, and is known by it when it gives one', async () => {
  const door = await openSubmissionDoor()
  expect(await give(await greeted(door))).toBe('250 Ok id-1')
  const client = await secured(door)
  await say(client, 'EHLO client.test')
  expect(await say(client, `AUTH PLAIN ${base64('\0ann\0wrong')}`)).toBe('535 Authentication Credentials Invalid')
  await say(client, `AUTH PLAIN ${PLAIN}`)
  expect(await give(client)).toBe('250 Ok id-2')
  expect(door.submitted.map(({ user }) => user)).toEqual([undefined, LOGIN.user])
})

test('whoever has logged in makes room for the next stranger', async () => {
  const door = await open()
  const strangers = await Promise.all(Array.from({ length: 49 }, () => greeted(door)))
  const client = await secured(door)
  const late = async () => (await (await RawSmtp.open(door)).reply())?.code
  expect(await late()).toBe(421)
  await say(client, 'EHLO client.test')
  await say(client, `AUTH PLAIN ${PLAIN}`)
  expect(await late()).toBe(220)
  for (const stranger of strangers) stranger.close()
})

describe('other clients', () => {
  const clientOf = (door: TestDoor, options: object) =>
    createTransport({
      host: '127.0.0.1',
      port: door.port,
      tls: { ca, servername: CERTIFICATE_NAME },
      auth: { user: LOGIN.user, pass: LOGIN.password },
      ...options,
    })

  test.each([
    ['STARTTLS', 'starttls', { requireTLS: true }],
    ['TLS from the start', 'implicit', { secure: true }],
    ['TLS 1.2', 'starttls', { tls: { ca, servername: CERTIFICATE_NAME, maxVersion: 'TLSv1.2' } }],
    ['LOGIN', 'starttls', { authMethod: 'LOGIN' }],
  ] as const)('nodemailer with %s', async (_, mode, options) => {
    const door = await open({ mode })
    const client = clientOf(door, options)
    const { response } = await client.sendMail({ from: 'ann@example.com', to: 'bob@example.net', subject: 'x', text: 'hi' })
    expect(response).toBe('250 Ok id-1')
    client.close()
  })

  test('nodemailer below TLS 1.2 is not let in', async () => {
    const door = await open({ mode: 'implicit' })
    const client = clientOf(door, {
      secure: true,
      tls: { ca, servername: CERTIFICATE_NAME, minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' },
    })
    await expect(client.sendMail({ from: 'ann@example.com', to: 'bob@example.net', text: 'hi' })).rejects.toThrow()
    client.close()
    expect(door.submitted).toEqual([])
  })
})
