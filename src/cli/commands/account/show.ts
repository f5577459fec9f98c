/** `mailctl account show`: SES GetAccount. */
import { type AccountState, reviewAccountState } from '../../../operations/account-state.ts'
import { accountView } from '../../../operations/account-view.ts'
import { showAccount } from '../../account-text.ts'
import { command } from '../../command.ts'

export default command<AccountState>({
  path: 'account show',
  summary: 'Show the account: access, limits, health',
  examples: ['mailctl account show', 'mailctl account show --json'],
  fails: ['config', 'store-unavailable'],
  run: async ({ app }) => await reviewAccountState(await app()),
  json: accountView,
  show: showAccount,
})
