/** `mailctl reputation` drawn for a terminal: each rate on a scale with the lines that matter, and how it came to be. */
import type { Metric, Rate } from '../account/reputation.ts'
import type { NamedRates, Reputation } from '../operations/reputation.ts'
import { dayText, percent, THRESHOLDS, WINDOW_DAYS } from '../operations/reputation-view.ts'
import { count } from './account-text.ts'
import { showBarTable } from './bar-table.ts'
import { gauge, sparkline } from './bars.ts'
import type { Io } from './io.ts'
import { VERDICT_COLOURS, VERDICT_WORDS } from './reputation-words.ts'
import type { Cell } from './table.ts'
import { wrapText } from './text-width.ts'

const METRICS = [
  ['bounce', 'Bounces'],
  ['complaint', 'Complaints'],
] as const
const LABEL_WIDTH = 12
const LONGEST_GAUGE = 60
/** From so many columns on, the lines are named below the scale. */
const NAMED_FROM = 48
/** How far the scale goes beyond the line of suspension. */
const BEYOND = 1.2

export function drawReputation(io: Io, { rates, history, sets, identities }: Reputation): void {
  const room = io.stdout.columns - LABEL_WIDTH
  const width = Math.min(LONGEST_GAUGE, room)
  for (const [metric, name] of METRICS) {
    const rate = rates[metric]
    const { review, pause } = THRESHOLDS[metric]
    const most = pause * BEYOND
    const paint = io.colour[VERDICT_COLOURS[rate.verdict]]
    const words = `${percent(rate.rate)}, ${count(rate.count)} of ${count(rate.volume)} since ${dayText(rate.fromDay)}: ${VERDICT_WORDS[rate.verdict]}`
    const lines = [
      ...wrapText(words, room).map(line => paint(line)),
      gauge(io, { share: rate.rate / most, marks: [review / most, pause / most], paint }, width),
      io.colour.dim(scale(metric, width)),
    ]
    const days = history.map(day => day.rates[metric])
    if (room >= WINDOW_DAYS + 8 && days.some(({ count: bad }) => bad > 0))
      lines.push(
        `${sparkline(
          io,
          days.map(day => Math.min(1, day.rate / pause)),
        )} ${WINDOW_DAYS} days`,
      )
    for (const [index, line] of lines.entries()) io.line(`${io.colour.dim((index === 0 ? name : '').padEnd(LABEL_WIDTH))}${line}`)
    io.line()
  }
  drawParts(io, 'Configuration set', sets)
  drawParts(io, 'Identity', identities)
}

/** What stands under the two marks of a gauge. */
function scale(metric: Metric, width: number): string {
  const { review, pause } = THRESHOLDS[metric]
  const named = width >= NAMED_FROM
  const left = named ? `review ${percent(review)}` : percent(review)
  const right = named ? `suspended ${percent(pause)}` : percent(pause)
  const at = (value: number): number => Math.min(width - 1, Math.round((value / (pause * BEYOND)) * width))
  const start = `${' '.repeat(at(review))}${left}`
  return start + right.padStart(Math.max(right.length + 1, at(pause) + 1 - start.length))
}

function drawParts(io: Io, head: string, parts: readonly NamedRates[]): void {
  if (parts.length === 0) return
  const share = (rate: Rate): Cell => ({ text: percent(rate.rate), colour: VERDICT_COLOURS[rate.verdict] })
  showBarTable(io, {
    names: { head, cells: parts.map(({ name }) => name), rank: 0 },
    most: THRESHOLDS.bounce.pause * BEYOND,
    bars: parts.map(({ rates: { bounce } }) => [
      {
        value: Math.min(bounce.rate, THRESHOLDS.bounce.pause * BEYOND),
        paint: io.colour[VERDICT_COLOURS[bounce.verdict]],
        fill: ['█', '#'],
      },
    ]),
    columns: [
      { head: 'Bounces', rank: 0, cells: parts.map(({ rates: { bounce } }) => share(bounce)) },
      { head: 'Complaints', rank: 1, cells: parts.map(({ rates: { complaint } }) => share(complaint)) },
      { head: 'Recipients', rank: 2, cells: parts.map(({ rates: { bounce } }) => count(bounce.volume)) },
    ],
  })
  io.line()
}
