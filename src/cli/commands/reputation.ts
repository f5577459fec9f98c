/** `mailctl reputation`: the rates by which the account is judged, of the whole account and of its parts. */
import type { Rate } from '../../account/reputation.ts'
import { type NamedRates, type Reputation, readReputation } from '../../operations/reputation.ts'
import { DAY_MS, dayOf, dayText, percent, reputationView, THRESHOLDS, WINDOW_DAYS } from '../../operations/reputation-view.ts'
import { count, showFacts } from '../account-text.ts'
import { command } from '../command.ts'
import type { Io } from '../io.ts'
import { showTime } from '../moments.ts'
import { HTML_FLAG, showWritten, type WrittenReport, writeReport, writtenJson } from '../report/write-report.ts'
import { drawReputation } from '../reputation-text.ts'
import { VERDICT_COLOURS, VERDICT_WORDS } from '../reputation-words.ts'
import { type Cell, showTable } from '../table.ts'
import { wrapText } from '../text-width.ts'
import { showWatched, WATCH_FLAGS, type Watched, watched, watchedJson } from '../watch.ts'

interface Shown extends Watched<Reputation> {
  readonly report: WrittenReport | undefined
}

/** How far back rates look. */
const REPORTED_MS = WINDOW_DAYS * DAY_MS

export default command<Shown>({
  path: 'reputation',
  summary: 'Show bounce and complaint rates, and what follows from them',
  details:
    'A rate goes back day by day until 1,000 recipients are counted, at most 30 days; with fewer nothing follows from it. Not counted: the ' +
    'mailbox simulator, domains of your own, suppressed recipients; complaints are not counted of providers that send none. --html writes one ' +
    'file with charts, those of `mailctl stats --html` over 30 days; a file that is there is replaced.',
  examples: ['mailctl reputation', 'mailctl reputation --json', 'mailctl reputation --html report.html'],
  options: [HTML_FLAG, ...WATCH_FLAGS],
  fails: ['usage', 'config', 'store-unavailable'],
  async run(context, _args, flags) {
    const opened = await context.app()
    const shown = await watched(context, flags, async () => await readReputation(opened))
    return { ...shown, report: await writeReport(opened, flags, opened.clock.now() - REPORTED_MS) }
  },
  json: ({ first, report }) => ({ ...writtenJson(report), ...reputationView(first) }),
  ndjson: shown => watchedJson(shown, reputationView),
  show: (io, shown) => (shown.report === undefined ? showWatched(io, shown, showReputation) : showWritten(io, shown.report)),
})

async function showReputation(io: Io, reputation: Reputation): Promise<void> {
  const { standing, reason, rates, sets, identities } = reputation
  const paint = { HEALTHY: io.colour.green, PROBATION: io.colour.yellow, SHUTDOWN: io.colour.red }[standing.status]
  const said = reason === undefined ? [] : io.stdout.isTty ? wrapText(reason, io.stdout.columns - REASON_INDENT) : [reason]
  showFacts(io, [
    ['Health', `${paint(standing.status)} since ${io.stdout.isTty ? dayText(dayOf(standing.since)) : showTime(standing.since)}`],
    ...said.map((line, index) => [index === 0 ? 'Reason' : '', line] as const),
  ])
  io.line()
  if (io.stdout.isTty) return drawReputation(io, reputation)
  await showTable(io, {
    head: ['Rate', 'Now', 'Recipients', 'From', 'Aim', 'Review from', 'Suspended from', 'Verdict'],
    rows: [row('bounce', rates.bounce), row('complaint', rates.complaint)],
  })
  await showParts(io, 'Configuration set', sets)
  await showParts(io, 'Identity', identities)
}

/** `Reason` and two spaces. */
const REASON_INDENT = 8

const verdict = (rate: Rate): Cell => ({ text: VERDICT_WORDS[rate.verdict], colour: VERDICT_COLOURS[rate.verdict] })
const share = ({ count: bad, rate }: Rate): string => `${percent(rate)} (${count(bad)})`

function row(metric: 'bounce' | 'complaint', rate: Rate): Cell[] {
  const { aim, review, pause } = THRESHOLDS[metric]
  const name = metric === 'bounce' ? 'bounces' : 'complaints'
  return [name, share(rate), count(rate.volume), dayText(rate.fromDay), `< ${percent(aim)}`, percent(review), percent(pause), verdict(rate)]
}

async function showParts(io: Io, title: string, parts: readonly NamedRates[]): Promise<void> {
  if (parts.length === 0) return
  io.line()
  await showTable(io, {
    head: [title, 'Recipients', 'Bounces', '', 'Complaints', ''],
    rows: parts.map(({ name, rates: { bounce, complaint } }) => [
      name,
      count(bounce.volume),
      share(bounce),
      verdict(bounce),
      share(complaint),
      verdict(complaint),
    ]),
  })
}
