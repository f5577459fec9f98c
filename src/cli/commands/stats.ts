/** `mailctl stats`: events by day, and TLS results by recipient domain. */
import { readStats, type Stats } from '../../operations/read-stats.ts'
import { command } from '../command.ts'
import { parseSince, textFlag } from '../moments.ts'
import { HTML_FLAG, showWritten, type WrittenReport, writeReport, writtenJson } from '../report/write-report.ts'
import { type Cell, showTable } from '../table.ts'

const COLUMNS = ['Send', 'Delivery', 'DeliveryDelay', 'Bounce', 'Complaint', 'Reject']
const POLICIES = { tlsa: 'DANE', sts: 'MTA-STS', 'no-policy-found': 'none' } as const

interface Shown extends Stats {
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
  options: [{ flags: '--since <when>', summary: 'only later ones: 24h, 31d, 2026-01-31 or 2026-01-31T12:00:00Z (default: 7d)' }, HTML_FLAG],
  fails: ['usage', 'config', 'store-unavailable'],
  async run({ app }, _args, flags) {
    const opened = await app()
    const now = opened.clock.now()
    const since = Math.min(now, parseSince(textFlag(flags, 'since') ?? '7d', now))
    return { ...(await readStats(opened, since)), report: await writeReport(opened, flags, since) }
  },
  json: ({ days, tls, report }) => ({
    ...writtenJson(report),
    Days: days.map(({ day, events }) => ({ Day: day, Events: events })),
    TlsResults: tls.map(({ domain, policy, result, sessions }) => ({
      Domain: domain,
      PolicyType: policy,
      ResultType: result,
      SessionCount: sessions,
    })),
  }),
  async show(io, { days, tls, report }) {
    if (report !== undefined) return showWritten(io, report)
    if (days.length === 0) io.line('No events.')
    else {
      const others = [...new Set(days.flatMap(({ events }) => Object.keys(events)))].filter(type => !COLUMNS.includes(type)).sort()
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
  },
})
