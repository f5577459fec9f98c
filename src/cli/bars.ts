/** Quantities as bars and sparklines: block characters where the locale is UTF-8, else ASCII; no colour of their own. */
import type { Io } from './io.ts'

/** @param share from 0 to 1 */
export function bar(io: Pick<Io, 'unicode'>, share: number, width: number): string {
  const [full, empty] = io.unicode ? ['█', '░'] : ['#', '.']
  const filled = Math.round(Math.min(1, Math.max(0, share)) * width)
  return full.repeat(filled) + empty.repeat(width - filled)
}

/** One character a value, as high as the value is beside the greatest; something is never shown as nothing. */
export function sparkline(io: Pick<Io, 'unicode'>, values: readonly number[]): string {
  const steps = io.unicode ? ['·', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] : ['.', ':', '-', '=', '+', '*', '#', '@']
  const most = Math.max(1, ...values)
  return values.map(value => steps[value <= 0 ? 0 : Math.max(1, Math.ceil((value / most) * (steps.length - 1)))] ?? '').join('')
}

/** As many values as fit, each the sum of neighbours that are equally many; the last ones may be fewer. @returns them and how many make one */
export function squeezed(values: readonly number[], width: number): { readonly values: number[]; readonly each: number } {
  const each = Math.max(1, Math.ceil(values.length / Math.max(1, width)))
  return {
    each,
    values: Array.from({ length: Math.ceil(values.length / each) }, (_, index) =>
      values.slice(index * each, (index + 1) * each).reduce((sum, value) => sum + value, 0),
    ),
  }
}

export interface Part {
  readonly value: number
  readonly paint: (text: string) => string
  /** What it is drawn with, in UTF-8 and in ASCII. */
  readonly fill: readonly [unicode: string, ascii: string]
}

/** Parts one after the other, each to scale and at least one column where there is something. @param most the value that fills the width */
export function stackedBar(
  io: Pick<Io, 'unicode'>,
  parts: readonly Part[],
  { most, width }: { readonly most: number; readonly width: number },
): string {
  let left = width
  return parts
    .map(({ value, paint, fill }) => {
      const columns = value <= 0 || most <= 0 ? 0 : Math.min(left, Math.max(1, Math.round((value / most) * width)))
      left -= columns
      return columns === 0 ? '' : paint(fill[io.unicode ? 0 : 1].repeat(columns))
    })
    .join('')
}

/** A rate on a scale with marks. @param marks where they stand, from 0 to 1 as `share` */
export function gauge(
  io: Pick<Io, 'unicode'>,
  { share, marks, paint }: { readonly share: number; readonly marks: readonly number[]; readonly paint: (text: string) => string },
  width: number,
): string {
  const at = (part: number): number => Math.min(width - 1, Math.round(part * width))
  const filled = share <= 0 ? 0 : Math.max(1, Math.round(Math.min(1, share) * width))
  const [full, empty, mark] = io.unicode ? ['█', '░', '│'] : ['#', '.', '|']
  const marked = new Set(marks.map(at))
  const cells = Array.from({ length: width }, (_, index) => (marked.has(index) ? mark : index < filled ? full : empty))
  return paint(cells.slice(0, filled).join('')) + cells.slice(filled).join('')
}
