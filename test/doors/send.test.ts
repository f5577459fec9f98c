/** compose, send, simulate, why and inspect through the terminal door, over a whole account and its lab on a virtual clock. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chooseEngine } from '../../src/adapters/sqlite/engines.ts'
import { createAccount, openApp } from '../../src/open-app.ts'
import { mailctl, type Ran, type TerminalOptions } from '../support/terminal.ts'

let folder: string
let home: string

const run = (argv: readonly string[], options: TerminalOptions = {}): Promise<Ran> =>
  mailctl(['--home', home, ...argv], { openApp, createAccount, ...options })
const json = async (argv: readonly string[], options: TerminalOptions = {}) => JSON.parse((await run([...argv, '--json'], options)).stdout)
/** A message that nothing is wrong with, but for what the flags add. */
const good = (...flags: readonly string[]): string[] => ['--from', 'bob@shop.example', '--to', 'ann@gmail.com', '--text', 'x', ...flags]
const file = (name: string, content: string | Buffer): string => {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}
const raw = (name: string, ...lines: readonly string[]): string => file(name, lines.join('\r\n'))

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mailctl-send-'))
  home = join(folder, 'home')
  await run(['init', '--clock', 'virtual', '--start', '2026-01-01T00:00:00Z', '--seed', '7'])
  await run(['verify', 'domain', 'shop.example', '--key', 'rsa1024'])
  await run(['account', 'request-production', '--approve'])
}, 60_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const queued = async (): Promise<unknown> => (await json(['queue', 'list'])).Messages ?? (await json(['queue', 'list']))

