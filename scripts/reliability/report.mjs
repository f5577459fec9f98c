// What came of many runs, as JSON and as the table of docs/reliability.md.
import { cpus } from 'node:os'
import { FAULTS } from './plan.mjs'

const COUNTS = [
  'accepted',
  'cut',
  'refused',
  'recipients',
  'delivered',
  'bounced',
  'waiting',
  'lostReplies',
  'duplicates',
  'refusedYetThere',
]
const named = name => `${name[0].toUpperCase()}${name.slice(1)}`

function totals(results) {
  const done = results.filter(({ counts }) => counts !== undefined)
  const sum = of => done.reduce((total, result) => total + of(result), 0)
  return {
    Runs: done.length,
    Kills: sum(({ kills }) => kills),
    ...Object.fromEntries(COUNTS.map(name => [named(name), sum(({ counts }) => counts[name])])),
    DiskFailures: sum(({ diskFailures }) => diskFailures),
    Violations: results.reduce((total, { violations }) => total + violations.length, 0),
  }
}

function spread(numbers) {
  const sorted = numbers.toSorted === undefined ? [...numbers].sort((a, b) => a - b) : numbers.toSorted((a, b) => a - b)
  const at = share => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0)
  return { Count: sorted.length, Median: at(0.5), P99: at(0.99), Max: at(1) }
}

/** @param results of all seeds, in any order */
export function summarize(results, { seeds, seconds }) {
  const ordered = [...results].sort((a, b) => a.seed - b.seed)
  return {
    Seeds: seeds,
    Node: process.versions.node,
    Platform: `${process.platform} ${process.arch}, ${cpus().length} cores`,
    Seconds: Math.round(seconds),
    ...totals(ordered),
    ByFault: Object.fromEntries(FAULTS.map(fault => [fault, totals(ordered.filter(result => result.fault === fault))])),
    ReadyMs: spread(ordered.flatMap(({ readyMs = [] }) => readyMs)),
    AgainMs: spread(ordered.flatMap(({ againMs = [] }) => againMs)),
    Skipped: ordered
      .filter(({ skipped }) => skipped !== undefined)
      .map(({ seed, fault, skipped }) => ({ Seed: seed, Fault: fault, Reason: skipped })),
    Violations: ordered.flatMap(({ seed, fault, violations }) =>
      violations.map(violation => ({ Seed: seed, Fault: fault, Violation: violation })),
    ),
  }
}

export function asMarkdown(summary) {
  const { Seeds, Node, Platform, Seconds, ByFault, ReadyMs, AgainMs, Skipped, Violations } = summary
  const row = (name, { Runs, Kills, Accepted, Delivered, Bounced, Waiting, LostReplies, Duplicates }) =>
    `| ${[name, Runs, Kills, Accepted, Delivered, Bounced, Waiting, LostReplies, Duplicates].join(' | ')} |`
  const skipped = [...new Set(Skipped.map(({ Fault, Reason }) => `${Fault}: ${Reason}`))]
  return [
    `Seeds ${Seeds}, Node ${Node}, ${Platform}, ${Seconds} s.`,
    '',
    '| accident | runs | kills | messages answered 250 | recipients delivered | bounced | still queued | replies lost | duplicates |',
    '|---|---|---|---|---|---|---|---|---|',
    ...Object.entries(ByFault).map(([fault, counts]) => row(fault, counts)),
    row('**all**', summary),
    '',
    `Violations: ${Violations.length}. Refused because a sync failed, yet there after a crash: ${summary.RefusedYetThere}. Injected disk failures: ${summary.DiskFailures}.`,
    `From start to ready: median ${ReadyMs.Median} ms, at most ${ReadyMs.Max} ms. From ready to the next attempt of what was in flight`,
    `(${AgainMs.Count} recipients): median ${AgainMs.Median} ms, 99 % within ${AgainMs.P99} ms, at most ${AgainMs.Max} ms.`,
    ...(skipped.length > 0 ? ['', ...skipped.map(line => `Skipped (${Skipped.length} runs): ${line}.`)] : []),
    '',
  ].join('\n')
}
