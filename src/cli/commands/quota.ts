/** `mailctl quota`: SES SendQuota. */
import { type AccountState, readAccountState } from '../../operations/account-state.ts'
import { quotaView } from '../../operations/account-view.ts'
import { quotaText, rateText, showFacts } from '../account-text.ts'
import { command } from '../command.ts'

export default command<AccountState>({
  path: 'quota',
  summary: 'Show what the account may still send',
  examples: ['mailctl quota', 'mailctl quota --json'],
  fails: ['config', 'store-unavailable'],
  run: async ({ app }) => await readAccountState(await app()),
  json: quotaView,
  show: (io, state) =>
    showFacts(io, [
      ['Sent', quotaText(io, state)],
      ['Rate', rateText(state)],
    ]),
})
