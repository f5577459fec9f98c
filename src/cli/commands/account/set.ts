/** `mailctl account set`: SES PutAccountSuppressionAttributes. */
import { MailctlError } from '../../../base/errors.ts'
import type { AccountState } from '../../../operations/account-state.ts'
import { accountView } from '../../../operations/account-view.ts'
import { parseReasons, setSuppressedReasons } from '../../../operations/suppression.ts'
import { showAccount } from '../../account-text.ts'
import { command } from '../../command.ts'
import { textFlag } from '../../moments.ts'

export default command<AccountState>({
  path: 'account set',
  summary: 'Change what the account does',
  details:
    'Addresses go onto the suppression list, and those on it get no mail, for these reasons. What is on the list stays there when its reason is taken away, and counts again when it comes back. A configuration set may have its own.',
  examples: ['mailctl account set --suppressed-reasons BOUNCE,COMPLAINT', 'mailctl account set --suppressed-reasons none'],
  options: [{ flags: '--suppressed-reasons <reasons>', summary: 'BOUNCE, COMPLAINT, both with a comma between, or none' }],
  fails: ['usage', 'bad-data', 'config', 'store-unavailable'],
  async run({ app }, _, flags) {
    const reasons = textFlag(flags, 'suppressedReasons')
    if (reasons === undefined) throw new MailctlError('usage', 'nothing to change was given', { hint: 'See: mailctl account set --help' })
    const wanted = parseReasons(reasons)
    return await setSuppressedReasons(await app(), wanted)
  },
  json: accountView,
  show: showAccount,
})
