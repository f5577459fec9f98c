/**
 * The report as one HTML file that needs nothing else: styles and pictures are in it, it runs no script and a policy of its own forbids
 * it to load anything. Light or dark as its reader's system is, black on white on paper. Every chart has its numbers as a table.
 */
import { type Markup, markup } from '../../base/markup.ts'
import type { AccountReport } from '../../operations/account-report.ts'
import { DAY_MS, dayText, percent, THRESHOLDS } from '../../operations/reputation-view.ts'
import type { BreakdownRow } from '../../ports/breakdown.ts'
import { count } from '../account-text.ts'
import { showTime } from '../moments.ts'
import { columns, rateLine, stack, type TimeLabels } from './chart.ts'
import { STYLE } from './style.ts'

export function reportPage(report: AccountReport): string {
  const { account, now, since } = report
  const title = `Mail of account ${account.accountId}`
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>${title}</h1>
<p>${account.region}, from ${showTime(since)} to ${showTime(now)}</p>
</header>
<main>
${glance(report)}
${overTime(report)}
${rates(report)}
${parts(report)}
</main>
</body>
</html>
`.text
}

function glance({ account, reputation, sentLast24Hours, spans }: AccountReport): Markup {
  const total = (of: 'sent' | 'delivered' | 'bounced' | 'complained'): number => spans.reduce((sum, span) => sum + span[of], 0)
  const sent = total('sent')
  const access = account.productionAccess ? 'production' : 'sandbox'
  const quota = account.max24HourSend < 0 ? 'no limit' : `of ${count(account.max24HourSend)}`
  const tiles = [
    ['Sent', count(sent), 'recipients'],
    ['Delivered', count(total('delivered')), shareText(total('delivered'), sent)],
    ['Bounced', count(total('bounced')), shareText(total('bounced'), sent)],
    ['Complaints', count(total('complained')), shareText(total('complained'), total('delivered'))],
    ['Last 24 hours', count(sentLast24Hours), quota],
    ['Health', reputation.standing.status, `${access}, ${account.sendingEnabled ? 'sending' : 'paused'}`],
  ]
  return markup`<section aria-labelledby="glance">
<h2 id="glance">At a glance</h2>
<dl class="tiles">${tiles.map(([name = '', value = '', more = '']) => markup`<div><dt>${name}</dt><dd><strong>${value}</strong> <small>${more}</small></dd></div>`)}</dl>
${reputation.reason === undefined ? [] : [markup`<p class="reason">${reputation.reason}</p>`]}
</section>`
}

/** Of what was sent in the same time, so it may pass 100 % where mail waited longer. */
const shareText = (part: number, whole: number): string => (whole === 0 ? '0 %' : percent(part / whole))

const SERIES = [
  ['sent', 'Sent'],
  ['delivered', 'Delivered'],
  ['bounced', 'Bounced'],
  ['complained', 'Complaints'],
] as const

function overTime({ spans, spanMs }: AccountReport): Markup {
  const labels = timeLabels(spans.map(({ at }) => spanText(at, spanMs)))
  const charts = SERIES.map(([member, name]) => {
    const values = spans.map(span => span[member])
    const total = values.reduce((sum, value) => sum + value, 0)
    const most = Math.max(...values)
    const peak =
      total === 0
        ? 'none'
        : `${count(total)} in all, at most ${count(most)} from ${spanText(spans[values.indexOf(most)]?.at ?? 0, spanMs)} on`
    const words = {
      id: `time-${member}`,
      title: `${name} over time`,
      description: `Recipients, a column for every ${lengthText(spanMs)}: ${peak}.`,
    }
    return markup`<figure><figcaption>${name} <small>${count(total)}</small></figcaption>${columns(words, { values, labels, tone: member })}</figure>`
  })
  const eventful = spans.filter(span => SERIES.some(([member]) => span[member] > 0))
  const rows = eventful.map(
    span =>
      markup`<tr><th scope="row">${spanText(span.at, spanMs)}</th>${SERIES.map(([member]) => markup`<td>${count(span[member])}</td>`)}</tr>`,
  )
  return markup`<section aria-labelledby="time">
<h2 id="time">Over time</h2>
<p>Recipients, a column for every ${lengthText(spanMs)} (UTC); each chart has its own scale.</p>
<div class="charts">${charts}</div>
<details><summary>The numbers</summary>${table(['From', ...SERIES.map(([, name]) => name)], rows)}</details>
</section>`
}

const spanText = (at: number, spanMs: number): string => {
  const text = new Date(at).toISOString()
  return spanMs >= DAY_MS ? text.slice(0, 10) : `${text.slice(5, 10)} ${text.slice(11, 16)}`
}

function lengthText(spanMs: number): string {
  const minutes = spanMs / 60_000
  const [number, unit] = minutes < 60 ? [minutes, 'minutes'] : minutes < 1_440 ? [minutes / 60, 'hours'] : [minutes / 1_440, 'days']
  return number === 1 ? unit.slice(0, -1) : `${number} ${unit}`
}

/** The first, the last and some between, so that they do not touch. */
function timeLabels(texts: readonly string[]): TimeLabels {
  const wanted = Math.min(5, texts.length)
  const indices = Array.from({ length: wanted }, (_, at) => Math.round((at * (texts.length - 1)) / Math.max(1, wanted - 1)))
  return [...new Set(indices)].map(index => ({ index, text: texts[index] ?? '' }))
}

const METRICS = [
  ['bounce', 'Bounce rate'],
  ['complaint', 'Complaint rate'],
] as const

function rates({ reputation }: AccountReport): Markup {
  const labels = timeLabels(reputation.history.map(({ day }) => dayText(day)))
  const charts = METRICS.map(([metric, name]) => {
    const { review, pause } = THRESHOLDS[metric]
    const now = reputation.rates[metric]
    const description = `Now ${percent(now.rate)} of ${count(now.volume)} recipients. Under review from ${percent(review)}, suspended from ${percent(pause)}.`
    const points = reputation.history.map(({ rates: { [metric]: rate } }) => ({
      rate: rate.volume === 0 ? null : rate.rate,
      counts: rate.verdict !== 'not-representative',
    }))
    const limits = [
      { value: review, text: 'under review', tone: 'review' },
      { value: pause, text: 'suspended', tone: 'pause' },
    ]
    const chart = rateLine({ id: `rate-${metric}`, title: `${name} by day`, description }, { points, labels, limits, text: percent })
    return markup`<figure><figcaption>${name} <small>${percent(now.rate)}</small></figcaption>${chart}</figure>`
  })
  const rows = reputation.history
    .filter(day => METRICS.some(([metric]) => day.rates[metric].volume > 0))
    .map(
      day =>
        markup`<tr><th scope="row">${dayText(day.day)}</th>${METRICS.map(([metric]) => {
          const { rate, count: bad, volume } = day.rates[metric]
          return markup`<td>${percent(rate)}</td><td>${count(bad)} of ${count(volume)}</td>`
        })}</tr>`,
    )
  return markup`<section aria-labelledby="rates">
<h2 id="rates">Rates the account is judged by</h2>
<p>As they stood at the end of each of the last 30 days. A hollow dot: too few recipients for anything to follow from it.</p>
<div class="charts">${charts}</div>
<details><summary>The numbers</summary>${table(['Day', 'Bounce rate', 'Bounces', 'Complaint rate', 'Complaints'], rows)}</details>
</section>`
}

const KEY = [
  ['delivered', 'delivered'],
  ['bounced', 'bounced'],
  ['waiting', 'waiting'],
  ['stopped', 'not sent'],
] as const

function parts({ providers, domains, sets, reputation }: AccountReport): Markup {
  const judged = [
    ...reputation.identities.map(({ name, rates: own }) => ({ kind: 'identity', name, own })),
    ...reputation.sets.map(({ name, rates: own }) => ({ kind: 'configuration set', name, own })),
  ].map(
    ({ kind, name, own: { bounce, complaint } }) =>
      markup`<tr><th scope="row">${name}</th><td class="text">${kind}</td><td>${count(bounce.volume)}</td><td>${percent(bounce.rate)}</td><td>${percent(complaint.rate)}</td></tr>`,
  )
  return markup`<section aria-labelledby="parts">
<h2 id="parts">Where mail went</h2>
<p>Recipients of the messages accepted in this time, and what became of them. ${KEY.map(([tone, words]) => markup`<span class="key"><i class="${tone}"></i> ${words}</span> `)}</p>
${breakdown('By provider', providers, 'all other domains')}
${breakdown('By domain', domains, '-')}
${breakdown('By configuration set', sets, 'none')}
<h3>Rates by sender</h3>
${judged.length === 0 ? markup`<p>Nothing was counted yet.</p>` : table(['Name', 'Kind', 'Recipients', 'Bounce rate', 'Complaint rate'], judged)}
</section>`
}

function breakdown(title: string, rows: readonly BreakdownRow[], unnamed: string): Markup {
  if (rows.length === 0) return markup`<h3>${title}</h3><p>Nothing was sent.</p>`
  const lines = rows.map(row => {
    const bar = stack(KEY.map(([tone]) => ({ value: row[tone], tone })))
    const sent = row.recipients - row.stopped
    const numbers = [row.recipients, row.delivered, row.bounced, row.complained, row.waiting, row.stopped]
    return markup`<tr><th scope="row">${row.name === '' ? unnamed : row.name}</th><td class="bar">${bar}</td>${numbers.map(number => markup`<td>${count(number)}</td>`)}<td>${shareText(row.bounced, sent)}</td></tr>`
  })
  const head = ['Name', '', 'Recipients', 'Delivered', 'Bounced', 'Complaints', 'Waiting', 'Not sent', 'Bounce rate']
  return markup`<h3>${title}</h3>
${table(head, lines)}`
}

const table = (head: readonly string[], rows: readonly Markup[]): Markup =>
  markup`<div class="wide" tabindex="0" role="region" aria-label="Table"><table><thead><tr>${head.map(name => (name === '' ? markup`<td></td>` : markup`<th scope="col"${name === 'Kind' ? markup` class="text"` : ''}>${name}</th>`))}</tr></thead><tbody>${rows}</tbody></table></div>`
