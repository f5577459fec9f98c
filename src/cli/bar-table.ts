/**
 * Rows with a bar in each, drawn as wide as the terminal: where it is narrow, the columns that matter least are left out and the bars
 * grow shorter, so that no line is ever broken. For terminals only; what is read by programs is a plain table (`table.ts`).
 */
import { printable } from '../base/redact.ts'
import { type Part, stackedBar } from './bars.ts'
import type { Io } from './io.ts'
import type { Cell } from './table.ts'
import { cutText, textWidth } from './text-width.ts'

export interface BarColumn {
  readonly head: string
  /** One for each row. */
  readonly cells: readonly Cell[]
  /** 0: always shown; of the others those with the greatest go first. */
  readonly rank: number
}

export interface BarTable {
  /** What each row is; cut where it is too long. */
  readonly names: BarColumn
  /** Numbers, to the right of the bars. */
  readonly columns: readonly BarColumn[]
  /** The bar of each row, all to the same scale. */
  readonly bars: readonly (readonly Part[])[]
  /** What a bar of full width stands for. Default: the greatest of the rows. */
  readonly most?: number
}

const GAP = 2
const SHORTEST_BAR = 8
const LONGEST_BAR = 48

export function showBarTable(io: Io, { names, columns, bars, most = greatest(bars) }: BarTable): void {
  const width = io.stdout.columns
  const nameWidth = Math.min(widthOf(names), Math.max(10, Math.floor(width / 3)))
  const kept = fitting(columns, width - nameWidth - GAP - SHORTEST_BAR)
  const room = width - nameWidth - GAP - kept.reduce((sum, column) => sum + GAP + widthOf(column), 0)
  const barWidth = Math.min(LONGEST_BAR, room)
  const row = (name: string, bar: string, cells: readonly string[]): void =>
    io.line(
      [padEnd(name, nameWidth), ...(barWidth >= SHORTEST_BAR ? [padEnd(bar, barWidth)] : []), ...cells].join(' '.repeat(GAP)).trimEnd(),
    )
  row(
    io.colour.bold(cutText(names.head, nameWidth)),
    '',
    kept.map(column => io.colour.bold(padStart(column.head, widthOf(column)))),
  )
  for (const [index, name] of names.cells.entries())
    row(
      cutText(textOf(name), nameWidth),
      barWidth >= SHORTEST_BAR ? stackedBar(io, bars[index] ?? [], { most, width: barWidth }) : '',
      kept.map(column => drawnCell(io, column.cells[index] ?? '', widthOf(column))),
    )
}

const greatest = (bars: BarTable['bars']): number => Math.max(...bars.map(parts => parts.reduce((sum, { value }) => sum + value, 0)))

/** All that always stay, and of the rest as many as fit, in their order. */
function fitting(columns: readonly BarColumn[], room: number): readonly BarColumn[] {
  const needed = columns.reduce((sum, column) => sum + GAP + widthOf(column), 0)
  const last = Math.max(0, ...columns.map(({ rank }) => rank))
  return needed <= room || last === 0
    ? columns
    : fitting(
        columns.filter(({ rank }) => rank < last),
        room,
      )
}

const textOf = (cell: Cell): string => printable(typeof cell === 'object' ? cell.text : String(cell))
const widthOf = ({ head, cells }: BarColumn): number => Math.max(textWidth(head), ...cells.map(cell => textWidth(textOf(cell))))
const padEnd = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - textWidth(text)))
const padStart = (text: string, width: number): string => ' '.repeat(Math.max(0, width - textWidth(text))) + text

function drawnCell(io: Io, cell: Cell, width: number): string {
  const text = padStart(textOf(cell), width)
  return typeof cell === 'object' ? io.colour[cell.colour](text) : text
}
