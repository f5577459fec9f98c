/**
 * Rows in columns on stdout. On a terminal a table as wide as the window, drawn by cli-table3 (loaded here only) with box characters
 * where the locale is UTF-8; elsewhere plain aligned columns, nothing cut. Cell texts may come from outside: control characters are replaced.
 */
import { printable } from '../base/redact.ts'
import type { Colour, Io } from './io.ts'

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
        .map((text, column) => text + ' '.repeat(Math.max(0, (widths[column] ?? 0) - [...text].length)))
        .join('  ')
        .trimEnd(),
    )
}

async function drawn(io: Io, { head, rows, whole = false }: TableContent): Promise<void> {
  const { default: Table } = await import('cli-table3')
  const bar = io.unicode ? '─' : '-'
  const cells = rows.map(row => row.map(textOf))
  const widths = columnWidths([head, ...cells], io.stdout.columns)
  const shown = (row: number, column: number): string => {
    const text = [...(cells[row]?.[column] ?? '')]
    const most = (widths[column] ?? 1) * MAX_LINES
    return whole || text.length <= most ? text.join('') : `${text.slice(0, most - 3).join('')}...`
  }
  const table = new Table({
    head: head.map(title => io.colour.bold(title)),
    chars: {
      ...{ top: '', 'top-mid': '', 'top-left': '', 'top-right': '', bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '' },
      ...{ left: '', 'left-mid': '', right: '', 'right-mid': '', middle: '  ', mid: bar, 'mid-mid': `${bar}${bar}` },
    },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0, compact: true },
    colWidths: widths,
    wordWrap: true,
    wrapOnWordBoundary: false,
  })
  for (const [at, row] of rows.entries()) table.push(row.map((cell, column) => coloured(io, cell, shown(at, column))))
  for (const line of table.toString().split('\n')) io.line(line.trimEnd())
}

/** Characters of the longest cell. */
const widest = (lines: readonly (readonly string[])[], column: number): number =>
  lines.reduce((most, line) => Math.max(most, [...(line[column] ?? '')].length), 0)

const coloured = (io: Io, cell: Cell, text: string): string => (typeof cell === 'object' ? io.colour[cell.colour](text) : text)

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
