/** `mailctl account pause`: SES PutAccountSendingAttributes. */
import { type AccountState, pauseSending } from '../../../operations/account-state.ts'
import { accountView } from '../../../operations/account-view.ts'
import { sendingText, showFacts } from '../../account-text.ts'
import { command } from '../../command.ts'

export default command<AccountState>({
  path: 'account pause',
  summary: 'Stop accepting mail from now on',
  details: "What was accepted before is still delivered. 'mailctl account resume' undoes it.",
  examples: ['mailctl account pause'],
  fails: ['config', 'store-unavailable'],
  run: async ({ app }) => await pauseSending(await app()),
  json: accountView,
  show: (io, state) => showFacts(io, [['Sending', sendingText(io, state)]]),
})
