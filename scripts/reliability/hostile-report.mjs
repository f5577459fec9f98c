// Judges what became of a door under attack, and writes it down.
import { cpus } from 'node:os'

const MiB = 2 ** 20
const MOST_SHOWN = 20
/** How much more memory may be held in the last third than in the middle one: its own unrest. A short run is still warming up. */
const mostGrowth = sessions => (sessions >= 2_000 ? 16 : 40) * MiB
/** Connections that are kept for the next message to the same host. */
export const MOST_KEPT = 12
/** `/readyz` between two batches. */
const READY_WITHIN_MS = 5_000

const median = numbers => [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? 0
const mib = bytes => `${(bytes / MiB).toFixed(1)} MiB`

/** @param run as `runHostile` gives it  @returns figures, and each thing that was not held as a line */
export function judgeHostile(run) {
  const { door, outcomes, samples, settled, attacks, ended, stderr, from, to } = run
  const violations = []
  const bad = (what, found) =>
    found.length > 0 &&
    violations.push(`${what}: ${found.slice(0, 5).join(', ')}${found.length > 5 ? ` and ${found.length - 5} more` : ''}`)
  const held = (claim, isTrue) => isTrue || violations.push(claim)
  const of = kind => outcomes.filter(one => one.kind === kind)
  const sessions = to - from + 1

  held(`${outcomes.length} of ${sessions} sessions were played`, outcomes.length === sessions)
  bad(
    'sessions that did not end as they should',
    outcomes.flatMap(({ seed, failed }) => (failed === undefined ? [] : [`${seed} (${failed})`])),
  )
  bad(
    'sessions that met a fault of the door',
    outcomes.flatMap(({ seed, fault }) => (fault === undefined ? [] : [`${seed} (${fault})`])),
  )
  bad(
    'sound sessions that were not accepted once',
    of('valid').flatMap(({ seed, accepted }) => (accepted.length === 1 ? [] : [seed])),
  )
  if (door === 'inbound') judgeReports(run, bad, held)
  else judgeMessages(run, bad)

  bad(
    '/readyz',
    samples.flatMap(({ ready, readyMs }) =>
      ready === 'ready' && readyMs <= READY_WITHIN_MS ? [] : [`${ready} after ${Math.round(readyMs)} ms`],
    ),
  )
  const rss = samples.map(({ rssBytes }) => rssBytes)
  const third = Math.max(1, Math.floor(rss.length / 3))
  const growth = median(rss.slice(-third)) - median(rss.slice(third, 2 * third))
  held(`${rss.length} samples are too few`, rss.length >= 3)
  held(`memory grew by ${mib(growth)} from the middle third to the last`, growth <= mostGrowth(sessions))
  held(
    `${settled.descriptors} descriptors in the end, ${samples[0]?.descriptors} before`,
    settled.descriptors <= (samples[0]?.descriptors ?? 0) + MOST_KEPT,
  )
  for (const { name, violations: found } of attacks) bad(name, found)
  held(`serve ended by SIGTERM with ${ended.code ?? ended.signal}`, ended.code === 0)
  held(`stderr has a stack trace: ${stderr.slice(-500)}`, !/^\s+at /m.test(stderr))
  held(`stderr tells of a failure: ${stderr.slice(-500)}`, !/failed|internal/i.test(stderr))

  return {
    Door: door,
    Seeds: `${from}-${to}`,
    Seconds: Math.round(run.seconds),
    Sessions: outcomes.length,
    Sound: of('valid').length,
    WithAuthority: of('known').length,
    AcceptedOfThose: of('known').reduce((sum, { accepted }) => sum + accepted.length, 0),
    Strangers: of('stranger').length,
    SlowestMs: Math.round(Math.max(0, ...outcomes.map(({ ms }) => ms))),
    SlowestReadyMs: Math.round(Math.max(0, ...samples.map(({ readyMs }) => readyMs))),
    RssMiB: {
      First: Math.round((rss[0] ?? 0) / MiB),
      Middle: Math.round(median(rss.slice(third, 2 * third)) / MiB),
      Last: Math.round(median(rss.slice(-third)) / MiB),
      Most: Math.round(Math.max(0, ...rss) / MiB),
    },
    Descriptors: { Before: samples[0]?.descriptors ?? 0, After: settled.descriptors },
    Attacks: attacks.map(({ name, answer }) => ({ Name: name, Answer: answer })),
    Violations: violations.slice(0, MOST_SHOWN),
  }
}

/** Every message in the account was handed in by somebody who may, and whoever was told that one was accepted finds it. */
function judgeMessages({ outcomes, callers, identities }, bad) {
  const said = kind => new Set(outcomes.filter(one => one.kind === kind).flatMap(({ accepted }) => accepted))
  const [sound, known, strangers] = [said('valid'), said('known'), said('stranger')]
  const own = new Set([identities.valid, identities.known])
  bad('strangers were told that this was accepted', [...strangers])
  bad(
    'messages of nobody who may send',
    [...callers].flatMap(([id, caller]) => (own.has(caller) ? [] : [`${id} of ${caller}`])),
  )
  bad(
    'messages that no sound session was told of',
    [...callers].flatMap(([id, caller]) => (caller === identities.valid && !sound.has(id) ? [id] : [])),
  )
  bad(
    'accepted and not there',
    [...sound, ...known].filter(id => !callers.has(id)),
  )
}

/** What was told is told of mail whose return path a session had, once; nothing was relayed. */
function judgeReports({ outcomes, callers, reports, mail }, bad, held) {
  const toldOf = ({ id }) => ['Bounce', 'Complaint'].map(type => reports.told.get(`${id} ${type}`) ?? 0)
  const sum = about => toldOf(about).reduce((one, other) => one + other, 0)
  const played = new Set(outcomes.map(({ seed }) => seed))
  bad(
    'sound reports that were not told once',
    [...mail.valid].flatMap(([seed, about]) => (played.has(seed) && sum(about) !== 1 ? [seed] : [])),
  )
  bad(
    'told more than once',
    mail.known.flatMap(about => (toldOf(about).some(times => times > 1) ? [about.id] : [])),
  )
  bad(
    'told, and no report spoke of it',
    mail.untouched.flatMap(about => (sum(about) > 0 ? [about.id] : [])),
  )
  const own = mail.valid.size + mail.known.length + mail.untouched.length
  held(`${callers.size} messages in the account, not ${own}`, callers.size === own)
  held(`integrity: ${reports.integrity}`, reports.integrity === 'ok')
}

export const hostileMarkdown = runs =>
  [
    `Node ${process.versions.node}, ${process.platform} ${process.arch}, ${cpus().length} cores.`,
    '',
    '| door | seeds | sessions | sound, all accepted | with authority, accepted of them | of strangers, accepted none | slowest, s | memory, MiB: first, middle, last, most | descriptors before, after | s | violations |',
    '|---|---|---|---|---|---|---|---|---|---|---|',
    ...runs.map(
      run =>
        `| ${run.Door} | ${run.Seeds} | ${run.Sessions} | ${run.Sound} | ${run.WithAuthority}, ${run.AcceptedOfThose} | ${run.Strangers} | ${(run.SlowestMs / 1_000).toFixed(1)} | ${Object.values(run.RssMiB).join(', ')} | ${run.Descriptors.Before}, ${run.Descriptors.After} | ${run.Seconds} | ${run.Violations.length} |`,
    ),
    '',
    ...(runs.some(({ Attacks }) => Attacks.length > 0)
      ? [
          '| attack | door | answer |',
          '|---|---|---|',
          ...runs.flatMap(({ Door, Attacks }) => Attacks.map(({ Name, Answer }) => `| ${Name} | ${Door} | ${Answer} |`)),
          '',
        ]
      : []),
    ...runs.flatMap(({ Door, Violations }) => Violations.map(violation => `- ${Door}: ${violation}`)),
  ].join('\n')
