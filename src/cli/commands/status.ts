/** `mailctl status`: the account on one screen, once or again and again. */
import { accountView } from '../../operations/account-view.ts'
import { nextCommand } from '../../operations/next-command.ts'
import { readStatus } from '../../operations/read-status.ts'
import { command } from '../command.ts'
import { isoTime } from '../moments.ts'
import { queueJson } from '../queue-json.ts'
import { type ShownStatus, statusLines } from '../status-text.ts'
import { showWatched, WATCH_FLAGS, type Watched, watched, watchedJson } from '../watch.ts'

export default command<Watched<ShownStatus>>({
  path: 'status',
  summary: 'Show the account on one screen',
  details:
    'The last 24 hours begin with the ten minutes in which they began. --watch draws the screen anew on a terminal; elsewhere it prints one ' +
    'after the other, with --json an object a line. Ctrl-C ends it.',
  examples: ['mailctl status', 'mailctl status --json', 'mailctl status --watch --interval 5s'],
  options: WATCH_FLAGS,
  fails: ['usage', 'config', 'store-unavailable'],
  async run(context, _args, flags) {
    const opened = await context.app()
    return await watched(context, flags, async () => ({ ...(await readStatus(opened)), config: context.config }))
  },
  json: ({ first }) => statusJson(first),
  ndjson: shown => watchedJson(shown, statusJson),
  show: (io, shown) =>
    showWatched(io, shown, (to, status) => {
      for (const line of statusLines(to, status)) to.line(line)
    }),
})

const statusJson = (status: ShownStatus) => ({
  ...accountView(status),
  Home: status.config.home,
  Network: status.config.settings.network,
  Clock: { Kind: status.clock.kind, Now: isoTime(status.clock.now) },
  EmailIdentities: status.identities.map(({ identity: { name, type, verification }, concern }) => ({
    IdentityType: type,
    IdentityName: name,
    SendingEnabled: verification.status === 'SUCCESS',
    VerificationStatus: verification.status,
    NeedsAttention: concern !== null,
  })),
  Queue: {
    ...queueJson(status.queue),
    ...(status.queue.oldestAt !== null && { OldestTimestamp: isoTime(status.queue.oldestAt) }),
    ...(status.queue.deferral && {
      TopDeferral: {
        Status: status.queue.deferral.status,
        Recipients: status.queue.deferral.recipients,
        RecipientsIsExact: status.queue.deferral.isExact,
        ...(status.queue.deferral.lastReply !== null && { SmtpResponse: status.queue.deferral.lastReply }),
      },
    }),
  },
  EventsLast24Hours: status.day.events,
  RecipientsLast24Hours: {
    Sent: status.day.sent,
    Delivered: status.day.delivered,
    Bounced: status.day.bounced,
    Complained: status.day.complained,
    Delayed: status.day.delayed,
  },
  Activity: status.day.spans.map(({ at, sent, delivered, bounced }) => ({
    Timestamp: isoTime(at),
    Sent: sent,
    Delivered: delivered,
    Bounced: bounced,
  })),
  NextCommand: nextCommand(status.next),
})
