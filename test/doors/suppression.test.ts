import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { identityOf, messageOf } from '../support/account.ts'
import { type Door, openDoor } from '../support/door.ts'

let door: Door
beforeEach(async () => {
  door = openDoor()
  await door.run(['init', '--clock', 'virtual', '--start', '2026-01-01T00:00:00Z'])
  await door.run(['account', 'request-production', '--approve'])
})
afterEach(() => door.remove())

const json = async (...argv: string[]) => JSON.parse((await door.run([...argv, '--json'])).stdout)
const failed = async (...argv: string[]) => {
  const ran = await door.run([...argv, '--json'])
  return { code: ran.code, stdout: ran.stdout, ...JSON.parse(ran.stderr).Error }
}
const file = (text: string, name = 'list.csv'): string => {
  const path = join(door.home, name)
  writeFileSync(path, text)
  return path
}
const at = '2026-01-01T00:00:00.000Z'

test('an address is put on the list, shown and removed in the words of SES', async () => {
  const ann = { EmailAddress: 'Ann@example.test', Reason: 'BOUNCE', LastUpdateTime: at }
  expect(await json('suppression', 'add', ' Ann@EXAMPLE.test ')).toEqual(ann)
  expect(await json('suppression', 'add', 'bob@example.test', '--reason', 'COMPLAINT')).toMatchObject({ Reason: 'COMPLAINT' })
  expect(await json('suppression', 'get', 'Ann@example.test')).toEqual({ SuppressedDestination: ann })
  const all = await json('suppression', 'list')
  expect(all).toEqual({ SuppressedDestinationSummaries: [{ ...ann, EmailAddress: 'bob@example.test', Reason: 'COMPLAINT' }, ann] })
  const first = await json('suppression', 'list', '--limit', '1')
  expect(first).toEqual({ SuppressedDestinationSummaries: [all.SuppressedDestinationSummaries[0]], NextToken: expect.any(String) })
  expect(await json('suppression', 'list', '--limit', '1', '--next-token', first.NextToken)).toEqual({
    SuppressedDestinationSummaries: [ann],
  })
  expect(await json('suppression', 'list', '--reason', 'BOUNCE')).toEqual({ SuppressedDestinationSummaries: [ann] })
  expect(await json('suppression', 'list', '--since', '2026-01-02')).toEqual({ SuppressedDestinationSummaries: [] })
  expect(await json('suppression', 'list', '--until', '2026-01-01')).toEqual({ SuppressedDestinationSummaries: [] })
  expect((await door.run(['suppression', 'list'])).stdout).toBe(
    'Address           Reason     Since\nbob@example.test  COMPLAINT  2026-01-01 00:00:00Z\nAnn@example.test  BOUNCE     2026-01-01 00:00:00Z\n',
  )
  expect(await json('suppression', 'remove', 'Ann@example.test', '-n')).toEqual({ EmailAddress: 'Ann@example.test', Removed: false })
  expect(await json('suppression', 'remove', 'Ann@example.test', '--yes')).toEqual({ EmailAddress: 'Ann@example.test', Removed: true })
  expect(await failed('suppression', 'get', 'Ann@example.test')).toMatchObject({
    code: 1,
    stdout: '',
    Code: 'NotFoundException',
    Message: 'Email address Ann@example.test does not exist on your suppression list.',
  })
})

test.each([
  [['get', 'bob@example.test'], 1, 'NotFoundException'],
  [['remove', 'bob@example.test', '--yes'], 1, 'NotFoundException'],
  [['remove', 'bob@example.test', '--global', '--yes'], 1, 'NotFoundException'],
  [['add', 'nobody'], 65, 'BadRequestException'],
  [['add', 'Ann <ann@example.test>'], 65, 'BadRequestException'],
  [['add', 'ann@example.test', '--reason', 'SPITE'], 64, 'UsageError'],
  [['list', '--next-token', 'x'], 64, 'UsageError'],
  [['list', '--global', '--reason', 'BOUNCE'], 64, 'UsageError'],
  [['import', 'gone.csv'], 66, 'InputUnreadable'],
  [['export'], 64, 'UsageError'],
])('suppression %j ends with %i', async (argv, code, name) => {
  expect(await failed('suppression', ...argv)).toMatchObject({ code, stdout: '', Code: name, Hint: expect.stringMatching(/./) })
})

