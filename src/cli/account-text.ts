/** The account in lines for people. */
import type { SuppressionReason } from '../account/suppression.ts'
import type { AccountState } from '../operations/account-state.ts'
import { bar } from './bars.ts'
import type { Io } from './io.ts'

const BAR_WIDTH = 24

/** `50,000`. Written out: the first call of `toLocaleString` costs more than the whole command. */
export const count = (value: number): string => String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ',')

/** `1,200 of 50,000 in 24 hours`, with a bar on a terminal that has room for it. @param room columns for both */
export function quotaText(io: Io, { account, sentLast24Hours }: AccountState, room = io.stdout.columns - 15): string {
  if (account.max24HourSend < 0) return `${count(sentLast24Hours)} in 24 hours, unlimited`
  const text = `${count(sentLast24Hours)} of ${count(account.max24HourSend)} in 24 hours`
  if (!io.stdout.isTty || room < text.length + 1 + BAR_WIDTH) return text
  const share = account.max24HourSend === 0 ? 1 : Math.min(1, sentLast24Hours / account.max24HourSend)
  const drawn = bar(io, share, BAR_WIDTH)
  return `${share >= 1 ? io.colour.red(drawn) : share >= 0.8 ? io.colour.yellow(drawn) : io.colour.green(drawn)} ${text}`
}

export const rateText = ({ account }: AccountState): string => `${count(account.maxSendRate)} a second`

export function accessText(io: Io, { account }: AccountState): string {
  return account.productionAccess ? io.colour.green('production') : `${io.colour.yellow('sandbox')} (verified recipients only)`
}

/** The standing, and where it is not the best the reason for it. */
export function healthText(io: Io, { account: { enforcementStatus, enforcementReason } }: AccountState): string {
  const colour = { HEALTHY: io.colour.green, PROBATION: io.colour.yellow, SHUTDOWN: io.colour.red }[enforcementStatus]
  return enforcementReason === undefined ? colour(enforcementStatus) : `${colour(enforcementStatus)}: ${enforcementReason}`
}

/** What became of the request for production access. */
export function reviewText({ productionCase }: AccountState): string | undefined {
  if (productionCase === undefined) return undefined
  const { status, caseId, by } = productionCase.review
  return `${status}${by === 'owner' ? " by the account's owner, without review" : ''} (case ${caseId})`
}

export function sendingText(io: Io, { account }: AccountState): string {
  if (account.enforcementStatus === 'SHUTDOWN') return io.colour.red('suspended')
  return account.sendingEnabled ? io.colour.green('enabled') : io.colour.red('paused')
}

/** `BOUNCE, COMPLAINT` */
export const reasonsText = (reasons: readonly SuppressionReason[]): string => (reasons.length === 0 ? 'none' : reasons.join(', '))

/** Names in one column, what is said of them in the next. */
export function showFacts(io: Io, facts: readonly (readonly [string, string])[]): void {
  const width = Math.max(...facts.map(([name]) => name.length))
  for (const [name, text] of facts) io.line(`${io.colour.dim(name.padEnd(width))}  ${text}`)
}

export function showAccount(io: Io, state: AccountState): void {
  const review = reviewText(state)
  showFacts(io, [
    ['Account', `${state.account.accountId} (${state.account.region})`],
    ['Access', accessText(io, state)],
    ...(review === undefined ? [] : [['Review', review] as const]),
    ['Sending', sendingText(io, state)],
    ['Health', healthText(io, state)],
    ['Quota', quotaText(io, state)],
    ['Rate', rateText(state)],
    ['Suppresses for', reasonsText(state.account.suppressedReasons)],
  ])
}