describe('bad input ends with its exit code and one helpful line, and stores nothing', () => {
  interface Bad {
    readonly argv: () => readonly string[]
    readonly code: number
    readonly says: RegExp
    /** The hint. */
    readonly helps: RegExp
  }
  const attach = (spec: string) => () => ['send', ...good('--attach', spec)]
  const message =
    (...lines: readonly string[]) =>
    () => ['send', '--raw', raw('bad.eml', ...lines)]
  const from = 'From: bob@shop.example'
  const to = 'To: ann@gmail.com'

  const cases: Readonly<Record<string, Bad>> = {
    'unknown flag': { argv: () => ['send', '--frm', 'a@b.c'], code: 64, says: /^unknown option '--frm'$/, helps: /Did you mean '--from'/ },
    'no home': {
      argv: () => ['send', '--home', join(folder, 'none'), ...good()],
      code: 78,
      says: /^there is no account in /,
      helps: /mailctl init/,
    },
    'no sender': { argv: () => ['send', '--to', 'a@b.c'], code: 64, says: /no sender/, helps: /--from/ },
    'no recipient': { argv: () => ['send', '--from', 'bob@shop.example'], code: 65, says: /no recipient/, helps: /--to/ },
    'unverified sender': {
      argv: () => ['send', '--from', 'eve@other.example', '--to', 'ann@gmail.com'],
      code: 77,
      says: /^Email address is not verified\. .*: eve@other\.example$/,
      helps: /mailctl verify/,
    },
    'unverified return path': {
      argv: () => ['send', ...good('--return-path', 'a@b.example')],
      code: 77,
      says: /a@b\.example$/,
      helps: /./,
    },
    'malformed address': {
      argv: () => ['send', ...good('--cc', 'ann at gmail')],
      code: 65,
      says: /'ann at gmail' has no @/,
      helps: /Write/,
    },
    'local part that is not ASCII': {
      argv: () => ['send', ...good('--cc', 'jörg@a.example')],
      code: 65,
      says: /not ASCII/,
      helps: /Write/,
    },
    'two senders': {
      argv: () => ['send', ...good(), '--from', 'a@shop.example, b@shop.example'],
      code: 65,
      says: /more than one address/,
      helps: /./,
    },
    'missing attachment': { argv: attach('missing.pdf'), code: 66, says: /^File 'missing\.pdf' does not exist$/, helps: /path/ },
    'attachment that is a folder': { argv: () => attach(folder)(), code: 66, says: /is a directory$/, helps: /./ },
    'blocked file type': { argv: () => attach(file('a.exe', 'MZ'))(), code: 65, says: /^Illegal filename 'a\.exe'\.$/, helps: /archive/ },
    'attachment that calls itself a folder': {
      argv: () => attach(`${file('x.txt', 'x')};name=../x`)(),
      code: 65,
      says: /Illegal/,
      helps: /./,
    },
    'blocked file type in a raw message': {
      argv: message(from, to, 'Content-Type: multipart/mixed; boundary=b', '', '--b', 'Content-Type: a/b; name=a.exe', '', 'MZ', '--b--'),
      code: 65,
      says: /^Illegal filename 'a\.exe'\.$/,
      helps: /archive/,
    },
    'header injection': {
      argv: () => ['send', ...good('--header', 'X-A: b\r\nBcc: eve@b.example')],
      code: 65,
      says: /'X-A'/,
      helps: /Line breaks/,
    },
    'subject on two lines': { argv: () => ['send', ...good('--subject', 'a\nX: b')], code: 65, says: /'Subject'/, helps: /one line/ },
    'duplicate header': {
      argv: () => ['send', ...good('--header', 'From: eve@b.example')],
      code: 65,
      says: /^Duplicate header 'From'/,
      helps: /one/,
    },
    'two From fields': { argv: message(from, from, to, '', 'x'), code: 65, says: /^Duplicate header 'From'/, helps: /one/ },
    'two From addresses': {
      argv: message(`${from}, a@shop.example`, to, '', 'x'),
      code: 65,
      says: /must hold one address/,
      helps: /Reply-To/,
    },
    'raw message without recipients': { argv: message(from, '', 'x'), code: 65, says: /no recipients/, helps: /--to/ },
    'raw message of nothing': {
      argv: () => ['send', '--raw', file('empty', '')],
      code: 65,
      says: /Missing required header 'From'/,
      helps: /./,
    },
    'line above 998 octets': { argv: message(from, to, '', 'x'.repeat(999)), code: 65, says: /^Line 4 /, helps: /base64/ },
    'NUL in a header': { argv: message(from, to, 'X-A: \0', '', 'x'), code: 65, says: /NUL/, helps: /./ },
    'more than 50 recipients': {
      argv: () => ['send', ...good(), ...Array.from({ length: 50 }, (_, n) => ['--to', `u${n}@a.example`]).flat()],
      code: 65,
      says: /51 recipients/,
      helps: /several messages/,
    },
    'a raw message and a text': { argv: () => ['send', '--raw', file('m.eml', ''), '--text', 'x'], code: 64, says: /--text/, helps: /./ },
    'missing raw message': { argv: () => ['send', '--raw', 'missing.eml'], code: 66, says: /missing\.eml/, helps: /./ },
    'an empty idempotency key': {
      argv: () => ['send', ...good('--idempotency-key', '')],
      code: 65,
      says: /key is empty/,
      helps: /order-17/,
    },
    'a tag that is none': { argv: () => ['send', ...good('--tag', 'a b=c')], code: 65, says: /^Invalid tag name/, helps: /flow=receipt/ },
    'stdin for two texts': {
      argv: () => ['send', ...good(), '--text', '-', '--html', '@-'],
      code: 64,
      says: /--text and by --html/,
      helps: /@file/,
    },
    'a time that is none': { argv: () => ['send', ...good('--timeout', '5')], code: 64, says: /not a duration/, helps: /90s/ },
    'a configuration set that is not there': { argv: () => ['send', ...good('--config-set', 'x')], code: 1, says: /<x>/, helps: /./ },
    'a calendar that is none': {
      argv: () => ['send', ...good('--calendar', file('c', 'x'))],
      code: 65,
      says: /not a calendar/,
      helps: /./,
    },
    'an outcome that is none': { argv: () => ['simulate', 'succes'], code: 64, says: /'succes'/, helps: /success, bounce/ },
    'a label that is none': { argv: () => ['simulate', 'bounce', '--label', 'a b'], code: 64, says: /'a b'/, helps: /letters/ },
    'an unknown message': { argv: () => ['why', 'nope'], code: 1, says: /no message nope/, helps: /queue list/ },
    'an address of a client that is none': {
      argv: () => ['inspect', '--ip', '999', file('i.eml', '')],
      code: 64,
      says: /'999'/,
      helps: /192/,
    },
    'DNS server that does not answer': {
      argv: () => ['verify', 'domain', 'other.example', '--resolver', '127.0.0.1:1'],
      code: 69,
      says: /127\.0\.0\.1:1 does not answer/,
      helps: /--resolver/,
    },
  }

  test.each(Object.entries(cases))('%s', async (_, { argv, code, says, helps }) => {
    const before = await queued()
    const ran = await run([...argv()])
    expect(ran).toMatchObject({ code, stdout: '' })
    const [first = '', hint = '', ...rest] = ran.stderr.split('\n')
    expect(first.replace(/^mailctl: /, '')).toMatch(says)
    expect(hint).toMatch(/^ {2}\S/)
    expect(hint).toMatch(helps)
    expect(rest).toEqual([''])
    const quiet = await run([...argv(), '--json'])
    expect(quiet).toMatchObject({ code, stdout: '' })
    expect(JSON.parse(quiet.stderr).Error).toMatchObject({ Code: expect.any(String), Message: first.replace(/^mailctl: /, '') })
    expect(await queued()).toEqual(before)
  })

  test('store that another process keeps locked', { timeout: 30_000 }, async () => {
    const other = chooseEngine().open(join(home, 'account.db'))
    try {
      other.exec('BEGIN IMMEDIATE')
      const ran = await run(['send', ...good()])
      expect(ran).toMatchObject({ code: 74, stdout: '' })
      expect(ran.stderr).toMatch(/^mailctl: cannot use .*account\.db: another process keeps it locked.*\n {2}Try again;.*\n$/)
    } finally {
      other.close()
    }
  })

  test('disk full while spooling', { timeout: 30_000, skip: process.platform === 'win32' }, () => {
    const big = file('big.txt', Buffer.alloc(3_000_000, 'x'))
    // A limit on the size of files fails as a full disk does.
    const script = 'ulimit -f 2000; "$0" "$@"'
    const { status, stdout, stderr } = spawnSync(
      'sh',
      ['-c', script, process.execPath, 'bin/mailctl.js', 'send', ...good('--attach', big)],
      {
        env: { PATH: process.env['PATH'], MAILCTL_HOME: home },
        encoding: 'utf8',
      },
    )
    expect({ status, stdout }).toEqual({ status: 74, stdout: '' })
    expect(stderr).toMatch(/^mailctl: cannot spool the message: disk full .*\n {2}Free some space and try again; nothing was stored\.\n$/)
    expect(readdirSync(join(home, 'spool'))).toEqual([])
  })
})