test('in the sandbox nothing is put on the list, as in SES; what is there can be seen and removed', async () => {
  await json('suppression', 'add', 'ann@example.test')
  await door.use(async ({ store }) => store.saveAccount({ ...(await store.account()), productionAccess: false }))
  const list = file('bob@example.test,BOUNCE\n')
  for (const argv of [
    ['add', 'bob@example.test'],
    ['import', list],
    ['import', list, '-n'],
  ])
    expect(await failed('suppression', ...argv)).toMatchObject({ code: 77, stdout: '', Code: 'ProductionAccessNotGranted' })
  expect((await json('suppression', 'list')).SuppressedDestinationSummaries).toHaveLength(1)
  expect(await json('suppression', 'remove', 'ann@example.test', '--yes')).toMatchObject({ Removed: true })
})

test('the global list is shown with how long it keeps an address, and can be corrected', async () => {
  expect((await door.run(['suppression', 'list', '--global'])).stdout).toBe('No address is suppressed.\n')
  await door.use(async ({ store, clock }) => {
    await store.addIdentity(identityOf('example.com', { proof: 'lab' }))
    const message = messageOf({ acceptedAt: clock.now() })
    await store.accept(message, [], { leaseMs: 60_000 })
    const [address, outcome] = ['bob@example.net', { action: 'failed', status: '5.1.1', reply: '550 5.1.1 no' }] as const
    const learnt = { index: 0, address, reason: 'BOUNCE', updatedAt: clock.now(), messageId: message.id, feedbackId: 'f' } as const
    await store.settle({
      messageId: message.id,
      attempts: [],
      recipients: [{ index: 0, state: 'bounced', nextAttemptAt: null, outcome }],
      settledAt: clock.now(),
      events: [],
      reports: [],
      suppress: [learnt],
    })
    expect(await store.suppressedAddress(address)).toMatchObject({ messageId: message.id })
  })
  expect(await json('suppression', 'list', '--global')).toEqual({
    SuppressedDestinationSummaries: [
      { EmailAddress: 'bob@example.net', Reason: 'BOUNCE', LastUpdateTime: at, Bounces: 1, ExpirationTime: '2026-01-02T00:00:00.000Z' },
    ],
  })
  expect((await json('suppression', 'get', 'bob@example.net')).SuppressedDestination.Attributes).toEqual({
    MessageId: expect.stringMatching(/^message-/),
    FeedbackId: 'f',
  })
  expect(await json('suppression', 'remove', 'bob@example.net', '--global', '--yes')).toMatchObject({ Removed: true })
  expect(await json('suppression', 'list', '--global')).toEqual({ SuppressedDestinationSummaries: [] })
  expect((await json('suppression', 'list')).SuppressedDestinationSummaries).toHaveLength(1)
})

test('which reasons count is a setting of the account, and of a configuration set', async () => {
  expect((await json('account', 'show')).SuppressionAttributes).toEqual({ SuppressedReasons: ['BOUNCE', 'COMPLAINT'] })
  expect((await json('account', 'set', '--suppressed-reasons', 'none')).SuppressionAttributes).toEqual({ SuppressedReasons: [] })
  expect((await json('account', 'show')).SuppressionAttributes).toEqual({ SuppressedReasons: [] })
  expect((await json('account', 'set', '--suppressed-reasons', 'COMPLAINT')).SuppressionAttributes).toEqual({
    SuppressedReasons: ['COMPLAINT'],
  })
  expect(await failed('account', 'set')).toMatchObject({ code: 64, Code: 'UsageError' })
  expect(await failed('account', 'set', '--suppressed-reasons', 'SPITE')).toMatchObject({
    code: 65,
    Code: 'BadRequestException',
    Message: 'Reason SPITE is invalid, must be one of [BOUNCE, COMPLAINT].',
  })
  const set = async (...argv: string[]) => (await json('config-set', ...argv)).SuppressionOptions
  expect(await set('create', 'a', '--suppressed-reasons', 'none')).toEqual({ SuppressedReasons: [] })
  expect(await set('show', 'a')).toEqual({ SuppressedReasons: [] })
  expect(await set('set', 'a', '--suppressed-reasons', 'COMPLAINT')).toEqual({ SuppressedReasons: ['COMPLAINT'] })
  expect(await set('set', 'a', '--tls-policy', 'REQUIRE')).toEqual({ SuppressedReasons: ['COMPLAINT'] })
  expect(await set('set', 'a', '--suppressed-reasons', '')).toBeUndefined()
  expect(await set('create', 'b')).toBeUndefined()
  expect(await failed('config-set', 'create', 'c', '--suppressed-reasons', 'BOUNCE,none')).toMatchObject({ code: 65 })
  expect((await json('config-set', 'list')).ConfigurationSets).toEqual(['a', 'b'])
})

