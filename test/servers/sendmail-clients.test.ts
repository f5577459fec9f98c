/** Programs that know no other way to send mail than sendmail, from Debian's packages, with a link of that name to the built program. */
import { spawn } from 'node:child_process'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type BuiltProgram, builtProgram } from '../support/built.ts'

let mailctl: BuiltProgram
let sendmail: string
let env: Record<string, string>

beforeAll(async () => {
  mailctl = await builtProgram()
  const bin = join(mailctl.folder, 'bin')
  await mkdir(bin)
  sendmail = join(bin, 'sendmail')
  await symlink(resolve('bin/mailctl.js'), sendmail)
  env = {
    PATH: `${bin}:${process.env['PATH']}`,
    HOME: mailctl.folder,
    MAILCTL_HOME: mailctl.home,
    LANG: 'C.UTF-8',
  }
  await mailctl.json(['init'])
  await mailctl.json(['config', 'set', 'hostname', 'shop.example'])
  await mailctl.json(['verify', 'domain', 'shop.example', '--key', 'rsa1024'])
  await mailctl.json(['account', 'request-production', '--approve'])
})
afterAll(() => mailctl?.remove())
beforeEach(async () => {
  await mailctl.run(['inbox', 'clear', '--yes'])
})

function run(command: string, args: readonly string[], stdin: string): Promise<{ code: number | null; output: string }> {
  const child = spawn(command, args, { env, cwd: mailctl.folder })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', text => {
      output += text
    })
  child.stdin.end(stdin)
  return new Promise((done, fail) => {
    child.on('error', fail)
    child.on('close', code => done({ code, output }))
  })
}

/** What the receivers took, as `inbox` tells it, recipients in order. */
async function took() {
  const { Messages } = await mailctl.json(['inbox', 'list'])
  const shown = await mailctl.json(['inbox', 'show', Messages[0].Id])
  const raw = (await mailctl.run(['inbox', 'show', Messages[0].Id, '--raw'])).stdout
  const to: string[] = Messages.flatMap(({ EnvelopeTo }: { EnvelopeTo: string[] }) => EnvelopeTo)
  // Without the receiver's own trace, which names the recipient of its copy.
  return { to: to.toSorted(), shown, raw: raw.slice(raw.indexOf('DKIM-Signature:')) }
}

test('a link called sendmail is one', async () => {
  expect(await run(sendmail, ['-t'], 'From: orders@shop.example\nTo: ann@gmail.com\nSubject: Hi\n\nHello\n')).toEqual({
    code: 0,
    output: '',
  })
  expect((await took()).to).toEqual(['ann@gmail.com'])
  const refused = await run(sendmail, ['-i', 'ann@gmail.com'], 'From: eve@other.example\n\nHello\n')
  expect(refused).toMatchObject({ code: 77, output: expect.stringContaining('US-EAST-1: eve@other.example') })
})

test('mutt: to, cc, bcc and an attachment', async () => {
  await writeFile(
    join(mailctl.folder, 'muttrc'),
    `set sendmail="${sendmail} -oem -oi"\nset from="Shop <orders@shop.example>"\nset use_envelope_from=yes\nset copy=no\n`,
  )
  await writeFile(join(mailctl.folder, 'list.csv'), 'a,b\n1,2\n')
  const args = ['-F', 'muttrc', '-s', 'Grüße', '-c', 'cay@example.net', '-b', 'dan@example.net', '-a', 'list.csv', '--', 'ann@gmail.com']
  expect(await run('mutt', args, 'Hello Ann\n.\nBye\n')).toEqual({ code: 0, output: '' })
  const { to, shown, raw } = await took()
  expect(to).toEqual(['ann@gmail.com', 'cay@example.net', 'dan@example.net'])
  expect(shown.Subject).toBe('Grüße')
  expect(shown.Text).toContain('Hello Ann\n.\nBye')
  expect(shown.Attachments).toMatchObject([{ Name: 'list.csv', Type: 'text/csv' }])
  expect(shown.Authentication.Dkim).toMatchObject([{ Domain: 'shop.example', Result: 'pass' }])
  expect(raw).not.toContain('dan@')
})

test('bsd-mailx: recipients behind the flags, a sender of its own', async () => {
  await writeFile(join(mailctl.folder, 'mailrc'), `set sendmail=${sendmail}\n`)
  env['MAILRC'] = join(mailctl.folder, 'mailrc')
  const args = ['-s', 'Report', '-r', 'orders@shop.example', '-c', 'cay@example.net', '-b', 'dan@example.net', 'ann@gmail.com']
  expect(await run('bsd-mailx', args, 'All is well\n')).toEqual({ code: 0, output: '' })
  const { to, shown, raw } = await took()
  expect(to).toEqual(['ann@gmail.com', 'cay@example.net', 'dan@example.net'])
  expect(shown).toMatchObject({ Subject: 'Report', From: ['orders@shop.example'] })
  expect(raw).not.toContain('dan@')
})

test('s-nail: the same, by its variable mta', async () => {
  const args = [
    '-:/',
    `-Smta=${sendmail}`,
    '-Ssendwait',
    '-r',
    'orders@shop.example',
    '-s',
    'Report',
    '-b',
    'dan@example.net',
    'ann@gmail.com',
  ]
  expect(await run('s-nail', args, 'All is well\n')).toEqual({ code: 0, output: '' })
  const { to, shown, raw } = await took()
  expect(to).toEqual(['ann@gmail.com', 'dan@example.net'])
  expect(shown).toMatchObject({ Subject: 'Report', From: ['orders@shop.example'] })
  expect(raw).not.toContain('dan@')
})

test('a refusal reaches whoever asked', async () => {
  const args = ['-:/', `-Smta=${sendmail}`, '-Ssendwait', '-r', 'eve@other.example', '-s', 'Report', 'ann@gmail.com']
  const ran = await run('s-nail', args, 'All is well\n')
  expect(ran.code).not.toBe(0)
  expect(ran.output).toContain('US-EAST-1: eve@other.example')
})
