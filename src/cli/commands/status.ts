/** `mailctl status`: the account on one screen. */
import { printable } from '../../base/redact.ts'
import { readStatus, type Status } from '../../operations/read-status.ts'
import type { Config } from '../../ports/settings.ts'
import { accountJson } from '../account-json.ts'
import { accessText, count, healthText, quotaText, rateText, sendingText, showFacts } from '../account-text.ts'
import { command } from '../command.ts'
import type { Io } from '../io.ts'
import { isoTime, showTime } from '../moments.ts'
import { queueJson } from '../queue-json.ts'

interface Shown extends Status {
  readonly config: Config
}

/** More would not fit one screen; `identity list` has them all. */
const MAX_IDENTITIES = 12

export default command<Shown>({
  path: 'status',
  summary: 'Show the account on one screen',
  examples: ['mailctl status', 'mailctl status --json'],
  fails: ['config', 'store-unavailable'],
  run: async ({ app, config }) => ({ ...(await readStatus(await app())), config }),
  json: status => ({
    ...accountJson(status),
    Home: status.config.home,
    Network: status.config.settings.network,
    Clock: { Kind: status.clock.kind, Now: isoTime(status.clock.now) },
    EmailIdentities: status.identities.map(({ name, type, verification }) => ({
      IdentityType: type,
      IdentityName: name,
      SendingEnabled: verification.status === 'SUCCESS',
      VerificationStatus: verification.status,
    })),
    Queue: queueJson(status.queue),
    EventsLast24Hours: status.eventsLast24Hours,
  }),
  show(io, status) {
    const { config, clock } = status
    showFacts(io, [
      ['Home', `${printable(config.home)} (${status.account.accountId}, ${status.account.region})`],
      ['Network', `${config.settings.network} as ${config.settings.hostname}`],
      ...(clock.kind === 'virtual' ? [['Clock', `${showTime(clock.now)} (virtual)`] as const] : []),
      ['Access', accessText(io, status)],
      ['Sending', sendingText(io, status)],
      ['Health', healthText(io, status)],
      ['Quota', quotaText(io, status)],
      ['Rate', rateText(status)],
      ['Queue', countsText(queueJson(status.queue), 'nothing waits')],
      ['Last 24 h', countsText(status.eventsLast24Hours, 'no events')],
    ])
    showIdentities(io, status)
  },
})

function countsText(counts: Readonly<Record<string, number>>, none: string): string {
  const said = Object.entries(counts).filter(([, count]) => count > 0)
  return said.length === 0 ? none : said.map(([name, number]) => `${count(number)} ${name}`).join(', ')
}

function showIdentities(io: Io, { identities }: Status): void {
  io.line()
  if (identities.length === 0) {
    io.line('No identities yet: mailctl verify domain example.com')
    return
  }
  const shown = identities.slice(0, MAX_IDENTITIES)
  const width = Math.max(...shown.map(({ name }) => name.length))
  for (const { name, type, verification, dkim } of shown) {
    const state = verification.status === 'SUCCESS' ? io.colour.green(verification.status) : io.colour.yellow(verification.status)
    io.line(`${printable(name).padEnd(width)}  ${state}${type === 'DOMAIN' ? `  DKIM ${dkim.signingEnabled ? dkim.status : 'off'}` : ''}`)
  }
  if (identities.length > shown.length) io.line(`and ${identities.length - shown.length} more: mailctl identity list`)
}
