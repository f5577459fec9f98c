/** `mailctl inbox wait`: until matching mail is there. */
import { parseDuration } from '../../../base/duration.ts'
import { waitForMail } from '../../../operations/read-inbox.ts'
import type { InboxMessage } from '../../../ports/lab.ts'
import { command } from '../../command.ts'
import { INBOX_FILTERS, inboxFilter, inboxMessageJson, showInbox } from '../../inbox.ts'
import { parseNumber, textFlag } from '../../moments.ts'

export default command<readonly InboxMessage[]>({
  path: 'inbox wait',
  summary: 'Wait until matching mail is there',
  details: 'Mail that is there already counts. The time is real time, whatever the clock of the account.',
  examples: ['mailctl inbox wait --to ann@example.com', 'mailctl inbox wait --subject /code/ --timeout 10s --json'],
  options: [
    ...INBOX_FILTERS,
    { flags: '--count <n>', summary: 'how many messages (default: 1)' },
    { flags: '--timeout <duration>', summary: 'give up after this long (default: 30s)' },
  ],
  fails: ['usage', 'timed-out', 'config', 'store-unavailable'],
  async run({ app, signal, progress }, _args, flags) {
    const opened = await app()
    const filter = inboxFilter(flags, opened.clock.now())
    const count = parseNumber(textFlag(flags, 'count') ?? '1', { flag: '--count', min: 1, max: 10_000, whole: true })
    const timeoutMs = parseDuration(textFlag(flags, 'timeout') ?? '30s')
    progress('Waiting for mail')
    return await waitForMail(opened, { filter, count, timeoutMs, signal })
  },
  json: messages => ({ Messages: messages.map(inboxMessageJson) }),
  show: showInbox,
})
