import { expect, it, test } from 'vitest'
import { billFor, freeUntil, type MonthUsage, monthStart } from '../../../src/account/bill.ts'
import { PRICES, type Prices, parsePrices } from '../../../src/account/prices.ts'

const GB = 2 ** 30
const usage = (fields: Partial<MonthUsage>): MonthUsage => ({ outbound: 0, outboundWhileFree: 0, octets: 0, dedicatedIps: 0, ...fields })

test.each<[what: string, usage: Partial<MonthUsage>, amount: number, free: number]>([
  ['nothing', {}, 0, 0],
  ['the last message of the free tier', { outbound: 3_000, outboundWhileFree: 3_000 }, 0, 3_000],
  ['the first one after it', { outbound: 3_001, outboundWhileFree: 3_001 }, 0.0001, 3_000],
  ['no free tier any more', { outbound: 3_000 }, 0.3, 0],
  ['a free tier that ended within the month', { outbound: 5_000, outboundWhileFree: 1_000 }, 0.4, 1_000],
  ['data, which is never free', { octets: 2.5 * GB }, 0.3, 0],
  ['a tenth of a cent is not lost', { outbound: 7, octets: GB / 1_000 }, 0.00082, 0],
  ['addresses', { dedicatedIps: 2 }, 49.9, 0],
  ['all of it', { outbound: 1_003_000, outboundWhileFree: 1_003_000, octets: 10 * GB, dedicatedIps: 1 }, 100 + 1.2 + 24.95, 3_000],
])('%s', (_, given, amount, free) => {
  const bill = billFor(usage(given), PRICES)
  expect(bill.amount).toBe(amount)
  expect(bill.freeCharges).toBe(free)
  expect(bill.lines.reduce((sum, line) => sum + line.amount, 0)).toBeCloseTo(amount, 9)
})

test.each([
  ['2026-01-01T00:00:00.000Z', '2027-01-01T00:00:00.000Z'],
  ['2026-11-25T22:36:01.234Z', '2027-11-25T22:36:01.234Z'],
  ['2024-02-29T12:00:00.000Z', '2025-02-28T12:00:00.000Z'],
])('an account of %s has its free tier until %s', (start, end) => {
  expect(new Date(freeUntil(Date.parse(start), PRICES)).toISOString()).toBe(end)
})

test('months are those of UTC', () => {
  expect(monthStart(Date.parse('2026-03-31T23:59:59.999Z'))).toBe(Date.parse('2026-03-01T00:00:00Z'))
  expect(monthStart(Date.parse('2026-01-15T00:00:00Z'), -1)).toBe(Date.parse('2025-12-01T00:00:00Z'))
  expect(monthStart(Date.parse('2026-12-31T00:00:00Z'), 1)).toBe(Date.parse('2027-01-01T00:00:00Z'))
})

it('takes the table that it writes, with other figures', () => {
  const other: Prices = { ...PRICES, Currency: 'EUR', OutboundPerThousand: 1, FreeTierMessageCharges: 0 }
  expect(parsePrices(JSON.stringify(other))).toEqual(other)
  expect(billFor(usage({ outbound: 1_500, outboundWhileFree: 1_500 }), other)).toMatchObject({ amount: 1.5, freeCharges: 0 })
})

test.each<[unknown, RegExp]>([
  ['{', /no JSON object/],
  [[PRICES], /no JSON object/],
  [{ ...PRICES, OutboundPerThousand: '0.1' }, /'OutboundPerThousand'/],
  [{ ...PRICES, VdmPerThousand: -1 }, /'VdmPerThousand'/],
  [{ ...PRICES, VdmPerThousand: null }, /'VdmPerThousand'/],
  [{ ...PRICES, FreeTierMonths: 1.5 }, /'FreeTierMonths'/],
  [{ ...PRICES, AsOf: '2026-02-30' }, /'AsOf'/],
  [{ ...PRICES, Currency: '$' }, /'Currency'/],
  [{ ...PRICES, OutboundPerThousands: 1 }, /no member 'OutboundPerThousands'/],
  [{ ...PRICES, InboundPerThousand: undefined }, /no member 'InboundPerThousand'/],
])('refuses %j', (table, message) => {
  const text = typeof table === 'string' ? table : JSON.stringify(table)
  expect(() => parsePrices(text)).toThrow(expect.objectContaining({ code: 'bad-data', message: expect.stringMatching(message) }))
})
