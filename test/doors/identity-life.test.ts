/** A domain over days on a virtual clock, through the commands: its records vanish, it is warned about, revoked, and proved again. */
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openDatabase } from '../../src/adapters/sqlite/driver.ts'
import { LAB_MIGRATIONS } from '../../src/lab/schema.ts'
import { wholeDoor } from '../support/whole-door.ts'

test('records that vanish: a warning, 72 hours of grace, then it sends no more until it is proved from zero', async () => {
  const { run, json, home } = await wholeDoor()
  await json(['verify', 'domain', 'shop.example', '--key', 'rsa1024'])
  await json(['verify', 'email', 'ann@example.net'], 1)
  expect((await json(['clock', 'advance', '14h'])).Attempted).toBe(0)
  expect((await json(['identity', 'show', 'shop.example'])).VerificationInfo).toMatchObject({
    LastCheckedTimestamp: '2026-01-01T12:00:00.000Z',
    LastSuccessTimestamp: '2026-01-01T12:00:00.000Z',
    SOARecord: {
      PrimaryNameServer: expect.stringMatching(/./),
      AdminEmail: expect.stringContaining('@'),
      SerialNumber: expect.any(Number),
    },
  })
  const lab = openDatabase(join(home, 'lab.db'), LAB_MIGRATIONS)
  const kept = lab.prepare("SELECT * FROM zone_record WHERE name LIKE '%._domainkey.shop.example'").all()
  expect(kept).toHaveLength(3)
  lab.prepare("DELETE FROM zone_record WHERE name LIKE '%._domainkey.shop.example'").run()
  lab.close()

  const lost = await run(['clock', 'advance', '5h'])
  expect(lost.stderr).toBe(
    '2026-01-01T18:00:00.000Z the records of shop.example are not found any more; unless they come back by 2026-01-04T18:00:00.000Z, it is revoked ' +
      '(mailctl verify domain shop.example)\n',
  )
  expect(await json(['identity', 'show', 'shop.example'])).toMatchObject({
    VerificationStatus: 'TEMPORARY_FAILURE',
    VerifiedForSendingStatus: true,
    VerificationInfo: { ErrorType: 'HOST_NOT_FOUND', LastSuccessTimestamp: '2026-01-01T12:00:00.000Z' },
    DkimAttributes: { Status: 'TEMPORARY_FAILURE' },
  })
  const send = ['send', '--from', 'a@shop.example', '--to', 'b@shop.example', '--subject', 'x', '--text', 'y']
  expect((await run(send)).code, 'it still sends').toBe(0)
  const over = await run(['clock', 'advance', `${71 * 3_600 - 1}s`])
  expect(over.stderr).toBe('')
  expect((await run(['clock', 'advance', '1s'])).stderr).toContain(
    '2026-01-04T18:00:00.000Z shop.example is revoked: its records were not found for 72 hours (mailctl verify domain shop.example)',
  )
  expect(await json(['identity', 'show', 'shop.example'])).toMatchObject({ VerificationStatus: 'FAILED', VerifiedForSendingStatus: false })
  expect((await run(send)).stderr).toMatch(/^mailctl: Email address is not verified\. .*: a@shop\.example, b@shop\.example\n/)
  expect((await run(['clock', 'advance', '30d'])).stderr, 'nothing looks for it any more').toBe('')
  expect(await json(['verify', 'domain', 'shop.example'])).toMatchObject({ VerificationStatus: 'SUCCESS', VerifiedForSendingStatus: true })
}, 120_000)

test('a search that finds nothing ends after 72 hours', async () => {
  const { run, json } = await wholeDoor()
  const publish = ['--publish', 'rfc2136://127.0.0.1:9']
  await run(['verify', 'domain', 'shop.example', '--key', 'rsa1024', ...publish])
  expect((await json(['identity', 'show', 'shop.example'])).VerificationStatus).toBe('PENDING')
  await run(['clock', 'advance', '71h'])
  expect(await json(['identity', 'show', 'shop.example'])).toMatchObject({
    VerificationStatus: 'PENDING',
    VerificationInfo: { ErrorType: 'HOST_NOT_FOUND' },
  })
  expect((await run(['clock', 'advance', '1h'])).stderr).toContain(
    '2026-01-04T00:00:00.000Z the records of shop.example were not found for 72 hours and are not looked for any more',
  )
  expect((await json(['identity', 'show', 'shop.example'])).VerificationStatus).toBe('FAILED')
}, 120_000)
