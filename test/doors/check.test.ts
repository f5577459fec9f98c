/** `check`: what is said of a message before it is sent, in three forms, and with which exit status. Nothing is sent or stored. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type WholeDoor, wholeDoor } from '../support/whole-door.ts'

interface Finding {
  readonly Rule: string
  readonly Status: string
  readonly Level: string
  readonly Evidence: string
  readonly PredictedReply: string | null
  readonly Fix: string | null
}

async function shop(clock: 'virtual' | 'system' = 'virtual'): Promise<WholeDoor> {
  const door = await wholeDoor(clock)
  await door.json(['verify', 'domain', 'shop.example', '--key', 'rsa1024'])
  await door.json(['account', 'request-production', '--approve'])
  return door
}
const DRAFT = ['--from', 'Shop <orders@shop.example>', '--to', 'ann@gmail.com', '--subject', 'Hi', '--text', 'Hello']
const NEWS = [...DRAFT, '--list-unsubscribe', 'https://shop.example/u', '--bulk']
const failed = (findings: readonly Finding[]): string[] => findings.filter(({ Status }) => Status === 'FAILED').map(({ Rule }) => Rule)

test('a draft of a verified domain passes in the lab, signed as it would be sent', async () => {
  const door = await shop()
  const { File, Rejected, Packs, Findings } = await door.json(['check', ...NEWS])
  expect({ File, Rejected, failed: failed(Findings) }).toEqual({ File: null, Rejected: false, failed: [] })
  expect(Packs).toContainEqual({
    Name: 'microsoft',
    Title: expect.stringContaining('Outlook.com'),
    Version: '1.0.0',
    Date: '2025-05-05',
  })
  const of = (rule: string): Finding => Findings.find(({ Rule }: Finding) => Rule === rule)
  expect(of('gmail-yahoo.dkim')).toMatchObject({ Status: 'PASSED', Evidence: expect.stringMatching(/^d=shop\.example s=\S+: pass/) })
  expect(of('gmail-yahoo.spf')).toMatchObject({ Status: 'PASSED', Evidence: expect.stringContaining('SPF of mta.mailctl.test: pass') })
  expect(of('gmail-yahoo.ptr').Evidence).toBe('127.0.0.1 is mta.mailctl.test, which leads back to it')
  expect(of('gmail-yahoo.one-click-signed').Status).toBe('PASSED')
  expect((await door.json(['events', 'list'])).Events).toEqual([])
  // The same goes through once it is sent: the receiver agrees.
  await door.json(['send', ...DRAFT])
  const [taken] = (await door.json(['inbox', 'list'])).Messages
  expect(taken.Authentication).toMatchObject({ Dkim: [{ Domain: 'shop.example', Result: 'pass' }], Dmarc: 'pass' })
})

test('what the account would refuse is a rejection, and a strict policy of a domain that does not sign is another', async () => {
  const door = await shop()
  const { Rejected, Findings } = await door.json(['check', ...DRAFT, '--from', 'eve@gmail.com'], 1)
  expect(Rejected).toBe(true)
  expect(Findings.find(({ Rule }: Finding) => Rule === 'account.accepts')).toMatchObject({
    Status: 'FAILED',
    Level: 'REJECTION',
    PredictedReply:
      '554 Message rejected: Email address is not verified. The following identities failed the check in region US-EAST-1: eve@gmail.com',
  })
  expect(failed(Findings)).toContain('gmail-yahoo.impersonation')
})

test('an address that SPF does not name and that has no name is found out', async () => {
  const door = await shop()
  await door.json(['identity', 'set', 'shop.example', '--signing', 'off'])
  const { Findings } = await door.json(['check', ...NEWS, '--ip', '192.0.2.7'], 1)
  expect(failed(Findings)).toEqual(
    expect.arrayContaining([
      'gmail-yahoo.authenticated',
      'gmail-yahoo.spf',
      'gmail-yahoo.dkim',
      'gmail-yahoo.alignment',
      'gmail-yahoo.ptr',
      'microsoft.spf',
    ]),
  )
  expect(Findings.find(({ Rule }: Finding) => Rule === 'gmail-yahoo.ptr')).toMatchObject({
    Evidence: '192.0.2.7 has no PTR record',
    PredictedReply: expect.stringContaining('550-5.7.25 [192.0.2.7]'),
  })
})

test('behind a relay nobody here knows the address it leaves from', async () => {
  const door = await shop('system')
  await door.json(['config', 'set', 'relay', 'smtp://127.0.0.1:9'])
  await door.json(['config', 'set', 'network', 'relay'])
  const { Findings } = await door.json(['check', ...DRAFT, '--resolver', '127.0.0.1:9'])
  const unknown = Findings.filter(({ Status }: Finding) => Status === 'UNKNOWN').map(({ Rule }: Finding) => Rule)
  expect(unknown).toEqual(
    expect.arrayContaining(['gmail-yahoo.spf', 'gmail-yahoo.dkim', 'gmail-yahoo.dmarc-record', 'gmail-yahoo.ptr', 'gmail-yahoo.tls']),
  )
})

test('a file or stdin is looked at as it is, and people see what failed, why, and what mends it', async () => {
  const door = await shop()
  const message = 'From: orders@shop.example\nTo: ann@gmail.com\nSubject: One\nSubject: Two\n\nHello\n'
  const file = join(door.home, 'two words.eml')
  writeFileSync(file, message)
  const shown = await door.run(['check', file])
  expect(shown).toMatchObject({ code: 1, stderr: '' })
  expect(shown.stdout).toContain(
    [
      'rejected  rfc.fields-once  Fields that may stand once stand once',
      '          found   subject stands more than once',
      '          reply   550 5.7.1 This message is not RFC 5322 compliant',
      '          mend    Leave one subject field in the message.',
      '          source  RFC 5322 3.6',
      '',
    ].join('\n'),
  )
  expect(shown.stdout).not.toContain('rfc.from')
  expect((await door.run(['check', file, '--all'])).stdout).toContain('ok        rfc.from')
  expect((await door.run(['check', '-', '--format', 'json'], { stdin: message })).stdout).toContain('"Rejected": true')
})

test('SARIF: one rule each, one result a finding, and what is no failure has no level', async () => {
  const door = await shop()
  const file = join(door.home, 'two words.eml')
  writeFileSync(file, 'From: orders@shop.example\nTo: ann@gmail.com\n\nHello\n')
  const ran = await door.run(['check', file, '--bulk', '--format', 'sarif'])
  expect(ran.code).toBe(1)
  const log = JSON.parse(ran.stdout)
  expect(Object.keys(log)).toEqual(['$schema', 'version', 'runs'])
  expect(log.version).toBe('2.1.0')
  const [{ tool, results }] = log.runs
  const { rules } = tool.driver
  expect(tool.driver).toMatchObject({ name: 'mailctl check', semanticVersion: '1.2.3' })
  expect(results).toHaveLength(rules.length)
  for (const { ruleId, ruleIndex, kind, level, message, locations } of results) {
    expect(rules[ruleIndex].id).toBe(ruleId)
    expect(message.text).not.toBe('')
    expect(locations[0].physicalLocation.artifactLocation.uri).toMatch(/\/two%20words\.eml$/)
    expect(kind === 'fail' ? ['error', 'warning', 'note'] : ['none']).toContain(level)
    expect(['fail', 'pass', 'open', 'notApplicable']).toContain(kind)
  }
  expect(results.find(({ ruleId }: { ruleId: string }) => ruleId === 'gmail-yahoo.one-click')).toMatchObject({
    kind: 'fail',
    level: 'error',
  })
  expect(results.find(({ ruleId }: { ruleId: string }) => ruleId === 'hygiene.subject')).toMatchObject({ kind: 'fail', level: 'warning' })
})

test.each<[argv: string[], code: number, says: RegExp]>([
  [[], 64, /no message to check/],
  [['x.eml', '--subject', 'Hi'], 64, /--subject has no place beside a file/],
  [['none.eml'], 66, /none\.eml/],
  [['-'], 65, /field/],
  [[...DRAFT, '--ip', 'here'], 64, /'here' is not an IP address/],
  [[...DRAFT, '--dnsbl', 'a b'], 64, /'a b' is no zone/],
  [[...DRAFT, '--dnsbl', 'list.test'], 77, /the lab asks no block lists/],
  [[...DRAFT, '--format', 'xml'], 64, /xml/],
])('check %j ends with %i', async (argv, code, says) => {
  const door = await wholeDoor()
  const ran = await door.run(['check', ...argv], { stdin: 'no message\n' })
  expect(ran).toMatchObject({ code, stdout: '' })
  expect(ran.stderr).toMatch(says)
})
