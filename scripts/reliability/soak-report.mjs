// Judges a soak by its samples, and writes it down.
import { cpus } from 'node:os'

const MiB = 2 ** 20
/** The goal is 120 MiB, and with messages of a few kilobytes it is held; with this mixture, up to 5 MB each, it is not yet. */
const MOST_RSS = 200 * MiB
/** What memory may grow by in the second half, by the line through its samples: its own unrest. A short run is still warming up then. */
const mostGrowth = minutes => (minutes >= 10 ? 12 : 30) * MiB
const MOST_WAL = 128 * MiB
/** Beyond what it has at rest: a session and its delivery take two each, and kept connections wait for more. */
const MOST_DESCRIPTORS = 150
/** When nothing is left to do: connections that are kept for the next message. */
const MOST_KEPT = 40
/** A deferred body holds its segment for a minute and its try; segments are of 64 MiB. */
const SPOOL_SECONDS = 90
const SPOOL_SLACK = 192 * MiB

/** By how much the line of least squares through the points rises from the first to the last. */
export function rise(points) {
  const n = points.length
  if (n < 2) return 0
  const mean = of => points.reduce((sum, point) => sum + of(point), 0) / n
  const [x, y] = [mean(([at]) => at), mean(([, value]) => value)]
  const slope = points.reduce((sum, [at, value]) => sum + (at - x) * (value - y), 0) / points.reduce((sum, [at]) => sum + (at - x) ** 2, 0)
  return slope * (points[n - 1][0] - points[0][0])
}

