/** `mailctl account resume`: SES PutAccountSendingAttributes. */
import { type AccountState, resumeSending } from '../../../operations/account-state.ts'
import { accountJson } from '../../account-json.ts'
import { sendingText, showFacts } from '../../account-text.ts'
import { command } from '../../command.ts'

export default command<AccountState>({
  path: 'account resume',
  summary: 'Accept mail again',
  details: "Undoes 'mailctl account pause'.",
  examples: ['mailctl account resume'],
  fails: ['config', 'store-unavailable', 'sending-paused'],
  run: async ({ app }) => await resumeSending(await app()),
  json: accountJson,
  show: (io, state) => showFacts(io, [['Sending', sendingText(io, state)]]),
})