test('a file is imported and taken back, in either format, from stdin too', async () => {
  const csv = file('\ufeffann@example.test,BOUNCE\r\n\r\nBob@EXAMPLE.test,COMPLAINT')
  const jsonLines = '{"emailAddress":"Bob@example.test","reason":"COMPLAINT"}\n{"emailAddress":"cay@example.test","reason":"BOUNCE"}\n'
  const done = {
    JobStatus: 'COMPLETED',
    ImportDestination: { SuppressionListDestination: { SuppressionListImportAction: 'PUT' } },
    ProcessedRecordsCount: 2,
    FailedRecordsCount: 0,
    ChangedRecordsCount: 2,
  }
  const { JobStatus: _, ChangedRecordsCount: __, ...looked } = done
  expect(await json('suppression', 'import', csv, '-n')).toEqual({ DryRun: true, ...looked })
  expect((await json('suppression', 'list')).SuppressedDestinationSummaries).toEqual([])
  expect(await json('suppression', 'import', csv)).toEqual(done)
  expect((await door.run(['suppression', 'import', '-'], { stdin: jsonLines })).stdout).toBe('Imported 2 addresses.\n')
  const exported = 'Bob@example.test,COMPLAINT\nann@example.test,BOUNCE\ncay@example.test,BOUNCE\n'
  expect((await door.run(['suppression', 'export'])).stdout).toBe(exported)
  const out = join(door.home, 'out.jsonl')
  expect(await json('suppression', 'export', '--format', 'json', '-o', out)).toEqual({ File: out, ExportedRecordsCount: 3 })
  expect(readFileSync(out, 'utf8').split('\n')).toContain('{"emailAddress":"ann@example.test","reason":"BOUNCE"}')
  expect((await door.run(['suppression', 'import', '--delete', file('ann@example.test\nnobody@example.test\n', 'gone.csv')])).stdout).toBe(
    'Removed 1 address; 1 of them was not on the list.\n',
  )
  expect((await door.run(['suppression', 'export'])).stdout).toBe('Bob@example.test,COMPLAINT\ncay@example.test,BOUNCE\n')
})

test.each([
  ['ann@example.test,BOUNCE\n\nbob@example.test,SPITE\n', [], /list\.csv:3: has the reason 'SPITE'/],
  ['ann@example.test,BOUNCE\nbob,BOUNCE\n', [], /list\.csv:2: Address 'bob' has no @/],
  ['ann@example.test,BOUNCE\n{"emailAddress":"bob@example.test"}\n', [], /list\.csv:2: /],
  ['ann@example.test,BOUNCE\n', ['--format', 'json'], /list\.csv:1: is not JSON/],
  [`ann@example.test,BOUNCE\n${'x'.repeat(70_000)}`, [], /list\.csv:2: is longer than/],
  [`${'ann@example.test\n'.repeat(10_001)}`, ['--delete'], /list\.csv:10001: is one too many: a job takes at most 10000/],
])('a bad line changes nothing and is named: %#', async (text, flags, says) => {
  await json('suppression', 'add', 'ann@example.test', '--reason', 'COMPLAINT')
  const refused = await failed('suppression', 'import', file(text), ...flags)
  expect(refused).toMatchObject({ code: 65, stdout: '', Code: 'BadRequestException', Message: expect.stringMatching(says) })
  expect(refused.Hint).toContain('Nothing was changed.')
  expect((await door.run(['suppression', 'export'])).stdout).toBe('ann@example.test,COMPLAINT\n')
})

test('octets that are no text are refused with their line', async () => {
  const path = join(door.home, 'list.csv')
  writeFileSync(path, Buffer.concat([Buffer.from('ann@example.test,BOUNCE\n'), Buffer.from([0xff, 0xfe, 0x0a])]))
  expect(await failed('suppression', 'import', path)).toMatchObject({
    code: 65,
    Message: expect.stringMatching(/list\.csv:1: there or soon/),
  })
})
