/** Our DNS against Debian's BIND and its tools: published by RFC 2136 with TSIG, seen by dig, verified as a user would. */
import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { App } from '../../src/operations/app.ts'
import { type Bind, dig, startBind } from '../support/bind.ts'
import { type IdentityHome, identityHome } from '../support/identity-app.ts'
import { mailctl, type TerminalOptions } from '../support/terminal.ts'

let bind: Bind
beforeAll(async () => {
  bind = await startBind({
    'shop.test': '@ IN TXT "v=spf1 mx -all"\n@ IN TXT "site-verification=abc"',
    'plain.test': '',
    'other.test': '_dmarc IN TXT "v=DMARC1; p=reject; rua=mailto:d@other.test"\nbounce IN MX 5 mx.elsewhere.test.',
  })
})
afterAll(() => bind.stop())

/** The command line on this home, in relay mode, with everything as the program opens it. */
function terminal(home: IdentityHome, more: TerminalOptions = {}) {
  const openApp: NonNullable<TerminalOptions['openApp']> = async config =>
    home.open({ network: config.settings.network, resolver: config.resolver }) as unknown as App & { close(): Promise<void> }
  const env = { MAILCTL_HOME: home.home, MAILCTL_NETWORK: 'relay', MAILCTL_HOSTNAME: 'mta.mailctl.test' }
  return (...argv: readonly string[]) => mailctl(argv, { openApp, env, ...more })
}
const target = (): string => `rfc2136://127.0.0.1:${bind.port}`
const resolver = (): string => `127.0.0.1:${bind.port}`