describe('compose', () => {
  const bodyOf = async (argv: readonly string[], options: TerminalOptions = {}): Promise<string> => {
    const { code, stdout, stderr } = await run(['compose', ...argv], options)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    return stdout.slice(stdout.indexOf('\r\n\r\n') + 4)
  }
  const to = ['--from', 'bob@shop.example', '--to', 'ann@gmail.com']

  test('text is written, read from a file or from stdin, and @@ starts an @', async () => {
    const path = file('text.txt', '@home\n')
    expect(await bodyOf([...to, '--text', 'Hello'])).toBe('Hello\r\n')
    expect(await bodyOf([...to, '--text', `@${path}`])).toBe('@home\r\n')
    expect(await bodyOf([...to, '--text', '@@home'])).toBe('@home\r\n')
    expect(await bodyOf([...to, '--text', '@'])).toBe('@\r\n')
    for (const stdin of ['Hello\n', '@home\n', '@@home\n']) {
      for (const value of ['-', '@-']) expect(await bodyOf([...to, '--text', value], { stdin })).toBe(stdin.replace('\n', '\r\n'))
    }
    expect(await bodyOf([...to, '--html', '-'], { stdin: '<b>x</b>\n' })).toBe('<b>x</b>\r\n')
  })

  test('the same flags give the same octets', async () => {
    const argv = ['compose', ...good('--html', '<b>x</b>', '--attach', file('a.txt', 'x'), '--deterministic')]
    const { stdout } = await run(argv)
    expect((await run(argv)).stdout).toBe(stdout)
    expect((await run([...argv, '--subject', 'other'])).stdout).not.toBe(stdout)
  })

  test('-o leaves the message and nothing beside it', async () => {
    const target = join(folder, 'out')
    mkdirSync(target)
    expect(await json(['compose', ...good('-o', join(target, 'a.eml'))])).toEqual({
      File: join(target, 'a.eml'),
      Recipients: ['ann@gmail.com'],
    })
    expect(readFileSync(join(target, 'a.eml'), 'utf8')).toMatch(/^From: bob@shop\.example\r\n[\s\S]*\r\n\r\nx\r\n$/)
    writeFileSync(join(target, 'b.eml.partial'), 'left by someone else')
    expect((await run(['compose', ...good('-o', join(target, 'b.eml'))])).code).toBe(0)
    const blocked = await run(['compose', ...good('--attach', 'missing', '-o', join(target, 'c.eml'))])
    expect(blocked.code).toBe(66)
    expect(readdirSync(target).sort()).toEqual(['a.eml', 'b.eml', 'b.eml.partial'])
    expect(await run(['compose', ...good('--json')])).toMatchObject({ code: 64, stdout: '' })
  })

  test('an interruption leaves no file', async () => {
    const ran = await run(['compose', ...good('-o', join(folder, 'stopped.eml'))], { signal: AbortSignal.abort() })
    expect(ran).toEqual({ code: 130, stdout: '', stderr: 'mailctl: interrupted\n' })
    expect(readdirSync(folder).filter(name => name.startsWith('stopped'))).toEqual([])
  })

  test('a signature made before sending holds at the receiver beside that of the sending', async () => {
    const { stdout } = await run(['compose', ...good('--html', '<b>x</b>', '--list-unsubscribe', 'https://shop.example/u', '--sign')])
    expect(stdout).toMatch(/^DKIM-Signature: /)
    expect(stdout).not.toMatch(/^(?:Date|Message-ID|Return-Path):/im)
    expect(/h=([^;]*);/.exec(stdout)?.[1]?.replace(/\s/g, '')).toContain(':List-Unsubscribe:List-Unsubscribe-Post')
    expect(await json(['send', '--raw', '-'], { stdin: stdout })).toMatchObject({ Recipients: [{ Status: 'DELIVERED' }] })
    const [newest] = (await json(['inbox', 'list', '--to', 'ann@gmail.com'])).Messages
    expect(newest.Authentication.Dkim).toMatchObject([
      { Domain: 'shop.example', Result: 'pass' },
      { Domain: 'shop.example', Result: 'pass' },
    ])
  })
})

