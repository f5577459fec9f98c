/** `mailctl suppression list`: SES ListSuppressedDestinations, and the global list. */
import type { GloballySuppressed, SuppressedAddress, SuppressionReason } from '../../../account/suppression.ts'
import { MailctlError } from '../../../base/errors.ts'
import { listGloballySuppressed, listSuppressed } from '../../../operations/suppression.ts'
import { globalView, summaryView } from '../../../operations/suppression-view.ts'
import type { PageAsk, SuppressionPage } from '../../../ports/suppression.ts'
import { command, type Flags } from '../../command.ts'
import { LIMIT, parseNumber, parseSince, showTime, textFlag } from '../../moments.ts'
import { showTable } from '../../table.ts'

type Shown =
  | { readonly list: 'account'; readonly page: SuppressionPage<SuppressedAddress> }
  | { readonly list: 'global'; readonly page: SuppressionPage<GloballySuppressed> }

const FILTERS = ['reason', 'since', 'until'] as const

export default command<Shown>({
  path: 'suppression list',
  summary: 'List addresses that get no mail',
  details:
    'The latest change first. --next-token goes on after the page before. --global shows the list of addresses that bounced lately, which counts only while the account suppresses for no reason of its own.',
  examples: [
    'mailctl suppression list',
    'mailctl suppression list --reason COMPLAINT --since 14d',
    'mailctl suppression list --limit 1000 --json',
    'mailctl suppression list --global',
  ],
  options: [
    { flags: '--reason <reason>', summary: 'only these: BOUNCE or COMPLAINT', choices: ['BOUNCE', 'COMPLAINT'] },
    { flags: '--since <when>', summary: 'only those that changed since: 2h, 2026-01-31 or 2026-01-31T12:00:00Z' },
    { flags: '--until <when>', summary: 'only those that changed before' },
    LIMIT,
    { flags: '--next-token <token>', summary: 'the page after the one that gave this NextToken' },
    { flags: '--global', summary: 'the global list' },
  ],
  fails: ['usage', 'config', 'store-unavailable'],
  async run({ app }, _, flags) {
    const opened = await app()
    const ask = pageAsk(flags)
    if (flags['global'] === true) {
      const surplus = FILTERS.find(name => flags[name] !== undefined)
      if (surplus !== undefined)
        throw new MailctlError('usage', `--${surplus} has no place beside --global`, { hint: 'The global list holds bounces only.' })
      return { list: 'global', page: await listGloballySuppressed(opened, ask) }
    }
    const [reason, since, until] = FILTERS.map(name => textFlag(flags, name))
    const now = opened.clock.now()
    return {
      list: 'account',
      page: await listSuppressed(opened, {
        ...ask,
        ...(reason !== undefined && { reason: reason as SuppressionReason }),
        ...(since !== undefined && { since: parseSince(since, now) }),
        ...(until !== undefined && { until: parseSince(until, now) }),
      }),
    }
  },
  json: shown => ({
    SuppressedDestinationSummaries: shown.list === 'global' ? shown.page.entries.map(globalView) : shown.page.entries.map(summaryView),
    ...(shown.page.next !== null && { NextToken: shown.page.next }),
  }),
  async show(io, shown) {
    if (shown.page.entries.length === 0) return io.line('No address is suppressed.')
    if (shown.list === 'account') {
      const rows = shown.page.entries.map(({ address, reason, updatedAt }) => [address, reason, showTime(updatedAt)])
      await showTable(io, { whole: true, head: ['Address', 'Reason', 'Since'], rows })
    } else {
      const rows = shown.page.entries.map(({ address, bounces, updatedAt, expiresAt }) => [
        address,
        bounces,
        showTime(updatedAt),
        showTime(expiresAt),
      ])
      await showTable(io, { whole: true, head: ['Address', 'Bounces', 'Last', 'Until'], rows })
    }
    if (shown.page.next !== null) io.line(`More: --next-token ${shown.page.next}`)
  },
})

/** @throws MailctlError usage */
function pageAsk(flags: Flags): PageAsk {
  const after = textFlag(flags, 'nextToken')
  const limit = parseNumber(textFlag(flags, 'limit') ?? '100', { flag: '--limit', min: 1, max: 10_000, whole: true })
  return { limit, ...(after !== undefined && { after }) }
}
