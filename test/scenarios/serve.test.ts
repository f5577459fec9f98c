/** `mailctl serve` as a user runs it: built, on free ports, with another client than ours, until it is told to stop. */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { getPriority } from 'node:os'
import { join } from 'node:path'
import { createTransport } from 'nodemailer'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type BuiltProgram, builtProgram, type Run } from '../support/built.ts'

let program: BuiltProgram
let serving: ChildProcess | undefined
let ended: Promise<Run> | undefined

beforeEach(async () => {
  program = await builtProgram()
  await program.json(['init', '--network', 'lab'])
  await program.json(['verify', 'domain', 'shop.test'])
  await program.json(['account', 'request-production', '--approve', '--max-send-rate', '100'])
})
afterEach(async () => {
  if (serving?.exitCode === null) serving.kill('SIGTERM')
  await ended
  await program.remove()
})

/** @returns what it prints when its doors are open */
async function serve(...args: readonly string[]): Promise<{ readonly Smtp: string; readonly Smtps: string; readonly Pid: number }> {
  const started = new Promise<ChildProcess>(resolve => {
    ended = program.run(
      [
        'serve',
        '--smtp',
        '127.0.0.1:0',
        '--smtps',
        '127.0.0.1:0',
        '--mx',
        '127.0.0.1:0',
        '--http',
        '127.0.0.1:0',
        '--https',
        '127.0.0.1:0',
        ...args,
        '--json',
      ],
      {
        started: resolve,
      },
    )
  })
  serving = await started
  if (!serving.stdout) throw new Error('serve has no stdout')
  const [line] = await once(serving.stdout, 'data')
  return JSON.parse(String(line))
}

async function submit(
  smtp: string,
  message: { readonly from: string; readonly to: readonly string[]; readonly size?: number },
): Promise<string> {
  const [host = '', port = ''] = smtp.split(':')
  const client = createTransport({ host, port: Number(port), ignoreTLS: true })
  const text = 'x'
    .repeat(76)
    .concat('\r\n')
    .repeat(Math.ceil((message.size ?? 100) / 78))
  const { response } = await client.sendMail({ from: message.from, to: [...message.to], subject: 'Order 7', text })
  client.close()
  return response
}

const eventsOf = async (id: string): Promise<string[]> =>
  (await program.json(['events', 'list', id])).Events.map(({ eventType }: { eventType: string }) => eventType)

test('takes mail by SMTP, delivers it, tells of it, and stops cleanly', async () => {
  const readyFile = join(program.folder, 'ready.json')
  const doors = await serve('--smtp-trust', '127.0.0.1/32', '--ready-file', readyFile)
  expect(JSON.parse(await readFile(readyFile, 'utf8'))).toEqual(doors)
  expect(doors.Pid).toBe(serving?.pid)

  const response = await submit(doors.Smtp, { from: 'ann@shop.test', to: ['bob@example.com', 'eve@example.net'] })
  expect(response).toMatch(/^250 Ok \S+$/)
  const id = response.slice('250 Ok '.length)
  const mails = await program.json(['inbox', 'wait', '--to', 'bob@example.com'])
  expect(mails.Messages[0].Authentication.Dkim[0].Result).toBe('pass')
  await program.json(['inbox', 'wait', '--to', 'eve@example.net'])

  serving?.kill('SIGTERM')
  const { code, stderr } = await (ended ?? Promise.reject(new Error('not started')))
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(await program.json(['queue', 'stats'])).toMatchObject({ Queued: 0, Active: 0, Deferred: 0, Held: 0 })
  expect((await eventsOf(id)).sort()).toEqual(['Delivery', 'Delivery', 'Send'])
})