describe('send', () => {
  test('to people and to --json', async () => {
    const ran = await run(['send', ...good('--bcc', 'carl@web.de')])
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    expect(ran.stdout).toMatch(
      /^Accepted (\S+)\n {2}ann@gmail\.com {2}delivered {2}gmail-smtp-in\.l\.google\.com \(TLSv1\.3\) {2}250 .*\n {2}carl@web\.de {2}delivered {2}.*\n$/,
    )
    expect(await json(['send', ...good()])).toEqual({
      MessageId: expect.stringMatching(/^0100[0-9a-f]{12}-[0-9a-f-]{36}-000000$/),
      Recipients: [
        {
          EmailAddress: 'ann@gmail.com',
          Status: 'DELIVERED',
          SmtpResponse: expect.stringMatching(/^250 /),
          RemoteMta: 'gmail-smtp-in.l.google.com',
          RemoteMtaIp: '127.0.0.1',
          TlsVersion: 'TLSv1.3',
          Attempts: 1,
        },
      ],
    })
  })

  test('deferred is 75 even beside a bounce, a bounce alone is 1, and both are results', async () => {
    const argv = ['send', '--from', 'bob@shop.example', '--to', 'u@nouser.test', '--text', 'x']
    expect((await run(argv)).code).toBe(1)
    await run(['suppression', 'remove', 'u@nouser.test', '--yes'])
    const both = await run([...argv, '--to', 'u@down.test', '--json'])
    expect(both.code).toBe(75)
    expect(JSON.parse(both.stdout).Recipients).toMatchObject([
      { Status: 'BOUNCED', SmtpResponse: expect.stringMatching(/^550 5\.1\.1 /) },
      { Status: 'DEFERRED', NextAttemptTimestamp: expect.stringMatching(/^2026-01-01T/) },
    ])
    expect(await run([...argv, '--to', 'u@down.test', '--wait'])).toMatchObject({ code: 1 })
    const suppressed = await run([...argv, '--no-wait', '--json'])
    expect(JSON.parse(suppressed.stdout).Recipients).toMatchObject([{ EmailAddress: 'u@nouser.test', Status: 'SUPPRESSED' }])
    expect(suppressed.code).toBe(0)
  })

  test('--dry-run stores nothing', async () => {
    const before = await json(['quota'])
    expect(await json(['send', ...good('--dry-run')])).toEqual({ DryRun: true, Recipients: [{ EmailAddress: 'ann@gmail.com' }] })
    expect(await json(['quota'])).toEqual(before)
  })

  test('a MAIL FROM domain that is required and not verified is refused, by a dry run too', async () => {
    await run(['verify', 'domain', 'strict.example', '--key', 'rsa1024'])
    await run(['identity', 'set', 'strict.example', '--mail-from', 'bounce', '--on-mx-failure', 'reject'])
    const argv = ['send', '--from', 'a@strict.example', '--to', 'ann@gmail.com', '--text', 'x']
    for (const dryRun of [[], ['--dry-run']]) {
      const ran = await run([...argv, ...dryRun])
      expect(ran).toMatchObject({
        code: 77,
        stdout: '',
        stderr: expect.stringMatching(/^mailctl: The MAIL FROM domain bounce\.strict\.example /),
      })
    }
    await run(['verify', 'domain', 'strict.example'])
    expect((await run(argv)).code).toBe(0)
  })

  test('--no-wait accepts, queue flush delivers', async () => {
    const { MessageId } = await json(['send', ...good('--no-wait')])
    expect((await run(['why', MessageId])).stdout).toContain('ann@gmail.com  queued')
    await run(['queue', 'flush'])
    expect((await run(['why', MessageId])).stdout).toContain('ann@gmail.com  delivered')
  })

  test('an idempotency key sends once, and again costs neither token nor quota', async () => {
    const argv = ['send', ...good('--idempotency-key', 'order-1', '--no-wait')]
    const first = await json(argv)
    const { SentLast24Hours } = await json(['quota'])
    await run(['account', 'request-production', '--approve', '--max-24h-send', String(SentLast24Hours), '--max-send-rate', '1'])
    const again = await run([...argv, '--json'])
    await run(['account', 'request-production', '--approve', '--max-24h-send', '50000', '--max-send-rate', '14'])
    expect(again).toMatchObject({ code: 0, stderr: 'the idempotency key was used before: this is the earlier message\n' })
    expect(JSON.parse(again.stdout).MessageId).toBe(first.MessageId)
    expect((await json(['quota'])).SentLast24Hours).toBe(SentLast24Hours)
  })

  test('quota and rate are 75 and say so', async () => {
    await run(['account', 'request-production', '--approve', '--max-send-rate', '1'])
    try {
      expect((await run(['send', ...good('--no-wait')])).code).toBe(0)
      const refused = await run(['send', ...good('--no-wait')])
      expect(refused).toMatchObject({ code: 75, stdout: '', stderr: expect.stringMatching(/^mailctl: Maximum sending rate exceeded\.\n/) })
      expect((await run(['send', ...good()])).code).toBe(0)
      await run(['account', 'request-production', '--approve', '--max-24h-send', '1'])
      expect(await run(['send', ...good()])).toMatchObject({ code: 75, stdout: '', stderr: expect.stringMatching(/quota exceeded/) })
    } finally {
      await run(['account', 'request-production', '--approve', '--max-24h-send', '50000', '--max-send-rate', '14'])
    }
  })

  test('interrupted before it is accepted it stores nothing; afterwards it says that it is accepted', async () => {
    const before = await json(['quota'])
    expect(await run(['send', ...good()], { signal: AbortSignal.abort() })).toEqual({
      code: 130,
      stdout: '',
      stderr: 'mailctl: interrupted\n',
    })
    expect(await json(['quota'])).toEqual(before)
    expect(readdirSync(join(home, 'spool'))).toEqual([])

    const controller = new AbortController()
    const ran = await run(['send', '--from', 'bob@shop.example', '--to', 'u@slow.test', '--text', 'x'], {
      signal: controller.signal,
      openApp: async (config, options) => {
        const app = await openApp(config, options)
        const accept: typeof app.store.accept = async (...message) => {
          const admission = await app.store.accept(...message)
          controller.abort()
          return admission
        }
        return { ...app, store: { ...app.store, accept } }
      },
    })
    expect(ran).toMatchObject({ code: 130, stdout: '' })
    const id = /^mailctl: interrupted\n {2}Message (\S+) was accepted and waits in the queue\. mailctl queue flush delivers it\.\n$/.exec(
      ran.stderr,
    )?.[1]
    expect((await run(['queue', 'flush'])).code).toBe(0)
    expect((await run(['why', id ?? ''])).stdout).toContain('u@slow.test  delivered')
  })

  test('a report that was received once can be sent on: its null return path is not a sender', async () => {
    const path = raw('report.eml', 'Return-Path: <>', 'From: bob@shop.example', 'To: ann@gmail.com', '', 'x')
    expect((await run(['send', '--raw', path])).code).toBe(0)
  })
})

