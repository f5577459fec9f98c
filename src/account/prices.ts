/**
 * What SES asks for: a table of figures with the day they were read, `prices.json`. A caller may give another of the same members, because
 * prices change and differ by contract. SES facts: concepts §13.
 */
import { MailctlError } from '../base/errors.ts'
import { printable } from '../base/redact.ts'
import table from './prices.json' with { type: 'json' }

export interface Prices {
  /** The day the figures were read: `2026-08-01`. */
  readonly AsOf: string
  /** Three letters. */
  readonly Currency: string
  /** Message charges a month that cost nothing: outbound, inbound and Virtual Deliverability Manager together. */
  readonly FreeTierMessageCharges: number
  /** From the account's start. */
  readonly FreeTierMonths: number
  readonly OutboundPerThousand: number
  /** 2^30 octets. */
  readonly AttachmentsPerGigabyte: number
  readonly InboundPerThousand: number
  /** Of 256 KB, full ones only. */
  readonly InboundChunksPerThousand: number
  readonly VdmPerThousand: number
  readonly DedicatedIpPerMonth: number
}

export const PRICES: Prices = table

/** @param text a JSON object with every member of `Prices` and no other @throws MailctlError bad-data, naming the member */
export function parsePrices(text: string): Prices {
  const given = parseObject(text)
  const unknown = Object.keys(given).find(name => !(name in PRICES))
  if (unknown !== undefined) throw refused(`a price table has no member '${printable(unknown)}'`)
  for (const [name, sample] of Object.entries(PRICES)) {
    const value = given[name]
    if (value === undefined) throw refused(`the price table has no member '${name}'`)
    if (typeof sample === 'number' && !(typeof value === 'number' && value >= 0 && value <= 1e9))
      throw refused(`'${name}' of the price table is not a number from 0 to 1,000,000,000`)
  }
  const prices = given as unknown as Prices
  if (!isDay(prices.AsOf)) throw refused("'AsOf' of the price table is not a day such as 2026-08-01")
  if (typeof prices.Currency !== 'string' || !/^[A-Z]{3}$/.test(prices.Currency))
    throw refused("'Currency' of the price table is not three capital letters")
  for (const name of ['FreeTierMessageCharges', 'FreeTierMonths'] as const)
    if (!Number.isInteger(prices[name])) throw refused(`'${name}' of the price table is not a whole number`)
  return prices
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  } catch {
    // Said below.
  }
  throw refused('the price table is no JSON object')
}

const isDay = (value: unknown): boolean =>
  typeof value === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(value) && new Date(`${value}T00:00:00Z`).toJSON()?.startsWith(value) === true

const refused = (message: string): MailctlError =>
  new MailctlError('bad-data', message, { hint: 'mailctl account usage --write-prices FILE writes the table to start from.' })
