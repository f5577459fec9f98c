/**
 * Charts as SVG inside an HTML page: no script, nothing loaded; colours are CSS variables of the page, so they follow light and dark.
 * Each has a title and a description for who does not see it; the page puts the numbers beside it as a table.
 */
import { type Markup, markup } from '../../base/markup.ts'

const WIDTH = 640
const HEIGHT = 200
const LEFT = 52
const RIGHT = 8
const TOP = 10
const BOTTOM = 24
const PLOT_WIDTH = WIDTH - LEFT - RIGHT
const PLOT_HEIGHT = HEIGHT - TOP - BOTTOM

interface Words {
  /** Unique on the page. */
  readonly id: string
  readonly title: string
  readonly description: string
}

interface Axis {
  /** The greatest value that is drawn. */
  readonly most: number
  /** Lines across, each with what stands beside it. */
  readonly ticks: readonly { readonly value: number; readonly text: string }[]
}

/** Labels below the plot, by the index of what they stand under. */
export type TimeLabels = readonly { readonly index: number; readonly text: string }[]

const coordinate = (value: number): string => String(Number(value.toFixed(2)))
const heightOf = (value: number, most: number): number => (Math.min(value, most) / most) * PLOT_HEIGHT

function frame({ id, title, description }: Words, { most, ticks }: Axis, inside: readonly Markup[]): Markup {
  const lines = ticks.map(({ value, text }) => {
    const y = coordinate(TOP + PLOT_HEIGHT - heightOf(value, most))
    return markup`<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y}" y2="${y}"/><text class="tick" x="${LEFT - 6}" y="${y}" dy="4" text-anchor="end">${text}</text>`
  })
  return markup`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="${id}-title ${id}-description"><title id="${id}-title">${title}</title><desc id="${id}-description">${description}</desc>${lines}${inside}</svg>`
}

function below(labels: TimeLabels, places: number): Markup[] {
  return labels.map(({ index, text }) => {
    const x = LEFT + ((index + 0.5) / places) * PLOT_WIDTH
    const anchor = x < LEFT + 40 ? 'start' : x > WIDTH - RIGHT - 40 ? 'end' : 'middle'
    return markup`<text class="tick" x="${coordinate(x)}" y="${HEIGHT - 6}" text-anchor="${anchor}">${text}</text>`
  })
}

/** A round number that is no less, with two or four equal steps below it that are whole where it is above three. */
export function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, value)))
  return ([1, 2, 4, 5, 6, 8, 10].find(step => step * power >= value) ?? 10) * power
}

/** Columns over time, one for each value. @param tone the CSS class of what is counted */
export function columns(
  words: Words,
  { values, labels, tone }: { readonly values: readonly number[]; readonly labels: TimeLabels; readonly tone: string },
): Markup {
  const most = roundUp(Math.max(...values))
  const step = PLOT_WIDTH / values.length
  const width = coordinate(Math.max(1, step * 0.78))
  const drawn = values.flatMap((value, index) => {
    if (value <= 0) return []
    const height = Math.max(1.5, heightOf(value, most))
    const x = coordinate(LEFT + index * step + step * 0.11)
    return [
      markup`<rect class="${tone}" x="${x}" y="${coordinate(TOP + PLOT_HEIGHT - height)}" width="${width}" height="${coordinate(height)}"/>`,
    ]
  })
  const middle = most / 2
  const ticks = [0, ...(Number.isInteger(middle) ? [middle] : []), most].map(value => ({ value, text: short(value) }))
  return frame(words, { most, ticks }, [...drawn, ...below(labels, values.length)])
}

/** `1.5k`, `20M` */
const short = (value: number): string =>
  value >= 1e6 ? `${Number((value / 1e6).toFixed(1))}M` : value >= 1e4 ? `${Number((value / 1e3).toFixed(1))}k` : String(value)

export interface RatePoint {
  /** 0 to 1; null: nothing was sent. */
  readonly rate: number | null
  /** Whether enough was sent for it to count. */
  readonly counts: boolean
}

/** A rate over days under the lines from which something follows. */
export function rateLine(
  words: Words,
  {
    points,
    labels,
    limits,
    text,
  }: {
    readonly points: readonly RatePoint[]
    readonly labels: TimeLabels
    readonly limits: readonly { readonly value: number; readonly text: string; readonly tone: string }[]
    readonly text: (rate: number) => string
  },
): Markup {
  const most = Math.max(...limits.map(({ value }) => value * 1.2), ...points.map(({ rate }) => (rate ?? 0) * 1.1))
  const yOf = (rate: number): string => coordinate(TOP + PLOT_HEIGHT - heightOf(rate, most))
  const xOf = (index: number): string => coordinate(LEFT + ((index + 0.5) / points.length) * PLOT_WIDTH)
  const lines = limits.map(
    limit =>
      markup`<line class="limit ${limit.tone}" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${yOf(limit.value)}" y2="${yOf(limit.value)}"/><text class="tick" x="${LEFT + 4}" y="${yOf(limit.value)}" dy="-4">${limit.text}</text>`,
  )
  const known = points.flatMap(({ rate, counts }, index) => (rate === null ? [] : [{ x: xOf(index), y: yOf(rate), counts }]))
  const path = markup`<polyline class="rate" points="${known.map(({ x, y }) => `${x},${y}`).join(' ')}"/>`
  const dots = known.map(({ x, y, counts }) => markup`<circle class="${counts ? 'dot' : 'dot few'}" cx="${x}" cy="${y}" r="3"/>`)
  const ticks = [0, ...limits.map(({ value }) => value)].map(value => ({ value, text: text(value) }))
  return frame(words, { most, ticks }, [...lines, ...(known.length > 1 ? [path] : []), ...dots, ...below(labels, points.length)])
}

/** One bar of parts that make up a whole, as decoration beside its numbers. */
export function stack(parts: readonly { readonly value: number; readonly tone: string }[]): Markup {
  const whole = Math.max(
    1,
    parts.reduce((sum, { value }) => sum + value, 0),
  )
  let x = 0
  const drawn = parts.flatMap(({ value, tone }) => {
    if (value <= 0) return []
    const width = (100 * value) / whole
    const rect = markup`<rect class="${tone}" x="${coordinate(x)}" y="0" width="${coordinate(width)}" height="10"/>`
    x += width
    return [rect]
  })
  return markup`<svg class="stack" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">${drawn}</svg>`
}