describe('simulate, why, inspect', () => {
  test('each outcome, and the report that a bounce brings', async () => {
    for (const outcome of ['success', 'bounce', 'delay'])
      expect(await run(['simulate', outcome, '--label', 'l-1', '--tag', 'a=b'])).toMatchObject({ code: 0, stderr: '' })
    const { MessageId, Outcome, Events } = await json(['simulate', 'bounce', '--from', 'sim@shop.example', '--tag', 'flow=test'])
    expect(Outcome).toBe('bounce')
    expect(Events).toMatchObject([
      { eventType: 'Send', mail: { messageId: MessageId, tags: { flow: ['test'] } } },
      { eventType: 'Bounce', bounce: { bounceType: 'Permanent', bouncedRecipients: [{ emailAddress: 'bounce@simulator.amazonses.com' }] } },
    ])
    const [report] = (await json(['inbox', 'list', '--to', 'sim@shop.example'])).Messages
    const { stdout } = await run(['inbox', 'show', report.Id, '--raw'])
    const inspected = JSON.parse((await run(['inspect', '--json', '-'], { stdin: stdout })).stdout)
    expect(Object.keys(inspected)).toEqual(['File', 'From', 'To', 'Subject', 'Text', 'Html', 'Attachments', 'Authentication', 'Report'])
    expect(inspected.Report).toEqual({
      Kind: 'DSN',
      Recipients: [
        {
          EmailAddress: 'bounce@simulator.amazonses.com',
          Action: 'failed',
          Status: '5.1.1',
          DiagnosticCode: 'smtp; 550 5.1.1 user unknown',
          BounceType: 'Permanent',
          BounceSubType: expect.any(String),
        },
      ],
      FeedbackType: null,
    })
  })

  test('why tells the dialogue and the Message-ID that was given', async () => {
    const sent = await run(['send', ...good('--message-id', 'mine@shop.example', '--json')])
    expect(sent.stderr).toMatch(/^warning: the Message-ID field was overwritten/)
    const why = await json(['why', JSON.parse(sent.stdout).MessageId])
    expect(why).toMatchObject({ CallerMessageId: 'mine@shop.example', Recipients: [{ Status: 'DELIVERED', Attempts: 1 }] })
    expect(why.Timeline.map(({ Kind }: { Kind: string }) => Kind)).toEqual(['ACCEPTED', 'EVENT', 'ATTEMPT', 'EVENT'])
    expect(why.Rules.map(({ Rule }: { Rule: string }) => Rule)).toEqual([
      'IDENTITY',
      'SANDBOX',
      'QUOTA',
      'RATE',
      'CONFIGURATION_SET',
      'SUPPRESSION',
      'MAIL_FROM',
      'SIGNATURE',
      'TLS',
      'LIFETIME',
    ])
    expect((await run(['why', JSON.parse(sent.stdout).MessageId])).stdout).toMatch(
      /\n {2}quota +\d+ of 50000 used in 24 hours; this message has 1 recipient\n/,
    )
    expect(why.Timeline[2].Transcript.join('\n')).toMatch(/> STARTTLS\n[\s\S]*> RCPT TO:<ann@gmail\.com>\n/)
  })

  test('inspect takes several files, one object a line, in order; a file that cannot be read leaves stdout empty', async () => {
    const a = raw('a.eml', 'From: a@shop.example', 'Subject: a', '', 'x')
    const b = raw('b.eml', 'From: b@shop.example', 'Subject: b', '', 'x')
    const { code, stdout } = await run(['inspect', a, b, '--json'])
    expect(code).toBe(0)
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map(line => JSON.parse(line).Subject),
    ).toEqual(['a', 'b'])
    expect(await run(['inspect', a, join(folder, 'none'), '--json'])).toMatchObject({ code: 66, stdout: '' })
  })
})
