/**
 * `mailctl status` for people: a screen of at most 23 lines and as wide as the terminal, 80 columns elsewhere. What is drawn (bars, the
 * picture of the day) is left out where stdout is no terminal, and is ASCII where the locale is not UTF-8.
 */
import { formatDuration } from '../base/duration.ts'
import { printable } from '../base/redact.ts'
import { nextCommand } from '../operations/next-command.ts'
import { byConcern, type IdentityStanding, type Status } from '../operations/read-status.ts'
import type { Config } from '../ports/settings.ts'
import { accessText, count, quotaText, rateText, sendingText } from './account-text.ts'
import { sparkline, squeezed } from './bars.ts'
import type { Colour, Io } from './io.ts'
import { showTime } from './moments.ts'
import { queueJson } from './queue-json.ts'
import { cutText, textWidth, wrapText } from './text-width.ts'

export interface ShownStatus extends Status {
  readonly config: Config
}

/** More would not fit one screen, and as many fewer as the reason of a review takes lines; `identity list` has them all. */
const MAX_IDENTITIES = 5
/** `Last 24 h` and two spaces. */
const LABEL_WIDTH = 9
const NARROWEST = 40
const HALF_HOUR_MS = 1_800_000
/** ` peak 123,456 in 30m` */
const PEAK_WIDTH = 20
/** Below it an identity takes a second line for what is noted of it. */
const WIDE = 60

export function statusLines(io: Io, status: ShownStatus): string[] {
  const { account, config, clock } = status
  const width = Math.max(NARROWEST, io.stdout.isTty ? io.stdout.columns : 80)
  const fact = (label: string, text: string): string => `${io.colour.dim(label.padEnd(LABEL_WIDTH))}  ${text}`
  const room = width - LABEL_WIDTH - 2
  const reason = account.enforcementReason === undefined ? [] : wrapText(account.enforcementReason, room)
  const next = wrapText(nextCommand(status.next), room)
  const moment = `${showTime(clock.now)}${clock.kind === 'virtual' ? ' (virtual)' : ''}`
  const place = `${moment}, ${account.region}, ${config.settings.network} as ${config.settings.hostname}`
  return [
    `${io.colour.bold(account.accountId)}  ${cutText(place, width - 14)}`,
    io.colour.dim(cutText(printable(config.home), width)),
    '',
    fact('Access', accessText(io, status)),
    fact('Sending', `${sendingText(io, status)}, health ${healthText(io, status)}`),
    ...reason.map(line => fact('', line)),
    fact('Quota', quotaText(io, status, room)),
    fact('Rate', rateText(status)),
    '',
    ...identityLines(io, status, { fact, width, most: Math.max(1, MAX_IDENTITIES + 1 - reason.length - next.length) }),
    '',
    ...queueLines(io, status, { fact, room }),
    '',
    ...dayLines(io, status, { fact, room }),
    '',
    ...next.map((line, index) => fact(index === 0 ? 'Next' : '', io.colour.cyan(line))),
  ].map(line => cutText(line, width))
}

function healthText(io: Io, { account }: ShownStatus): string {
  const { enforcementStatus } = account
  return io.colour[enforcementStatus === 'HEALTHY' ? 'green' : enforcementStatus === 'PROBATION' ? 'yellow' : 'red'](enforcementStatus)
}

type Fact = (label: string, text: string) => string

function identityLines(io: Io, { identities }: ShownStatus, { fact, width, most }: { fact: Fact; width: number; most: number }): string[] {
  if (identities.length === 0) return [fact('Senders', 'No identities yet')]
  const states = new Map<string, number>()
  for (const { identity } of identities) states.set(identity.verification.status, (states.get(identity.verification.status) ?? 0) + 1)
  const concerned = identities.filter(({ concern }) => concern !== null).length
  const said = [...states].map(([state, number]) => `${count(number)} ${state}`)
  if (concerned > 0) said.push(io.colour.yellow(`${count(concerned)} to see to`))
  const shown = byConcern(identities).slice(0, most)
  const nameWidth = Math.min(
    width < WIDE ? width - 21 : width - 40,
    Math.max(...shown.map(({ identity }) => textWidth(printable(identity.name)))),
  )
  const rest = identities.length - shown.length
  return [
    fact('Senders', said.join(', ')),
    ...shown.flatMap(standing => identityLine(io, standing, { nameWidth, width })),
    ...(rest > 0 ? [`  and ${count(rest)} more: mailctl identity list`] : []),
  ]
}

