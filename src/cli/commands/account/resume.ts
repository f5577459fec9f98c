/** `mailctl account resume`: SES PutAccountSendingAttributes. */
import { type AccountState, resumeSending } from '../../../operations/account-state.ts'
import { accountView } from '../../../operations/account-view.ts'
import { healthText, sendingText, showFacts } from '../../account-text.ts'
import { command } from '../../command.ts'

export default command<AccountState>({
  path: 'account resume',
  summary: 'Accept mail again',
  details:
    "Undoes 'mailctl account pause'. A suspension for bad rates can be ended 24 hours after it began, while addresses that bounce or " +
    'complain are suppressed; with --approve at once. The account is under review then, and its rates are counted anew.',
  examples: ['mailctl account resume', 'mailctl account resume --approve'],
  options: [{ flags: '--approve', summary: 'end a suspension whatever its conditions say' }],
  fails: ['config', 'store-unavailable', 'sending-paused'],
  run: async ({ app }, _args, flags) => await resumeSending(await app(), flags['approve'] === true ? 'approve' : 'review'),
  json: accountView,
  show: (io, state) =>
    showFacts(io, [
      ['Sending', sendingText(io, state)],
      ['Health', healthText(io, state)],
    ]),
})
