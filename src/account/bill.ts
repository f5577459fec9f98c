/**
 * What SES would charge for a calendar month (UTC) of this account. Billable is each accepted recipient, those of the mailbox simulator and
 * those on a suppression list too; refused requests cost nothing. Amounts are kept to a millionth, and only shown rounded. SES facts: concepts §13.
 */
import type { Prices } from './prices.ts'

const GIGABYTE = 2 ** 30

/** Start of the month `offset` months from that of `at`. */
export function monthStart(at: number, offset = 0): number {
  const date = new Date(at)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + offset, 1)
}

/** When the free tier of an account ends: so many months after its start, to the millisecond. */
export function freeUntil(startedAt: number, { FreeTierMonths }: Prices): number {
  const date = new Date(startedAt)
  const first = monthStart(startedAt, FreeTierMonths)
  // The 31st of January and a month is the end of February.
  const lastDay = new Date(monthStart(first, 1) - 1).getUTCDate()
  return first + (Math.min(date.getUTCDate(), lastDay) - 1) * 86_400_000 + (startedAt % 86_400_000)
}

export interface MonthUsage {
  /** Accepted recipients, and those of them accepted while the free tier ran. */
  readonly outbound: number
  readonly outboundWhileFree: number
  /** Octets of the accepted messages, once for each recipient. */
  readonly octets: number
  /** Addresses of our own that the account may send from. */
  readonly dedicatedIps: number
}

export type BillItem = 'Outbound' | 'Attachments' | 'Inbound' | 'InboundChunks' | 'Vdm' | 'DedicatedIps'

export interface BillLine {
  readonly item: BillItem
  /** Messages, gigabytes, chunks or addresses. */
  readonly quantity: number
  /** Of these the free tier covers. */
  readonly free: number
  readonly unitPrice: number
  /** The quantity that the price is for. */
  readonly unit: 1 | 1_000
  readonly amount: number
}

export interface Bill {
  readonly lines: readonly BillLine[]
  /** Message charges that the free tier covered. */
  readonly freeCharges: number
  readonly amount: number
}

/**
 * Inbound mail and Virtual Deliverability Manager are charged per message too. This account has neither, so their lines are there with nothing
 * in them: what the free tier has left is left for all three.
 */
export function billFor({ outbound, outboundWhileFree, octets, dedicatedIps }: MonthUsage, prices: Prices): Bill {
  const freeCharges = Math.min(prices.FreeTierMessageCharges, outboundWhileFree)
  const lines = [
    line('Outbound', { quantity: outbound, free: freeCharges, unitPrice: prices.OutboundPerThousand, unit: 1_000 }),
    line('Attachments', { quantity: octets / GIGABYTE, free: 0, unitPrice: prices.AttachmentsPerGigabyte, unit: 1 }),
    line('Inbound', { quantity: 0, free: 0, unitPrice: prices.InboundPerThousand, unit: 1_000 }),
    line('InboundChunks', { quantity: 0, free: 0, unitPrice: prices.InboundChunksPerThousand, unit: 1_000 }),
    line('Vdm', { quantity: 0, free: 0, unitPrice: prices.VdmPerThousand, unit: 1_000 }),
    line('DedicatedIps', { quantity: dedicatedIps, free: 0, unitPrice: prices.DedicatedIpPerMonth, unit: 1 }),
  ]
  return { lines, freeCharges, amount: millionths(lines.reduce((sum, { amount }) => sum + amount, 0)) }
}

const line = (item: BillItem, fields: Omit<BillLine, 'item' | 'amount'>): BillLine => ({
  item,
  ...fields,
  amount: millionths(((fields.quantity - fields.free) * fields.unitPrice) / fields.unit),
})

const millionths = (amount: number): number => Math.round(amount * 1e6) / 1e6
