// What a bench finds out, and how it is shown: as text, as a Markdown table ready for docs/performance.md, or as JSON.

/**
 * Without `goal` it only informs; in place of a value `skipped`: why it cannot be measured here, or `failed`: how the bench ended early.
 * @typedef {{ name: string, value?: number, unit?: string, goal?: number, better?: string, detail?: string, skipped?: string,
 *   failed?: string }} Figure
 *   `better` is `less` or `more`
 */

/** @param {Figure} figure @returns undefined where nothing is asked of the figure, or it was skipped */
export function held({ value, goal, better, failed }) {
  if (failed !== undefined) return false
  if (goal === undefined || value === undefined) return undefined
  return better === 'less' ? value <= goal : value >= goal
}

const VERDICTS = new Map([
  [true, 'held'],
  [false, 'MISSED'],
  [undefined, ''],
])

function cells(figure) {
  const { name, value, unit, goal, better, detail = '', skipped, failed } = figure
  if (skipped !== undefined) return { name, value: 'skipped', goal: '', verdict: '', detail: skipped }
  if (failed !== undefined) return { name, value: 'failed', goal: '', verdict: 'MISSED', detail: failed }
  return {
    name,
    value: amount(value, unit),
    goal: goal === undefined ? '' : `${better === 'less' ? '≤' : '≥'} ${amount(goal, unit)}`,
    verdict: VERDICTS.get(held(figure)) ?? '',
    detail,
  }
}

/** Three significant digits, as few as two where the third is a zero behind the point. */
export function amount(value, unit) {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2
  const text = value.toFixed(digits)
  return `${text.includes('.') ? text.replace(/\.?0+$/, '') : text} ${unit}`
}

export function asText(figure) {
  const { name, value, goal, verdict, detail } = cells(figure)
  return `  ${name.padEnd(52)} ${value.padStart(11)}   ${goal.padEnd(11)} ${verdict.padEnd(6)}   ${detail}`.trimEnd()
}

/** @param {readonly { bench: string, figures: readonly Figure[] }[]} results */
export function asMarkdown(results) {
  const row = values => `| ${values.map(value => value.replaceAll('|', '\\|')).join(' | ')} |`
  return results
    .map(({ bench, figures }) => {
      const lines = figures.map(cells).map(({ name, value, goal, verdict, detail }) => row([name, value, goal, verdict, detail]))
      return [`### ${bench}`, '', row(['figure', 'value', 'goal', '', 'measured']), '|---|---|---|---|---|', ...lines, ''].join('\n')
    })
    .join('\n')
}

/** @param {readonly { bench: string, figures: readonly Figure[] }[]} results */
export const asJson = results =>
  results.flatMap(({ bench, figures }) => figures.map(figure => ({ Bench: bench, Name: figure.name, ...resultOf(figure) })))

function resultOf(figure) {
  const { value, unit, goal, better, detail = '', skipped, failed } = figure
  if (skipped !== undefined) return { Skipped: skipped }
  if (failed !== undefined) return { Failed: failed }
  return { Value: value, Unit: unit, ...(goal !== undefined && { Goal: goal, Better: better, Held: held(figure) }), Detail: detail }
}

/** The middle one; of two, the greater. */
export const median = values => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
