/** `mailctl stats` drawn for a terminal: a row for each day with a bar for what was sent on it. */
import type { DayStats } from '../operations/read-stats.ts'
import { count } from './account-text.ts'
import { showBarTable } from './bar-table.ts'
import type { Io } from './io.ts'
import type { Cell } from './table.ts'
import { wrapText } from './text-width.ts'

const DAY_MS = 86_400_000
/** So many days in a row are shown with those on which nothing happened. */
const MOST_DAYS = 31

const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10)

/** @param days newest first  @param types columns, in the order in which they matter */
export function drawDays(io: Io, days: readonly DayStats[], types: readonly string[]): void {
  const all = withQuietDays(days)
  const of = ({ events }: DayStats, type: string): number => events[type] ?? 0
  const total = (type: string): number => days.reduce((sum, day) => sum + of(day, type), 0)
  const happened = types.filter((type, index) => index < 3 || total(type) > 0)
  showBarTable(io, {
    names: { head: 'Day', cells: all.map(({ day }) => day), rank: 0 },
    bars: all.map(day => [{ value: of(day, 'Send'), paint: io.colour.cyan, fill: ['█', '#'] }]),
    columns: happened.map((type, rank) => ({ head: type, rank, cells: all.map(day => cell(type, of(day, type))) })),
  })
  io.line()
  const sums = `In all ${happened.map(type => `${count(total(type))} ${type}`).join(', ')}`
  for (const line of wrapText(sums, io.stdout.columns)) io.line(io.colour.dim(line))
}

const BAD = new Set(['Bounce', 'Complaint', 'Reject'])
const cell = (type: string, value: number): Cell =>
  value === 0 ? { text: '0', colour: 'dim' } : BAD.has(type) ? { text: count(value), colour: 'red' } : count(value)

function withQuietDays(days: readonly DayStats[]): readonly DayStats[] {
  const [newest, oldest] = [days[0], days.at(-1)].map(day => Date.parse(day?.day ?? '') / DAY_MS)
  if (newest === undefined || oldest === undefined || newest - oldest >= MOST_DAYS) return days
  const known = new Map(days.map(day => [day.day, day]))
  return Array.from({ length: newest - oldest + 1 }, (_, index) => {
    const day = dayOf((newest - index) * DAY_MS)
    return known.get(day) ?? { day, events: {} }
  })
}
