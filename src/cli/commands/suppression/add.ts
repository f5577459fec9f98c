/** `mailctl suppression add`: SES PutSuppressedDestination. */
import type { SuppressedAddress, SuppressionReason } from '../../../account/suppression.ts'
import { suppressAddress } from '../../../operations/suppression.ts'
import { summaryView } from '../../../operations/suppression-view.ts'
import { command } from '../../command.ts'
import { textFlag } from '../../moments.ts'

export default command<SuppressedAddress>({
  path: 'suppression add',
  arguments: '<address>',
  summary: 'Stop mail to an address',
  details:
    'An address that is on the list gets the new reason. It is stopped while the account, or the configuration set of a message, suppresses for that reason. In the sandbox SES refuses this, and so does mailctl.',
  examples: ['mailctl suppression add ann@example.com', 'mailctl suppression add ann@example.com --reason COMPLAINT'],
  options: [{ flags: '--reason <reason>', summary: 'BOUNCE or COMPLAINT (default: BOUNCE)', choices: ['BOUNCE', 'COMPLAINT'] }],
  fails: ['usage', 'bad-data', 'sandboxed', 'config', 'store-unavailable'],
  run: async ({ app }, [address = ''], flags) =>
    await suppressAddress(await app(), address, (textFlag(flags, 'reason') ?? 'BOUNCE') as SuppressionReason),
  json: summaryView,
  show: (io, { address, reason }) => io.line(`${address} is suppressed (${reason})`),
})
