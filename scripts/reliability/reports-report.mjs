// Judges what became of the reports that came in, and writes it down.
import { cpus } from 'node:os'

const MOST_SHOWN = 20

/** @param result what `reports.mjs` offered and was told, and what the account says in the end */
export function judgeReports({ seed, kills, asked, reports, stopped, account, startedAt }) {
  const violations = []
  const count = (list, key) => list.get(key) ?? 0
  for (const { id, address, kind, fate } of reports) {
    const told = count(account.told, `${id} ${kind}`)
    // Cut: the connection went before the answer, so that both may be.
    const most = fate === 'accepted' || fate === 'cut' ? 1 : 0
    const least = fate === 'accepted' ? 1 : 0
    if (told < least) violations.push(`lost: ${kind} of ${address}`)
    if (told > most) violations.push(`${kind} of ${address} was told ${told} times, its report was ${fate}`)
    if (account.suppressed.has(address) !== told > 0) violations.push(`${address} ${told > 0 ? 'is not' : 'is'} on the suppression list`)
  }
  const known = new Set(reports.map(({ id, kind }) => `${id} ${kind}`))
  let events = 0
  for (const [key, times] of account.told) {
    events += times
    if (!known.has(key)) violations.push(`invented: ${key}`)
  }
  if (account.passedOn !== events) violations.push(`${account.passedOn} messages to the sender for ${events} events`)
  if (account.integrity !== 'ok') violations.push(`integrity: ${account.integrity}`)
  if (kills !== asked) violations.push(`${kills} kills, not ${asked}`)
  if (stopped.code !== 0) violations.push(`serve ended by SIGTERM with ${stopped.code ?? stopped.signal}`)
  const ofFate = fate => reports.filter(one => one.fate === fate).length
  return {
    Seed: seed,
    Seconds: Math.round((performance.now() - startedAt) / 1_000),
    Kills: kills,
    Reports: reports.length,
    Accepted: ofFate('accepted'),
    Cut: ofFate('cut'),
    Refused: ofFate('refused') + ofFate('unsent'),
    Events: events,
    Violations: violations.slice(0, MOST_SHOWN),
  }
}

export const reportsMarkdown =
  summary => `Seed ${summary.Seed}, Node ${process.versions.node}, ${process.platform} ${process.arch}, ${cpus().length} cores, ${summary.Seconds} s.

| kills | reports offered | answered 250 | cut before an answer | refused or not sent | events | violations |
|---|---|---|---|---|---|---|
| ${summary.Kills} | ${summary.Reports} | ${summary.Accepted} | ${summary.Cut} | ${summary.Refused} | ${summary.Events} | ${summary.Violations.length} |
${summary.Violations.map(violation => `\n- ${violation}`).join('')}`
