/** `mailctl reputation`: the rates by which the account is judged, of the whole account and of its parts. */
import type { Rate } from '../../account/reputation.ts'
import { type NamedRates, type Reputation, readReputation } from '../../operations/reputation.ts'
import { DAY_MS, dayText, percent, reputationView, THRESHOLDS, WINDOW_DAYS } from '../../operations/reputation-view.ts'
import { count, showFacts } from '../account-text.ts'
import { command } from '../command.ts'
import type { Io } from '../io.ts'
import { showTime } from '../moments.ts'
import { HTML_FLAG, showWritten, type WrittenReport, writeReport, writtenJson } from '../report/write-report.ts'
import { type Cell, showTable } from '../table.ts'

interface Shown {
  readonly reputation: Reputation
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
  options: [HTML_FLAG],
  fails: ['usage', 'config', 'store-unavailable'],
  async run({ app }, _args, flags) {
    const opened = await app()
    return { reputation: await readReputation(opened), report: await writeReport(opened, flags, opened.clock.now() - REPORTED_MS) }
  },
  json: ({ reputation, report }) => ({ ...writtenJson(report), ...reputationView(reputation) }),
  async show(io, { reputation, report }) {
    if (report !== undefined) return showWritten(io, report)
    const { standing, reason, rates, sets, identities } = reputation
    const paint = { HEALTHY: io.colour.green, PROBATION: io.colour.yellow, SHUTDOWN: io.colour.red }[standing.status]
    showFacts(io, [
      ['Health', `${paint(standing.status)} since ${showTime(standing.since)}`],
      ...(reason === undefined ? [] : [['Reason', reason] as const]),
    ])
    io.line()
    await showTable(io, {
      head: ['Rate', 'Now', 'Recipients', 'From', 'Aim', 'Review from', 'Suspended from', 'Verdict'],
      rows: [row('bounce', rates.bounce), row('complaint', rates.complaint)],
    })
    await showParts(io, 'Configuration set', sets)
    await showParts(io, 'Identity', identities)
  },
})

const WORDS = { 'not-representative': 'too few to say', good: 'good', review: 'review', pause: 'suspended' } as const
const COLOURS = { 'not-representative': 'dim', good: 'green', review: 'yellow', pause: 'red' } as const

const verdict = (rate: Rate): Cell => ({ text: WORDS[rate.verdict], colour: COLOURS[rate.verdict] })
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
