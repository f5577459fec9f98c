/** `mailctl stats`: events by day, and TLS results by recipient domain. */
import { readStats, type Stats } from '../../operations/read-stats.ts'
import { command } from '../command.ts'
import type { Io } from '../io.ts'
import { parseSince, textFlag } from '../moments.ts'
import { HTML_FLAG, showWritten, type WrittenReport, writeReport, writtenJson } from '../report/write-report.ts'
import { drawDays } from '../stats-text.ts'
import { type Cell, showTable } from '../table.ts'
import { showWatched, WATCH_FLAGS, type Watched, watched, watchedJson } from '../watch.ts'

const COLUMNS = ['Send', 'Delivery', 'DeliveryDelay', 'Bounce', 'Complaint', 'Reject']
/** The same; where there is no room for all, the last ones are left out. */
const BY_WEIGHT = ['Send', 'Delivery', 'Bounce', 'Complaint', 'DeliveryDelay', 'Reject']
const POLICIES = { tlsa: 'DANE', sts: 'MTA-STS', 'no-policy-found': 'none' } as const

interface Shown extends Watched<Stats> {
  readonly report: WrittenReport | undefined
}

export default command<Shown>({
  path: 'stats',
  summary: 'Count events by day, and TLS results by recipient domain',
  details:
    'Days are those of UTC, the first one the day in which --since lies. Send counts messages that were accepted, all others events. TLS is counted in live mode, ' +
    'once for each session, and kept for 31 days; results are in the words of RFC 8460. --html writes one file with charts of what was sent, of the ' +
    'rates, and of where mail went, for a browser or a printer; a file that is there is replaced.',
  examples: [
    'mailctl stats',
    'mailctl stats --since 31d',
    'mailctl stats --since 2026-01-31 --json',
    'mailctl stats --since 31d --html report.html',
  ],
  options: [
    { flags: '--since <when>', summary: 'only later ones: 24h, 31d, 2026-01-31 or 2026-01-31T12:00:00Z (default: 7d)' },
    HTML_FLAG,
    ...WATCH_FLAGS,
  ],
  fails: ['usage', 'config', 'store-unavailable'],
  async run(context, _args, flags) {
    const opened = await context.app()
    const since = (): number => {
      const now = opened.clock.now()
      return Math.min(now, parseSince(textFlag(flags, 'since') ?? '7d', now))
    }
    const shown = await watched(context, flags, async () => await readStats(opened, since()))
    return { ...shown, report: await writeReport(opened, flags, since()) }
  },
  json: ({ first, report }) => ({ ...writtenJson(report), ...statsJson(first) }),
  ndjson: shown => watchedJson(shown, statsJson),
  show: (io, shown) => (shown.report === undefined ? showWatched(io, shown, showStats) : showWritten(io, shown.report)),
})

const statsJson = ({ days, tls }: Stats) => ({
  Days: days.map(({ day, events }) => ({ Day: day, Events: events })),
  TlsResults: tls.map(({ domain, policy, result, sessions }) => ({
    Domain: domain,
    PolicyType: policy,
    ResultType: result,
    SessionCount: sessions,
  })),
})

async function showStats(io: Io, { days, tls }: Stats): Promise<void> {
  const others = [...new Set(days.flatMap(({ events }) => Object.keys(events)))].filter(type => !COLUMNS.includes(type)).sort()
  if (days.length === 0) io.line('No events.')
  else if (io.stdout.isTty) drawDays(io, days, [...BY_WEIGHT, ...others])
  else {
    const columns = [...COLUMNS, ...others]
    await showTable(io, {
      head: ['Day', ...columns],
      rows: days.map(({ day, events }) => [day, ...columns.map(type => events[type] ?? 0)]),
    })
  }
  if (tls.length === 0) return
  io.line()
  await showTable(io, {
    head: ['Domain', 'Policy', 'TLS', 'Sessions'],
    rows: tls.map(({ domain, policy, result, sessions }): Cell[] => [
      domain,
      POLICIES[policy],
      { text: result, colour: result === 'success' ? 'green' : 'yellow' },
      sessions,
    ]),
  })
}
