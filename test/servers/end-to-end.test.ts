/**
 * The whole way as a user goes it, with the built program and real servers: records into Debian's BIND and verified there, mail to
 * Debian's Postfix over STARTTLS, and two independent verifiers that find it authentic with the keys that BIND gives out.
 */
import { execFile, spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Bind, startBind } from '../support/bind.ts'
import { type BuiltProgram, builtProgram } from '../support/built.ts'
import { type Postfix, startPostfix } from '../support/postfix.ts'

interface ShownRecord {
  readonly Purpose: string
  readonly Type: string
  readonly Name: string
  readonly Value: string
  readonly Status: string
}

let bind: Bind
let postfix: Postfix
let mailctl: BuiltProgram
/** How many messages the maildir must hold by now. */
let sent = 0

beforeAll(async () => {
  bind = await startBind({ 'shop.test': '' })
  postfix = await startPostfix({ hostName: 'mx.example.test', domain: 'example.test' })
  mailctl = await builtProgram()
})
afterAll(async () => {
  await bind?.stop()
  await postfix?.stop()
  await mailctl?.remove()
})

const resolver = (): string => `127.0.0.1:${bind.port}`
const sha256 = (octets: Buffer): string => createHash('sha256').update(octets).digest('hex')

/** The one new message in Postfix's maildir that has this subject, as octets with CRLF line ends and without the fields put on top. */
async function arrived(marker: string): Promise<Buffer> {
  sent += 1
  const messages = await postfix.delivered(sent)
  const found = messages.filter(message => message.includes(marker))
  expect(found).toHaveLength(1)
  const text = found[0]?.toString('latin1').replaceAll('\n', '\r\n') ?? ''
  return Buffer.from(text, 'latin1')
}

/** TXT records below `_domainkey` as dig reads them from BIND, joined as RFC 6376 §3.6.2.2 says. */
async function keysInBind(): Promise<Record<string, string>> {
  const { DnsRecords } = await mailctl.json(['dns', 'plan', 'shop.test'])
  const names: string[] = DnsRecords.filter(({ Purpose }: ShownRecord) => Purpose === 'DKIM').map(({ Name }: ShownRecord) => Name)
  const entries = names.map(async name => {
    const [line = ''] = await bind.dig(name, 'TXT')
    const strings = [...line.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, text = '']) => text.replace(/\\(.)/g, '$1'))
    return [name, strings.join('')] as const
  })
  return Object.fromEntries(await Promise.all(entries))
}

function judge(program: string, script: string, file: string, dns: Record<string, string>): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const child = execFile(program, [fileURLToPath(new URL(script, import.meta.url))], (error, stdout, stderr) => {
      if (error) reject(new Error(`${program}: ${stderr || error.message}`))
      else resolve(JSON.parse(stdout)[0])
    })
    child.stdin?.end(JSON.stringify({ files: [file], dns }))
  })
}

async function expectAuthentic(message: Buffer): Promise<void> {
  const file = join(mailctl.folder, `${sha256(message)}.eml`)
  await writeFile(file, message)
  const dns = await keysInBind()
  expect(await judge('/usr/bin/python3', 'dkim-verifiers.py', file, dns)).toEqual(['pass'])
  expect(await judge('/usr/bin/perl', 'dkim-verifiers.pl', file, dns)).toEqual([['rsa-sha256', 'pass']])
  // The judges look at the key: with the key of another they say no.
  const [name = ''] = Object.keys(dns)
  const others = Object.fromEntries(Object.keys(dns).map(each => [each, dns[each === name ? (Object.keys(dns)[1] ?? '') : name] ?? '']))
  expect(await judge('/usr/bin/perl', 'dkim-verifiers.pl', file, others)).toEqual([['rsa-sha256', 'fail']])
}

/** Leaves of a message as Python's email package reads them. */
const READ = `
import sys, json, hashlib
from email import message_from_bytes, policy
m = message_from_bytes(sys.stdin.buffer.read(), policy=policy.SMTP)
print(json.dumps({'tls': str(m['Received']), 'leaves': [[p.get_content_type(), p.get_filename(), hashlib.sha256(p.get_payload(decode=True)).hexdigest(), p.get_content() if p.get_content_maintype() == 'text' else None] for p in m.walk() if not p.is_multipart()]}))
`
function readByPython(message: Buffer): { tls: string; leaves: [string, string | null, string, string | null][] } {
  const { stdout, stderr, status } = spawnSync('/usr/bin/python3', ['-c', READ], { input: message, maxBuffer: 64 * 2 ** 20 })
  if (status !== 0) throw new Error(stderr.toString())
  return JSON.parse(stdout.toString())
}