test('refuses in the words of SES what the account may not send, and whom nobody trusts', async () => {
  const trusted = await serve('--smtp-trust', '127.0.0.1/32')
  await expect(submit(trusted.Smtp, { from: 'ann@stranger.test', to: ['bob@example.com'] })).rejects.toThrow(
    '554 Message rejected: Email address is not verified. The following identities failed the check in region US-EAST-1: ann@stranger.test',
  )
  serving?.kill('SIGTERM')
  await ended
  const untrusted = await serve()
  await expect(submit(untrusted.Smtp, { from: 'ann@shop.test', to: ['bob@example.com'] })).rejects.toThrow(
    '530 Must issue a STARTTLS command first',
  )
})

test('lets in who logs in with TLS, by either door, and tells who it was; a revoked user is shut out', async () => {
  const { UserName: user, Password: pass } = await program.json(['smtp', 'credentials', 'create'])
  const doors = await serve()
  const ca = await readFile(join(program.home, 'keys', 'tls', 'certificate.pem'))
  const clients = [
    { door: doors.Smtp, options: { requireTLS: true } },
    { door: doors.Smtps, options: { secure: true } },
  ].map(({ door, options }) => {
    const [host = '', port = ''] = door.split(':')
    return createTransport({ host, port: Number(port), tls: { ca }, auth: { user, pass }, ...options })
  })
  const mail = { from: 'ann@shop.test', to: 'bob@example.com', subject: 'x', text: 'x' }
  for (const client of clients) {
    const { response } = await client.sendMail(mail)
    const [event] = (await program.json(['events', 'list', response.slice('250 Ok '.length), '--type', 'Send'])).Events
    expect(event.mail.tags).toMatchObject({ 'ses:caller-identity': [user], 'ses:operation': ['SendSmtpEmail'] })
  }
  await program.json(['smtp', 'credentials', 'revoke', user])
  for (const client of clients) await expect(client.sendMail(mail)).rejects.toThrow('535 Authentication Credentials Invalid')
})

test('a large message goes through, and what a command leaves in the queue is taken up', async () => {
  const { Smtp } = await serve('--smtp-trust', '127.0.0.1/32')
  expect(await submit(Smtp, { from: 'ann@shop.test', to: ['bob@example.com'], size: 3_000_000 })).toMatch(/^250 Ok /)
  const large = await program.json(['inbox', 'wait', '--to', 'bob@example.com'])
  expect(large.Messages).toHaveLength(1)
  await writeFile(join(program.folder, 'text'), 'later')
  await program.json(['send', '--from', 'ann@shop.test', '--to', 'sue@example.com', '--subject', 'x', '--text', 'later', '--no-wait'])
  const left = await program.json(['inbox', 'wait', '--to', 'sue@example.com'])
  expect(left.Messages).toHaveLength(1)
})

test.each([
  [['--smtp-trust', '8.8.8.0/24'], /8\.8\.8\.0\/24/],
  [['--tls-cert', 'cert.pem'], /--tls-cert and --tls-key belong together/],
  [['--smtp', 'localhost:2587'], /'localhost:2587' is no address to listen on/],
])('serve %j is wrong usage', async (args, words) => {
  const { code, stdout, stderr } = await program.run(['serve', ...args])
  expect({ code, stdout }).toEqual({ code: 64, stdout: '' })
  expect(stderr).toMatch(words)
})

test.runIf(process.platform === 'linux')('on Linux the threads beside the one that answers clients stand back from it', async () => {
  const { Pid } = await serve()
  const others = (await readdir(`/proc/${Pid}/task`)).filter(id => id !== String(Pid))
  const own = await nicenessOf(Pid, String(Pid))
  expect(own).toBe(getPriority())
  // Four of libuv at least, and V8's.
  expect(others.length).toBeGreaterThanOrEqual(5)
  for (const id of others) expect(await nicenessOf(Pid, id)).toBe(Math.min(19, own + 10))
})

/** Field 19 of the kernel's line; the name of the thread, in parentheses, may have blanks in it. */
async function nicenessOf(pid: number, thread: string): Promise<number> {
  const line = await readFile(`/proc/${pid}/task/${thread}/stat`, 'utf8')
  return Number(line.slice(line.lastIndexOf(')') + 2).split(' ')[16])
}