function identityLine(
  io: Io,
  { identity, concern }: IdentityStanding,
  { nameWidth, width }: { readonly nameWidth: number; readonly width: number },
): string[] {
  const { name, type, verification, dkim, mailFrom } = identity
  const paint: Colour = concern === null ? 'green' : verification.status === 'FAILED' ? 'red' : 'yellow'
  const mark = concern === null ? ' ' : '!'
  const shown = cutText(printable(name), nameWidth)
  const notes = [
    type === 'DOMAIN' ? `DKIM ${dkim.signingEnabled ? dkim.status : 'off'}` : '',
    concern === 'network' ? 'proved in the lab only' : '',
    concern === 'mail-from' ? `MAIL FROM ${mailFrom?.status}` : '',
  ].filter(note => note !== '')
  const padding = ' '.repeat(Math.max(0, nameWidth - textWidth(shown)))
  const first = `${io.colour[paint](mark)} ${shown}${padding}  ${io.colour[paint](verification.status)}`
  if (width < WIDE && notes.length > 0) return [first, `  ${notes.join('  ')}`]
  return [[first, ...notes].join('  ')]
}

function queueLines(io: Io, { queue, clock }: ShownStatus, { fact, room }: { fact: Fact; room: number }): string[] {
  const said = Object.entries(queueJson(queue)).filter(([, number]) => number > 0)
  if (said.length === 0) return [fact('Queue', 'nothing waits')]
  const counts = said.map(([name, number]) => `${count(number)} ${name}`).join(', ')
  const oldest = queue.oldestAt === null ? '' : `, the oldest for ${formatDuration(Math.max(0, clock.now - queue.oldestAt))}`
  const { deferral } = queue
  const why =
    deferral && `${deferral.isExact ? '' : 'more than '}${count(deferral.recipients)} wait for ${deferral.lastReply ?? deferral.status}`
  return [fact('Queue', counts + oldest), ...(why === null ? [] : [fact('', io.colour.yellow(cutText(printable(why), room)))])]
}

function dayLines(io: Io, { day }: ShownStatus, { fact, room }: { fact: Fact; room: number }): string[] {
  if (day.sent === 0 && Object.keys(day.events).length === 0) return [fact('Last 24 h', 'no events')]
  const rates = [
    `${count(day.sent)} sent`,
    `${rateOf(day.delivered, day.sent)} delivered`,
    `${rateOf(day.bounced, day.sent)} bounced`,
    `${rateOf(day.complained, day.delivered)} complaints`,
    `${count(day.delayed)} delays`,
  ].join(', ')
  return [...(io.stdout.isTty ? [dayPicture(io, day, room)] : []), ...wrapText(rates, room)].map((text, index) =>
    fact(index === 0 ? 'Last 24 h' : '', text),
  )
}

/** A column for each half hour, or for as many as it takes to fit. */
function dayPicture(io: Io, { spans }: ShownStatus['day'], room: number): string {
  const { values, each } = squeezed(
    spans.map(({ sent }) => sent),
    Math.min(spans.length, room - PEAK_WIDTH),
  )
  const peak = `peak ${count(Math.max(...values))} in ${formatDuration(each * HALF_HOUR_MS)}`
  return `${io.colour.cyan(sparkline(io, values))} ${peak}`
}

/** Of what was sent in the same time, so it may pass 100 % where mail waited longer. */
const rateOf = (part: number, whole: number): string => (whole === 0 ? '0 %' : `${((100 * part) / whole).toFixed(part === 0 ? 0 : 1)} %`)