describe('publishing and verifying', () => {
  test('a domain without records is published whole and verified', async () => {
    const run = terminal(identityHome('system'))
    const done = await run(
      'verify',
      'domain',
      'plain.test',
      '--mail-from',
      'bounce',
      '--publish',
      target(),
      '--tsig-file',
      bind.keyFile,
      '--resolver',
      resolver(),
      '--json',
    )
    expect(done.stderr).toBe('')
    expect(done.code).toBe(0)
    const json = JSON.parse(done.stdout)
    expect(json).toMatchObject({
      IdentityType: 'DOMAIN',
      VerifiedForSendingStatus: true,
      VerificationStatus: 'SUCCESS',
      DkimAttributes: { Status: 'SUCCESS', SigningHostedZone: 'dkim.mta.mailctl.test' },
      MailFromAttributes: { MailFromDomain: 'bounce.plain.test', MailFromDomainStatus: 'SUCCESS' },
      VerificationInfo: { SOARecord: { PrimaryNameServer: 'ns.plain.test', AdminEmail: 'hostmaster@plain.test' } },
    })
    expect(json.DnsRecords.map((record: { Status: string }) => record.Status)).toEqual(Array(7).fill('FOUND'))
    const [first] = json.DnsRecords
    const seen = await bind.dig(first.Name, 'TXT')
    expect(seen[0]?.replace(/" "|"/g, '').replace(/\\;/g, ';')).toBe(first.Value)
    expect(await bind.dig('bounce.plain.test', 'MX')).toEqual(['10 mta.mailctl.test.'])
    expect(await bind.dig('plain.test', 'TXT')).toEqual(['"v=spf1 a:mta.mailctl.test ~all"'])
    expect(JSON.stringify(json)).not.toContain('amazonses')
    const again = await run('dns', 'publish', 'plain.test', '--publish', target(), '--tsig-file', bind.keyFile, '--json')
    expect(JSON.parse(again.stdout).DnsRecords.map((record: { Action: string }) => record.Action)).toEqual(Array(7).fill('KEPT'))
  })

  test("others' SPF, DMARC and MX are kept, and a merged SPF is suggested", async () => {
    const run = terminal(identityHome('system'))
    const shop = await run(
      'verify',
      'domain',
      'shop.test',
      '--publish',
      target(),
      '--tsig-file',
      bind.keyFile,
      '--resolver',
      resolver(),
      '--json',
    )
    expect(shop.code).toBe(0)
    expect(shop.stderr).toContain('v=spf1 mx a:mta.mailctl.test -all')
    expect((await bind.dig('shop.test', 'TXT')).sort()).toEqual(['"site-verification=abc"', '"v=spf1 mx -all"'])
    const spf = JSON.parse(shop.stdout).DnsRecords.find((record: { Purpose: string }) => record.Purpose === 'SPF')
    expect(spf).toMatchObject({ Status: 'MISMATCH', Found: ['v=spf1 mx -all'] })

    const other = await run(
      'verify',
      'domain',
      'other.test',
      '--mail-from',
      'bounce',
      '--publish',
      target(),
      '--tsig-file',
      bind.keyFile,
      '--resolver',
      resolver(),
      '--json',
    )
    expect(other.code).toBe(1)
    expect(JSON.parse(other.stdout)).toMatchObject({
      VerificationStatus: 'SUCCESS',
      MailFromAttributes: { MailFromDomainStatus: 'PENDING' },
    })
    expect(await bind.dig('bounce.other.test', 'MX')).toEqual(['5 mx.elsewhere.test.'])
    expect(await bind.dig('_dmarc.other.test', 'TXT')).toEqual(['"v=DMARC1; p=reject; rua=mailto:d@other.test"'])
  })

  test('a dry run writes nothing', async () => {
    const run = terminal(identityHome('system'))
    await run('verify', 'domain', 'dry.plain.test', '--resolver', resolver())
    const dry = await run('dns', 'publish', 'dry.plain.test', '--publish', target(), '--tsig-file', bind.keyFile, '--dry-run', '--json')
    const [first] = JSON.parse(dry.stdout).DnsRecords
    expect(first.Action).toBe('ADDED')
    expect(await bind.dig(first.Name, 'TXT')).toEqual([])
  })

  test('switching from TXT to CNAME replaces our own names only, and withdraw takes back exactly what was written', async () => {
    const home = identityHome('system')
    const run = terminal(home)
    const words = ['--publish', target(), '--tsig-file', bind.keyFile, '--resolver', resolver(), '--json']
    const txt = await run('verify', 'domain', 'sub.plain.test', ...words)
    const [{ Name: name }] = JSON.parse(txt.stdout).DnsRecords
    const cname = await run('verify', 'domain', 'sub.plain.test', '--dkim', 'cname', ...words)
    expect(cname.code).toBe(1)
    expect(await bind.dig(name, 'CNAME')).toEqual([`${name.split('.')[0]}.dkim.mta.mailctl.test.`])
    const app = home.open({ network: 'relay', resolver: resolver() })
    const { dnsPlan } = await import('../../src/operations/dns-plan.ts')
    const { records } = await dnsPlan(app, 'sub.plain.test')
    await (await app.publisher({ kind: 'rfc2136', host: '127.0.0.1', port: bind.port, tsigFile: bind.keyFile })).withdraw(records)
    await app.close()
    expect(await bind.dig(name, 'CNAME')).toEqual([])
    expect(await bind.dig('plain.test', 'SOA')).toHaveLength(1)
  })
})

describe('refusals are explained', () => {
  const broken = (change: (key: string) => string): string => {
    const file = join(bind.folder, `broken-${Math.random().toString(36).slice(2)}.key`)
    writeFileSync(file, change(readFileSync(bind.keyFile, 'utf8')), { mode: 0o600 })
    return file
  }
  const publish = async (domain: string, ...words: readonly string[]) => {
    const run = terminal(identityHome('system'))
    await run('verify', 'domain', domain, '--resolver', resolver())
    return await run('dns', 'publish', domain, '--publish', target(), ...words)
  }

  test('a wrong secret', async () => {
    const secret = Buffer.alloc(32, 7).toString('base64')
    const done = await publish(
      'a.plain.test',
      '--tsig-file',
      broken(key => key.replace(/secret "[^"]+"/, `secret "${secret}"`)),
    )
    expect([done.code, done.stdout]).toEqual([78, ''])
    expect(done.stderr).toContain('BADSIG')
    expect(done.stderr).not.toContain(secret)
  })
  test('an unknown key', async () => {
    const done = await publish(
      'a.plain.test',
      '--tsig-file',
      broken(key => key.replace('mailctl-key', 'somebody')),
    )
    expect(done.code).toBe(78)
    expect(done.stderr).toContain("'somebody'")
  })
  test('no key at all', async () => {
    const done = await publish('a.plain.test')
    expect(done.code).toBe(77)
    expect(done.stderr).toContain('--tsig-file')
  })
  test("a zone that is not the server's", async () => {
    const done = await publish('nowhere.example', '--tsig-file', bind.keyFile)
    expect(done.code).toBe(77)
    expect(done.stderr).toContain('nowhere.example')
  })
})

test('keys of the other algorithms are understood, and the server\u2019s answers with them verified', async () => {
  const home = identityHome('system')
  const run = terminal(home)
  for (const [algorithm, keyFile] of Object.entries(bind.otherKeyFiles)) {
    const domain = `${algorithm}.plain.test`
    const done = await run('verify', 'domain', domain, '--publish', target(), '--tsig-file', keyFile, '--resolver', resolver(), '--json')
    expect([domain, done.code, done.stderr]).toEqual([domain, 0, ''])
  }
})

describe('our own formats and server', () => {
  test('named-checkzone takes the zone file', async () => {
    const run = terminal(identityHome('system'))
    await run('verify', 'domain', 'zone.plain.test', '--mail-from', 'bounce', '--resolver', resolver())
    const { stdout: plan } = await run('dns', 'plan', 'zone.plain.test', '--format', 'zone')
    const file = join(bind.folder, 'plan.zone')
    writeFileSync(file, `$ORIGIN zone.plain.test.\n@ 60 IN SOA ns hostmaster 1 60 60 60 60\n@ 60 IN NS ns\nns 60 IN A 127.0.0.1\n${plan}`)
    const { stdout } = await promisify(execFile)('named-checkzone', ['zone.plain.test', file])
    expect(stdout).toContain('OK')
  })

  test('dns serve answers dig over UDP and TCP, and the CNAMEs that point to it verify', async () => {
    const home = identityHome('system')
    await terminal(home)(
      'verify',
      'domain',
      'cname.plain.test',
      '--dkim',
      'cname',
      '--publish',
      target(),
      '--tsig-file',
      bind.keyFile,
      '--resolver',
      resolver(),
    )
    const { serveDns } = await import('../../src/operations/serve-dns.ts')
    const app = home.open({ network: 'relay' })
    const server = await serveDns(app, { host: '127.0.0.1', port: 0 })
    const { dnsPlan } = await import('../../src/operations/dns-plan.ts')
    const { records } = await dnsPlan(app, 'cname.plain.test')
    const [key] = records
    for (const transport of ['+notcp', '+tcp', '+noedns']) {
      const [text = ''] = await dig(server.port, transport, key?.value ?? '', 'TXT')
      expect(text.replace(/" "|"/g, '').replace(/\\;/g, ';')).toBe(key?.text)
    }
    expect(await dig(server.port, 'www.example.com', 'A')).toEqual([])
    const verified = await terminal(home)('verify', 'domain', 'cname.plain.test', '--resolver', `127.0.0.1:${server.port}`, '--json')
    expect(JSON.parse(verified.stdout)).toMatchObject({ VerificationStatus: 'SUCCESS' })
    await server.close()
    await app.close()
  })
})

test('a server that never answers is 69', async () => {
  const { scriptedDns } = await import('../support/dns.ts')
  const silent = await scriptedDns({})
  const done = await terminal(identityHome('system'))('verify', 'domain', 'plain.test', '--resolver', `127.0.0.1:${silent.port}`)
  await silent.close()
  expect([done.code, done.stdout]).toEqual([69, ''])
})
