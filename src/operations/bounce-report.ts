/** The delivery report that tells a sender which recipients failed: a message of our own from the null return path. RFC 3464. */
import { coveringNames } from '../account/identity.ts'
import { DELIVERY_PERIOD_MS } from '../delivery/retry.ts'
import { composeDsn, reporterAddress } from '../mail/dsn.ts'
import type { Outcome } from '../mail/outcome.ts'
import type { NewMessage, StoredMessage, StoredRecipient } from '../ports/store.ts'
import type { App } from './app.ts'
import { ownFacts } from './own-message.ts'

interface FailedRecipient {
  readonly recipient: StoredRecipient
  readonly outcome: Outcome
}

/**
 * @returns undefined when nobody failed, when the message has the null return path (a report is never answered by a report), or when the
 * identity has feedback forwarding switched off
 */
export async function bounceReport(
  { store, ids, settings }: Pick<App, 'store' | 'ids' | 'settings'>,
  message: StoredMessage,
  failed: readonly FailedRecipient[],
  now: number,
): Promise<NewMessage | undefined> {
  if (failed.length === 0 || message.returnPath === '') return undefined
  const [identity] = (await store.identitiesNamed(coveringNames(message.facts.fromAddress))).filter(
    ({ name }) => name === message.facts.identity,
  )
  if (identity?.feedbackForwarding === false) return undefined
  const id = ids.newMessageId()
  const original = await store.content(message.id).catch(() => undefined)
  const from = reporterAddress(settings.network, settings.hostname)
  const headerMessageId = `${id}@${from.slice(from.indexOf('@') + 1)}`
  const report = composeDsn({
    kind: 'failed',
    from,
    to: message.returnPath,
    reportingMta: settings.hostname,
    headerMessageId,
    date: now,
    arrivedAt: message.acceptedAt,
    recipients: failed.map(({ recipient, outcome }) => ({ address: recipient.address, outcome, lastAttemptAt: now })),
    originalHead: original?.head ?? Buffer.from(''),
  })
  const sink = store.newBody()
  await sink.write(report.body)
  return {
    id,
    kind: 'report',
    acceptedAt: now,
    expiresAt: now + DELIVERY_PERIOD_MS,
    envelopeFrom: '',
    returnPath: '',
    recipients: [message.returnPath],
    senders: [],
    head: report.head,
    body: await sink.finish(),
    facts: ownFacts({
      from,
      to: message.returnPath,
      subject: 'Delivery Status Notification (Failure)',
      identity: message.facts.identity,
      headerMessageId,
    }),
  }
}
