/** `mailctl suppression get`: SES GetSuppressedDestination. */
import type { SuppressedAddress } from '../../../account/suppression.ts'
import { readSuppressed } from '../../../operations/suppression.ts'
import { destinationView } from '../../../operations/suppression-view.ts'
import { showFacts } from '../../account-text.ts'
import { command } from '../../command.ts'
import { showTime } from '../../moments.ts'

export default command<SuppressedAddress>({
  path: 'suppression get',
  arguments: '<address>',
  summary: 'Show why an address gets no mail',
  details: 'An address that a bounce or a complaint put on the list has the ids of its message and of the event.',
  examples: ['mailctl suppression get ann@example.com', 'mailctl suppression get ann@example.com --json'],
  fails: ['bad-data', 'not-found', 'config', 'store-unavailable'],
  run: async ({ app }, [address = '']) => await readSuppressed(await app(), address),
  json: entry => ({ SuppressedDestination: destinationView(entry) }),
  show(io, { address, reason, updatedAt, messageId, feedbackId }) {
    showFacts(io, [
      ['Address', address],
      ['Reason', reason],
      ['Since', showTime(updatedAt)],
      ...(messageId === null ? [] : [['Message', messageId] as const]),
      ...(feedbackId === null ? [] : [['Feedback', feedbackId] as const]),
    ])
  },
})
