/** `mailctl inbox list`: what the lab's receivers took. */
import { listInbox } from '../../../operations/read-inbox.ts'
import type { InboxMessage } from '../../../ports/lab.ts'
import { command } from '../../command.ts'
import { INBOX_FILTERS, inboxFilter, inboxMessageJson, showInbox } from '../../inbox.ts'
import { LIMIT, limitFlag } from '../../moments.ts'

export default command<readonly InboxMessage[]>({
  path: 'inbox list',
  summary: "List what the lab's receivers took",
  examples: ['mailctl inbox list', 'mailctl inbox list --to ann@gmail.com --since 1h', 'mailctl inbox list --subject /invoice/i --json'],
  options: [...INBOX_FILTERS, LIMIT],
  fails: ['usage', 'config', 'store-unavailable'],
  async run({ app }, _args, flags) {
    const opened = await app()
    return await listInbox(opened, { ...inboxFilter(flags, opened.clock.now()), limit: limitFlag(flags) })
  },
  json: messages => ({ Messages: messages.map(inboxMessageJson) }),
  show: showInbox,
})