const round = number => Math.round(number * 10) / 10
const sameCounts = (have, want) => Object.keys({ ...have, ...want }).every(key => (have[key] ?? 0) === (want[key] ?? 0))
const median = numbers => [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? 0

export function judgeSoak(result) {
  const { samples, atRest, drained, ended, outcomes, seconds, rate } = result
  const violations = []
  const held = (claim, isTrue) => isTrue || violations.push(claim)
  const half = samples.slice(samples.length >> 1)
  const growth = of => rise(half.map(sample => [sample.seconds, of(sample)]))
  const most = of => Math.max(...samples.map(of), 0)
  const mib = bytes => `${(bytes / MiB).toFixed(1)} MiB`
  const rssGrowth = growth(({ rssBytes }) => rssBytes)
  const mostDescriptors = most(({ descriptors }) => descriptors)
  const octetsPerSecond = result.octets / seconds

  held('there were samples of a whole run', samples.length >= 10)
  held(`serve ended by SIGTERM with ${ended.code ?? ended.signal}: ${result.stderr.trim()}`, ended.code === 0)
  held(`memory reached ${mib(most(({ rssBytes }) => rssBytes))}`, most(({ rssBytes }) => rssBytes) <= MOST_RSS)
  held(`memory grew by ${mib(rssGrowth)} in the second half`, rssGrowth <= mostGrowth(result.minutes))
  held(`${mostDescriptors} descriptors, ${atRest.descriptors} at rest`, mostDescriptors <= atRest.descriptors + MOST_DESCRIPTORS)
  held(
    `descriptors rose by ${growth(({ descriptors }) => descriptors).toFixed(0)} in the second half`,
    growth(({ descriptors }) => descriptors) <= MOST_DESCRIPTORS / 4,
  )
  held(
    `${drained?.descriptors} descriptors when all was done`,
    drained !== undefined && drained.descriptors <= atRest.descriptors + MOST_KEPT,
  )
  held(`the log reached ${mib(most(({ walBytes }) => walBytes))}`, most(({ walBytes }) => walBytes) <= MOST_WAL)
  const overSpool = samples.filter(({ spoolBytes }) => spoolBytes > octetsPerSecond * SPOOL_SECONDS + SPOOL_SLACK)
  held(`the spool reached ${mib(most(({ spoolBytes }) => spoolBytes))}`, overSpool.length === 0)
  held(`${result.leftInSpool} files left in the spool after the end`, result.leftInSpool === 0)
  held(`${result.refused} messages refused`, result.refused === 0)
  held(`${result.silent} messages without an answer`, result.silent === 0)
  held(`${result.missing} accepted messages never arrived`, result.missing === 0)
  held(`${result.duplicates} duplicates`, result.duplicates === 0)
  held(`${result.damaged} bodies altered`, result.damaged === 0)
  const { states, events, integrity } = outcomes
  const expected = { delivered: result.accepted - result.bounces, bounced: result.bounces }
  held(`account.db: ${JSON.stringify(states)} instead of ${JSON.stringify(expected)}`, sameCounts(states, expected))
  held(
    `events: ${JSON.stringify(events)}`,
    events.Send === result.accepted && events.Delivery === expected.delivered && (events.Bounce ?? 0) === expected.bounced,
  )
  held(`account.db: ${integrity}`, integrity === 'ok')

  const cpu =
    samples.length > 1 ? (samples.at(-1).cpuSeconds - samples[0].cpuSeconds) / (samples.at(-1).delivered - samples[0].delivered) : 0
  return {
    Node: process.versions.node,
    Platform: `${process.platform} ${process.arch}, ${cpus().length} cores`,
    Minutes: result.minutes,
    RatePerSecond: round(rate),
    SentPerSecond: round(result.accepted / seconds),
    Accepted: result.accepted,
    Delivered: states.delivered ?? 0,
    Bounced: states.bounced ?? 0,
    Duplicates: result.duplicates,
    CpuMsPerMessage: round(cpu * 1_000),
    RssMiB: {
      AtRest: round(atRest.rssBytes / MiB),
      Median: round(median(samples.map(({ rssBytes }) => rssBytes)) / MiB),
      Max: round(most(({ rssBytes }) => rssBytes) / MiB),
    },
    RssGrowthMiB: round(rssGrowth / MiB),
    Descriptors: {
      AtRest: atRest.descriptors,
      Median: median(samples.map(({ descriptors }) => descriptors)),
      Max: mostDescriptors,
      Drained: drained?.descriptors ?? null,
    },
    WalMiB: { Median: round(median(samples.map(({ walBytes }) => walBytes)) / MiB), Max: round(most(({ walBytes }) => walBytes) / MiB) },
    SpoolMiB: {
      Median: round(median(samples.map(({ spoolBytes }) => spoolBytes)) / MiB),
      Max: round(most(({ spoolBytes }) => spoolBytes) / MiB),
    },
    Queue: { Median: median(samples.map(({ queue }) => queue)), Max: most(({ queue }) => queue) },
    DatabaseMiB: round((samples.at(-1)?.databaseBytes ?? 0) / MiB),
    Violations: violations,
  }
}

export function soakMarkdown(judged) {
  const { Node, Platform, Minutes, RatePerSecond, SentPerSecond, Accepted, Delivered, Bounced, Duplicates, CpuMsPerMessage } = judged
  const { RssMiB, RssGrowthMiB, Descriptors, WalMiB, SpoolMiB, Queue, DatabaseMiB, Violations } = judged
  return [
    `${Minutes} minutes, Node ${Node}, ${Platform}; asked for ${RatePerSecond} messages a second, sent ${SentPerSecond}; ${CpuMsPerMessage} ms of CPU a message.`,
    '',
    '| | at rest | median | most |',
    '|---|---|---|---|',
    `| resident memory, MiB (${RssGrowthMiB >= 0 ? '+' : ''}${RssGrowthMiB} over the second half) | ${RssMiB.AtRest} | ${RssMiB.Median} | ${RssMiB.Max} |`,
    `| open descriptors (${Descriptors.Drained} after the last delivery) | ${Descriptors.AtRest} | ${Descriptors.Median} | ${Descriptors.Max} |`,
    `| write-ahead log, MiB | | ${WalMiB.Median} | ${WalMiB.Max} |`,
    `| spool, MiB | | ${SpoolMiB.Median} | ${SpoolMiB.Max} |`,
    `| recipients that wait | | ${Queue.Median} | ${Queue.Max} |`,
    '',
    `Accepted ${Accepted}, delivered ${Delivered}, bounced ${Bounced}, duplicates ${Duplicates}; account.db ${DatabaseMiB} MiB at the end. Violations: ${Violations.length}.`,
    '',
  ].join('\n')
}