const sendTo = (to: string, ...words: readonly string[]): string[] => ['send', '--from', 'Shop <orders@shop.test>', '--to', to, ...words]
/** Postfix answered, over TLS. */
const DELIVERED = {
  Status: 'DELIVERED',
  SmtpResponse: expect.stringMatching(/^250 2\.0\.0 Ok: queued as /),
  TlsVersion: 'TLSv1.3',
  RemoteMtaIp: '127.0.0.1',
  Attempts: 1,
}

test('an account in relay mode, out of the sandbox', async () => {
  expect((await mailctl.run(['init', '--network', 'relay'])).code).toBe(0)
  await mailctl.json(['config', 'set', 'network', 'relay'])
  await mailctl.json(['config', 'set', 'hostname', 'mta.shop.test'])
  await mailctl.json(['config', 'set', 'relay', `smtp://127.0.0.1:${postfix.port}`])
  await mailctl.json(['account', 'request-production', '--approve'])
  expect(await mailctl.json(['account', 'show'])).toMatchObject({ ProductionAccessEnabled: true })
})

test('while its records stand nowhere, the domain is not verified and nothing may be sent', async () => {
  const shown = await mailctl.json(['verify', 'domain', 'shop.test', '--resolver', resolver()], 1)
  expect(shown.VerifiedForSendingStatus).toBe(false)
  expect(shown.DnsRecords.map(({ Status }: ShownRecord) => Status)).toEqual(['MISSING', 'MISSING', 'MISSING', 'MISSING', 'MISSING'])
  const refused = await mailctl.run(sendTo('ann@example.test', '--subject', 'early', '--text', 'x', '--json'))
  expect([refused.code, refused.stdout]).toEqual([77, ''])
  expect(JSON.parse(refused.stderr)).toMatchObject({ Error: { Code: 'MessageRejected' } })
})

test('its records are published into BIND by RFC 2136 with TSIG and verified there', async () => {
  const words = ['--publish', `rfc2136://127.0.0.1:${bind.port}`, '--tsig-file', bind.keyFile]
  const published = await mailctl.json(['dns', 'publish', 'shop.test', ...words])
  expect(published.DnsRecords.map(({ Action }: { Action: string }) => Action)).toEqual(Array(5).fill('ADDED'))
  const verified = await mailctl.json(['verify', 'domain', 'shop.test', ...words, '--resolver', resolver()])
  expect(verified).toMatchObject({ VerifiedForSendingStatus: true, VerificationStatus: 'SUCCESS', DkimAttributes: { Status: 'SUCCESS' } })
  expect(verified.DnsRecords.map(({ Status }: ShownRecord) => Status)).toEqual(Array(5).fill('FOUND'))
  // An independent client sees the same octets.
  const keys = await keysInBind()
  for (const { Purpose, Name, Value } of verified.DnsRecords as ShownRecord[]) if (Purpose === 'DKIM') expect(keys[Name]).toBe(Value)
})

test('an attachment reaches Postfix over STARTTLS, authentic and octet for octet', async () => {
  const octets = randomBytes(150_000)
  const file = join(mailctl.folder, 'Bericht März.bin')
  await writeFile(file, octets)
  const words = ['--subject', 'with-an-attachment', '--text', 'The report is attached.', '--attach', file]
  const shown = await mailctl.json(sendTo('ann@example.test', ...words))
  expect(shown.Recipients).toEqual([expect.objectContaining({ EmailAddress: 'ann@example.test', ...DELIVERED })])
  const message = await arrived('with-an-attachment')
  await expectAuthentic(message)
  const { tls, leaves } = readByPython(message)
  expect(tls).toContain('using TLSv1.3')
  expect(leaves).toHaveLength(2)
  expect(leaves[0]?.[3]?.trim()).toBe('The report is attached.')
  expect(leaves[1]?.slice(1, 3)).toEqual(['Bericht März.bin', sha256(octets)])
})

test('a text alone', async () => {
  const text = 'Zeile 1\n.\n..dots and trailing space \n\nFrom here\n\n\n'
  const shown = await mailctl.run(sendTo('bob@example.test', '--subject', 'text-alone', '--text', text))
  expect([shown.code, shown.stderr]).toEqual([0, ''])
  expect(shown.stdout).toContain('delivered')
  const message = await arrived('text-alone')
  await expectAuthentic(message)
  expect(readByPython(message).leaves.map(leaf => leaf[3]?.replaceAll('\r\n', '\n').trimEnd())).toEqual([text.trimEnd()])
})

