import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { textWidth } from '../../src/cli/text-width.ts'
import { messageOf, openTheGates } from '../support/account.ts'
import { type Door, openDoor } from '../support/door.ts'

let door: Door
beforeEach(async () => {
  door = openDoor()
  await door.run(['init', '--clock', 'virtual', '--start', '2025-01-20T12:00:00Z', '--seed', '7'])
})
afterEach(() => door.remove())

const json = async (argv: readonly string[]) => JSON.parse((await door.run(['account', 'usage', ...argv, '--json'])).stdout)
const strip = (text: string): string => text.replace(/\u001b\[[0-9;]*m/g, '')

/** @param sent moments, and messages to fifty recipients each at every one of them */
async function send(sent: readonly (readonly [at: string, messages: number])[]): Promise<void> {
  await door.use(async ({ store, clock }) => {
    await openTheGates(store)
    for (const [at, messages] of sent) {
      const acceptedAt = Date.parse(at)
      await clock.waitUntil(acceptedAt)
      const fifty = Array.from({ length: 50 }, (_, index) => `r${index}@example.net`)
      const body = { kind: 'inline' as const, bytes: Buffer.alloc(1_024 - 'From: ann@example.com\r\n\r\n'.length) }
      await Promise.all(
        Array.from({ length: messages }, () =>
          store.accept(messageOf({ acceptedAt, expiresAt: acceptedAt + 1, recipients: fifty, body }), []),
        ),
      )
    }
  })
}

test('each month has its charges; the free tier covers its first ones until its last day', async () => {
  await send([
    ['2025-11-30T23:59:00Z', 1],
    ['2025-12-01T00:00:00Z', 80],
    ['2026-01-20T11:59:00Z', 10],
    ['2026-01-20T12:10:00Z', 20],
  ])
  const usage = await json(['--months', '3'])
  expect(usage.FreeTier).toEqual({
    StartTimestamp: '2025-01-20T12:00:00.000Z',
    EndTimestamp: '2026-01-20T12:00:00.000Z',
    MessageCharges: 3_000,
  })
  const [january, december, november] = usage.Periods
  expect(usage.Periods).toHaveLength(3)
  expect(january).toMatchObject({
    StartTimestamp: '2026-01-01T00:00:00.000Z',
    EndTimestamp: '2026-02-01T00:00:00.000Z',
    Messages: 30,
    MessageCharges: 1_500,
    FreeMessageCharges: 500,
    Bytes: 1_500 * 1_024,
  })
  expect(january.Lines[0]).toEqual({ Item: 'Outbound', Quantity: 1_500, Free: 500, UnitPrice: 0.1, PerUnits: 1_000, Amount: 0.1 })
  expect(january.Lines[1]).toMatchObject({ Item: 'Attachments', Amount: 0.000172 })
  expect(january.Amount).toBe(0.100172)
  expect(december).toMatchObject({ MessageCharges: 4_000, FreeMessageCharges: 3_000 })
  expect(december.Lines[0]).toMatchObject({ Amount: 0.1 })
  expect(november).toMatchObject({ MessageCharges: 50, FreeMessageCharges: 50 })
  expect((await json([])).Periods).toHaveLength(6)
  expect((await json(['--months', '120'])).Periods).toHaveLength(13) // the account is no older
})

test('other prices come from a file, which is written once to start from', async () => {
  await send([['2026-03-01T00:00:00Z', 40]])
  const file = join(door.home, 'prices.json')
  expect(await door.run(['account', 'usage', '--write-prices', file])).toMatchObject({ code: 0, stdout: `Wrote ${file}\n` })
  expect(await door.run(['account', 'usage', '--write-prices', file])).toMatchObject({ code: 1, stdout: '' })
  expect((await door.run(['account', 'usage', '--write-prices', '-'])).stdout).toBe(readFileSync(file, 'utf8'))
  expect(await json(['--prices', file])).toEqual(await json([]))
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), Currency: 'EUR', OutboundPerThousand: 1_000 }))
  expect((await json(['--prices', file])).Periods[0].Lines[0]).toMatchObject({ Amount: 2_000 })
  expect((await door.run(['account', 'usage', '--prices', file])).stdout).toMatch(/Total +2,000\.00 EUR/)
  writeFileSync(file, '{"AsOf":"2026-01-01"}')
  expect(await door.run(['account', 'usage', '--prices', file])).toMatchObject({ code: 65, stdout: '' })
  expect(await door.run(['account', 'usage', '--prices', join(door.home, 'none')])).toMatchObject({ code: 66, stdout: '' })
  expect(existsSync(join(door.home, 'none'))).toBe(false)
  expect(await door.run(['account', 'usage', '--months', '0'])).toMatchObject({ code: 64, stdout: '' })
})

test('it fits 80 columns, with colour and bars and without', async () => {
  await send([
    ['2025-12-31T00:00:00Z', 120],
    ['2026-01-01T00:00:00Z', 30],
  ])
  for (const env of [{ LANG: 'C' }, { LANG: 'en_US.UTF-8' }]) {
    for (const tty of [[], ['stdout']] as const) {
      const { stdout } = await door.run(['account', 'usage', '--months', '13'], { tty, env, columns: 80 })
      const lines = strip(stdout).split('\n')
      for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(80)
      expect(/[^\x00-\x7f]/.test(stdout)).toBe(tty.length > 0 && env.LANG !== 'C')
      expect(stdout).toMatch(/2025-12 .*6,000/)
      expect(stdout).toContain('1,500 of 3,000 this month, until 2026-01-20')
    }
  }
})
