// Judges what a destination was sent against the event log, and writes it down.
import { cpus } from 'node:os'

const MOST_SHOWN = 20

/** @param result what `events.mjs` saw: the log of the account, the endpoint's notes */
export function judgeEvents({ log, seen, kills, asked, accepted, seconds, sentAfter, stopped, seed }) {
  const violations = []
  const known = new Set(log.events.map(({ key }) => key))
  let offered = 0
  let takes = 0
  for (const [key, one] of seen) {
    offered += one.offered
    takes += one.takes
    if (!known.has(key)) violations.push(`invented: ${key}`)
  }
  const lastTaken = new Map()
  for (const { key, messageId } of log.events) {
    const takenAt = seen.get(key)?.takenAt
    if (takenAt === undefined) violations.push(`never taken: ${key}`)
    else if (takenAt < (lastTaken.get(messageId) ?? -1)) violations.push(`out of order: ${key}`)
    else lastTaken.set(messageId, takenAt)
  }
  if (log.waiting > 0) violations.push(`${log.waiting} events still wait in the account`)
  if (log.deadLetters > 0) violations.push(`${log.deadLetters} dead letters`)
  if (kills !== asked) violations.push(`${kills} kills, not ${asked}`)
  if (log.messages < accepted) violations.push(`${accepted} messages were answered 250, ${log.messages} are in the account`)
  if (stopped.code !== 0) violations.push(`serve ended by SIGTERM with ${stopped.code ?? stopped.signal}`)
  return {
    Seed: seed,
    Node: process.versions.node,
    Cpus: cpus().length,
    Seconds: Math.round(seconds),
    SendingSeconds: Math.round(sentAfter),
    Kills: kills,
    Messages: log.messages,
    Events: log.events.length,
    Requests: offered,
    Taken: takes,
    TakenTwice: takes - [...seen.values()].filter(({ takes }) => takes > 0).length,
    Violations: violations.slice(0, MOST_SHOWN),
  }
}

export const eventsMarkdown =
  summary => `Seed ${summary.Seed}, Node ${summary.Node}, ${process.platform} ${process.arch}, ${summary.Cpus} cores, ${summary.Seconds} s (${summary.SendingSeconds} s of it with new mail).

| kills | messages | events in the log | requests | taken | taken more than once | violations |
|---|---|---|---|---|---|---|
| ${summary.Kills} | ${summary.Messages} | ${summary.Events} | ${summary.Requests} | ${summary.Taken} | ${summary.TakenTwice} | ${summary.Violations.length} |
${summary.Violations.map(violation => `\n- ${violation}`).join('')}`