test('HTML with a picture in it, and an attachment', async () => {
  const picture = join(mailctl.folder, 'dot.png')
  const pdf = join(mailctl.folder, 'invoice.pdf')
  const png = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), randomBytes(5_000)])
  await writeFile(picture, png)
  await writeFile(pdf, '%PDF-1.7\nnot much\n')
  const html = '<p>Grüße <img src="cid:dot@shop.test"></p>'
  const words = ['--subject', 'html-inline', '--text', 'Grüße', '--html', html, '--inline', `${picture};cid=dot@shop.test`, '--attach', pdf]
  const shown = await mailctl.json(sendTo('Ann <ann@example.test>', ...words, '--cc', 'bob@example.test'))
  expect(shown.Recipients).toHaveLength(2)
  for (const recipient of shown.Recipients) expect(recipient).toMatchObject(DELIVERED)
  // Postfix keeps one copy for each recipient.
  sent += 1
  const messages = (await postfix.delivered(sent + 1)).filter(message => message.includes('html-inline'))
  sent += 1
  expect(messages).toHaveLength(2)
  const message = Buffer.from(messages[0]?.toString('latin1').replaceAll('\n', '\r\n') ?? '', 'latin1')
  await expectAuthentic(message)
  const { leaves } = readByPython(message)
  expect(leaves.map(([type]) => type)).toEqual(['text/plain', 'text/html', 'image/png', 'application/pdf'])
  expect(leaves[1]?.[3]?.trim()).toBe(html)
  expect(leaves[2]?.[2]).toBe(sha256(png))
})

test('a raw message with 8-bit octets in no known charset', async () => {
  const raw = Buffer.from(
    'From: Shop <orders@shop.test>\nTo: ann@example.test\nSubject: raw-octets\nMIME-Version: 1.0\n' +
      'Content-Type: text/plain; charset=unknown-8bit\nContent-Transfer-Encoding: 8bit\n\n\x80\xff\xfe caf\xe9  \t\n.\n\xc3\x28\n',
    'latin1',
  )
  const shown = await mailctl.run(['send', '--raw', '-', '--json'], { stdin: raw })
  expect(shown.code).toBe(0)
  expect(JSON.parse(shown.stdout).Recipients).toEqual([expect.objectContaining(DELIVERED)])
  const message = await arrived('raw-octets')
  await expectAuthentic(message)
  expect(message.toString('latin1').endsWith('\r\n\r\n\x80\xff\xfe caf\xe9  \t\r\n.\r\n\xc3\x28\r\n')).toBe(true)
})

test('while the relay is down mail is deferred, and a flush delivers it when it is up', async () => {
  const port = await closedPort()
  await mailctl.json(['config', 'set', 'relay', `smtp://127.0.0.1:${port}`])
  const shown = await mailctl.json(sendTo('ann@example.test', '--subject', 'patience', '--text', 'x'), 75)
  expect(shown.Recipients).toEqual([expect.objectContaining({ Status: 'DEFERRED', NextAttemptTimestamp: expect.any(String), Attempts: 1 })])
  expect(await mailctl.json(['queue', 'stats'])).toMatchObject({ Queued: 0, Deferred: 1 })
  await mailctl.json(['config', 'set', 'relay', `smtp://127.0.0.1:${postfix.port}`])
  expect(await mailctl.json(['queue', 'flush'])).toEqual({ Attempted: 1, Queued: 0, Active: 0, Deferred: 0, Held: 0 })
  await expectAuthentic(await arrived('patience'))
})

test('a key that is gone from BIND is reported missing, by name', async () => {
  const { DnsRecords } = await mailctl.json(['verify', 'domain', 'shop.test', '--resolver', resolver()])
  const gone: string = DnsRecords[1].Name
  const update = spawnSync('nsupdate', ['-k', bind.keyFile], {
    input: `server 127.0.0.1 ${bind.port}\nzone shop.test\nupdate delete ${gone}. TXT\nsend\n`,
  })
  expect(update.stderr.toString()).toBe('')
  expect(await bind.dig(gone, 'TXT')).toEqual([])
  const shown = await mailctl.json(['verify', 'domain', 'shop.test', '--resolver', resolver()], 1)
  const missing = shown.DnsRecords.filter(({ Status }: ShownRecord) => Status !== 'FOUND')
  expect(missing).toEqual([expect.objectContaining({ Purpose: 'DKIM', Name: gone, Status: 'MISSING', Found: [] })])
})

/** A port that nobody listens on: it was free a moment ago. */
async function closedPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  await new Promise(done => server.close(done))
  if (address === null || typeof address === 'string') throw new Error('no free port')
  return address.port
}
