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
