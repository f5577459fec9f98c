/** `mailctl account usage`: what was sent, month by month, and what SES would charge for it. */
import { writeFile } from 'node:fs/promises'
import type { BillItem } from '../../../account/bill.ts'
import type { Prices } from '../../../account/prices.ts'
import { MailctlError, messageOf } from '../../../base/errors.ts'
import { priceTable, readUsage, type Usage, type UsagePeriod } from '../../../operations/read-usage.ts'
import { count } from '../../account-text.ts'
import { bar } from '../../bars.ts'
import { command } from '../../command.ts'
import type { Io } from '../../io.ts'
import { isoTime, parseNumber, textFlag } from '../../moments.ts'
import { showTable } from '../../table.ts'
import { readInput } from '../../values.ts'

type Shown = Usage | { readonly written: string }

export default command<Shown>({
  path: 'account usage',
  summary: 'Show what was sent and what SES would charge for it',
  details:
    'Months are calendar months in UTC, on the clock of the account. Charged is every accepted recipient: those of the mailbox simulator and ' +
    'suppressed ones too. Attachment data is the octets of whole messages, once for each recipient, so it is the most that it can be.',
  examples: [
    'mailctl account usage',
    'mailctl account usage --months 12 --json',
    'mailctl account usage --write-prices prices.json',
    'mailctl account usage --prices prices.json',
  ],
  options: [
    { flags: '--months <n>', summary: 'this many months, the current one included (default: 6)' },
    { flags: '--prices <file>', summary: 'another price table; - is stdin', path: true },
    {
      flags: '--write-prices <file>',
      summary: 'write the price table to a new file, to be edited, and nothing else; - is stdout',
      path: true,
    },
  ],
  fails: ['usage', 'bad-data', 'no-input', 'already-exists', 'config', 'store-unavailable'],
  async run({ app, io }, _args, flags) {
    const target = textFlag(flags, 'writePrices')
    if (target !== undefined) {
      if (target !== '-') await writeNew(target)
      return { written: target }
    }
    const months = parseNumber(textFlag(flags, 'months') ?? '6', { flag: '--months', min: 1, max: 120, whole: true })
    const file = textFlag(flags, 'prices')
    const prices = file === undefined ? undefined : (await readInput(file, io)).toString('utf8')
    return await readUsage(await app(), { months, ...(prices !== undefined && { prices }) })
  },
  json: shown => ('written' in shown ? (shown.written === '-' ? JSON.parse(priceTable()) : { File: shown.written }) : usageJson(shown)),
  async show(io, shown) {
    if (!('written' in shown)) return await showUsage(io, shown)
    if (shown.written === '-') io.stdout.write(priceTable())
    else io.line(`Wrote ${shown.written}`)
  },
})

/** @throws MailctlError already-exists, store-unavailable */
async function writeNew(file: string): Promise<void> {
  try {
    await writeFile(file, priceTable(), { flag: 'wx' })
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST')
      throw new MailctlError('already-exists', `${file} is there already`, { hint: 'Name a new file, or give this one to --prices.' })
    throw new MailctlError('store-unavailable', `cannot write ${file}: ${messageOf(cause)}`, { cause })
  }
}

const usageJson = ({ prices, startedAt, freeUntil, periods }: Usage) => ({
  Prices: prices,
  FreeTier: { StartTimestamp: isoTime(startedAt), EndTimestamp: isoTime(freeUntil), MessageCharges: prices.FreeTierMessageCharges },
  Periods: periods.map(({ from, until, messages, recipients, octets, freeCharges, amount, lines }) => ({
    StartTimestamp: isoTime(from),
    EndTimestamp: isoTime(until),
    Messages: messages,
    MessageCharges: recipients,
    FreeMessageCharges: freeCharges,
    Bytes: octets,
    Amount: amount,
    Lines: lines.map(({ item, quantity, free, unitPrice, unit, amount }) => ({
      Item: item,
      Quantity: quantity,
      Free: free,
      UnitPrice: unitPrice,
      PerUnits: unit,
      Amount: amount,
    })),
  })),
})

/** Small amounts need their digits, large ones do not. */
function money(amount: number, { Currency }: Prices): string {
  const text = amount > 0 && amount < 0.995 ? amount.toFixed(4) : amount.toFixed(2).replace(/\B(?=(\d{3})+(?!\d))/g, ',')
  return Currency === 'USD' ? `$${text}` : `${text} ${Currency}`
}

/** With its digits, two at least. */
const priceOf = (price: number, { Currency }: Prices): string => {
  const text = price.toFixed(Math.max(2, String(price).split('.')[1]?.length ?? 0))
  return Currency === 'USD' ? `$${text}` : `${text} ${Currency}`
}

const NAMES: Readonly<Record<BillItem, string>> = {
  Outbound: 'Outbound recipients',
  Attachments: 'Attachment data, GB',
  Inbound: 'Inbound messages',
  InboundChunks: 'Inbound 256 KB chunks',
  Vdm: 'VDM messages',
  DedicatedIps: 'Dedicated addresses',
}

const BAR_WIDTH = 24
const monthOf = (at: number): string => isoTime(at).slice(0, 7)
const dayOf = (at: number): string => isoTime(at).slice(0, 10)

async function showUsage(io: Io, usage: Usage): Promise<void> {
  const { prices, periods, now } = usage
  const [current] = periods
  if (current === undefined) return
  io.line(`${io.colour.bold(monthOf(current.from))} until now, in prices of ${prices.AsOf}`)
  io.line()
  await showTable(io, {
    head: ['', 'Quantity', 'Free', 'Price', 'Amount'],
    rows: [
      ...current.lines.map(({ item, quantity, free, unitPrice, unit, amount }) => [
        NAMES[item],
        item === 'Attachments' ? quantity.toFixed(quantity < 10 ? 4 : 1) : count(quantity),
        free === 0 ? '' : count(free),
        `${priceOf(unitPrice, prices)}${unit === 1 ? '' : ` per ${count(unit)}`}`,
        money(amount, prices),
      ]),
      [{ text: 'Total', colour: 'bold' as const }, '', '', '', { text: money(current.amount, prices), colour: 'bold' as const }],
    ],
  })
  io.line()
  io.line(freeTierText(io, usage, current, now))
  if (periods.length > 1) await showHistory(io, usage)
}

function freeTierText(io: Io, { prices, freeUntil }: Usage, { freeCharges, from }: UsagePeriod, now: number): string {
  if (freeUntil <= from || prices.FreeTierMessageCharges === 0) return `Free tier  ended on ${dayOf(freeUntil)}`
  const most = prices.FreeTierMessageCharges
  const drawn = io.stdout.isTty ? `${bar(io, freeCharges / most, BAR_WIDTH)} ` : ''
  return `Free tier  ${drawn}${count(freeCharges)} of ${count(most)} this month, ${now < freeUntil ? 'until' : 'ended on'} ${dayOf(freeUntil)}`
}

async function showHistory(io: Io, { prices, periods }: Usage): Promise<void> {
  const most = Math.max(1, ...periods.map(({ recipients }) => recipients))
  io.line()
  await showTable(io, {
    head: ['Month', ...(io.stdout.isTty ? [''] : []), 'Messages', 'Recipients', 'GB', 'Amount'],
    rows: periods.map(({ from, messages, recipients, octets, amount }) => [
      monthOf(from),
      ...(io.stdout.isTty ? [bar(io, recipients / most, BAR_WIDTH)] : []),
      count(messages),
      count(recipients),
      (octets / 2 ** 30).toFixed(2),
      money(amount, prices),
    ]),
  })
}
