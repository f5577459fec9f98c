/** `mailctl queue show`: one message and where each recipient stands. */
import { formatSize } from '../../../base/duration.ts'
import { printable } from '../../../base/redact.ts'
import { queuedMessage } from '../../../operations/queue.ts'
import type { StoredMessage } from '../../../ports/store.ts'
import { showFacts } from '../../account-text.ts'
import { command } from '../../command.ts'
import { showTime } from '../../moments.ts'
import { queuedMessageJson } from '../../queue-json.ts'
import { showTable } from '../../table.ts'

export default command<StoredMessage>({
  path: 'queue show',
  arguments: '<message-id>',
  summary: 'Show a message and where each recipient stands',
  details: "'mailctl why <message-id>' tells its whole story.",
  examples: ['mailctl queue show 0100019b76da0001-8a2b6c1d-1f3e-4a5b-9c7d-0e1f2a3b4c5d-000000'],
  fails: ['not-found', 'config', 'store-unavailable'],
  run: async ({ app }, [id = '']) => await queuedMessage(await app(), id),
  json: queuedMessageJson,
  async show(io, message) {
    showFacts(io, [
      ['Message', message.id],
      ['From', printable(message.envelopeFrom === '' ? '<>' : message.envelopeFrom)],
      ['Subject', printable(message.facts.subject)],
      ['Size', formatSize(message.sizeBytes)],
      ['Accepted', showTime(message.acceptedAt)],
      ['Gives up', showTime(message.expiresAt)],
    ])
    io.line()
    await showTable(io, {
      head: ['Recipient', 'State', 'Tries', 'Next', 'Last reply'],
      rows: message.recipients.map(({ address, state, attempts, nextAttemptAt, outcome }) => [
        address,
        state,
        attempts,
        nextAttemptAt === null ? '-' : showTime(nextAttemptAt),
        outcome?.reply ?? '-',
      ]),
    })
  },
})
