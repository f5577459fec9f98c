/**
 * Rows in columns on stdout. On a terminal a table as wide as the window, drawn by cli-table3 (loaded here only) with box characters
 * where the locale is UTF-8; elsewhere plain aligned columns, nothing cut. Cell texts may come from outside: control characters are replaced.
 */
import { printable } from '../base/redact.ts'
import type { Colour, Io } from './io.ts'
import { textWidth, wrapText } from './text-width.ts'

export type Cell = string | number | { readonly text: string; readonly colour: Colour }

export interface TableContent {
  readonly head: readonly string[]
  readonly rows: readonly (readonly Cell[])[]
  /** Long cells are wrapped to their end on a terminal too, for values that are copied; otherwise they are cut after three lines. */
  readonly whole?: boolean
}

const MAX_LINES = 3
/** Below this a column says nothing. */
const MIN_WIDTH = 6

const textOf = (cell: Cell): string => printable(typeof cell === 'object' ? cell.text : String(cell))

export async function showTable(io: Io, content: TableContent): Promise<void> {
  if (io.stdout.isTty) await drawn(io, content)
  else plain(io, content)
}

function plain(io: Io, { head, rows }: TableContent): void {
  const lines = [[...head], ...rows.map(row => row.map(textOf))]
  const widths = head.map((_, column) => widest(lines, column))
  for (const line of lines)
    io.line(
      line
        .map((text, column) => text + ' '.repeat(Math.max(0, (widths[column] ?? 0) - textWidth(text))))
        .join('  ')
        .trimEnd(),
    )
}

async function drawn(io: Io, { head, rows, whole = false }: TableContent): Promise<void> {
  const { default: Table } = await import('cli-table3')
  const bar = io.unicode ? '─' : '-'
  const cells = rows.map(row => row.map(textOf))
  const widths = columnWidths([head, ...cells], io.stdout.columns)
  // Wrapped before it is coloured: cli-table3 would count and cut colour sequences as text.
  const linesOf = (text: string, column: number): string[] => {
    const width = widths[column] ?? 1
    const lines = wrapText(text, width)
    if (whole || lines.length <= MAX_LINES) return lines
    const [cut = ''] = wrapText(lines[MAX_LINES - 1] ?? '', width - 3)
    return [...lines.slice(0, MAX_LINES - 1), `${cut}...`]
  }
  const inColour = (lines: readonly string[], paint: (text: string) => string): string => lines.map(paint).join('\n')
  const table = new Table({
    head: head.map((title, column) => inColour(linesOf(title, column), io.colour.bold)),
    chars: {
      ...{ top: '', 'top-mid': '', 'top-left': '', 'top-right': '', bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '' },
      ...{ left: '', 'left-mid': '', right: '', 'right-mid': '', middle: '  ', mid: bar, 'mid-mid': `${bar}${bar}` },
    },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0, compact: true },
    colWidths: widths,
  })
  for (const [at, row] of rows.entries())
    table.push(row.map((cell, column) => inColour(linesOf(cells[at]?.[column] ?? '', column), colourOf(io, cell))))
  for (const line of table.toString().split('\n')) io.line(line.trimEnd())
}

/** Columns of the widest cell. */
const widest = (lines: readonly (readonly string[])[], column: number): number =>
  lines.reduce((most, line) => Math.max(most, textWidth(line[column] ?? '')), 0)

const colourOf = (io: Io, cell: Cell): ((text: string) => string) => (typeof cell === 'object' ? io.colour[cell.colour] : text => text)

/** Natural widths; where they do not fit, the widest columns give way first. */
function columnWidths(lines: readonly (readonly string[])[], available: number): number[] {
  const widths = (lines[0] ?? []).map((_, column) => Math.max(1, widest(lines, column)))
  const gaps = 2 * Math.max(0, widths.length - 1)
  while (widths.reduce((sum, width) => sum + width, gaps) > available) {
    const at = widths.indexOf(Math.max(...widths))
    if ((widths[at] ?? 0) <= MIN_WIDTH) break
    widths[at] = (widths[at] ?? 0) - 1
  }
  return widths
}
