/** The delivery report that tells a sender which recipients failed: a message of our own from the null return path. RFC 3464. */
import { DELIVERY_PERIOD_MS } from '../delivery/retry.ts'
import { composeDsn, reporterAddress } from '../mail/dsn.ts'
import type { Outcome } from '../mail/outcome.ts'
import type { NewMessage, StoredMessage, StoredRecipient } from '../ports/store.ts'
import type { App } from './app.ts'
import { forwardsFeedback } from './feedback-forwarding.ts'
import { ownFacts } from './own-message.ts'

interface FailedRecipient {
  readonly recipient: StoredRecipient
  readonly outcome: Outcome
}

/**
 * @returns undefined when nobody failed, when the message has the null return path (a report is never answered by a report), or when its
 * feedback is not forwarded
 */
export async function bounceReport(
  { store, ids, settings }: Pick<App, 'store' | 'ids' | 'settings'>,
  message: StoredMessage,
  failed: readonly FailedRecipient[],
  now: number,
): Promise<NewMessage | undefined> {
  if (failed.length === 0 || message.returnPath === '') return undefined
  if (!(await forwardsFeedback(store, message.facts))) return undefined
  const original = await store.content(message.id).catch(() => undefined)
  const about = {
    returnPath: message.returnPath,
    acceptedAt: message.acceptedAt,
    identity: message.facts.identity,
    originalHead: original?.head ?? Buffer.from(''),
  }
  const { body, ...report } = composeReport(
    { ids, settings },
    about,
    failed.map(({ recipient, outcome }) => ({ address: recipient.address, outcome })),
    now,
  )
  const sink = store.newBody()
  await sink.write(body)
  return { ...report, body: await sink.finish() }
}

/** What a report tells of the message that it is about. */
interface ReportedMessage {
  readonly returnPath: string
  readonly acceptedAt: number
  readonly identity: string
  readonly originalHead: Buffer
}

/** The report as a message whose body is still in memory: it is small. */
export function composeReport(
  { ids, settings }: Pick<App, 'ids' | 'settings'>,
  { returnPath, acceptedAt, identity, originalHead }: ReportedMessage,
  failed: readonly { readonly address: string; readonly outcome: Outcome }[],
  now: number,
): Omit<NewMessage, 'body'> & { readonly body: Buffer } {
  const id = ids.newMessageId()
  const from = reporterAddress(settings.network, settings.hostname)
  const headerMessageId = `${id}@${from.slice(from.indexOf('@') + 1)}`
  const report = composeDsn({
    kind: 'failed',
    from,
    to: returnPath,
    reportingMta: settings.hostname,
    headerMessageId,
    date: now,
    arrivedAt: acceptedAt,
    recipients: failed.map(({ address, outcome }) => ({ address, outcome, lastAttemptAt: now })),
    originalHead,
  })
  return {
    id,
    kind: 'report',
    acceptedAt: now,
    expiresAt: now + DELIVERY_PERIOD_MS,
    envelopeFrom: '',
    returnPath: '',
    recipients: [returnPath],
    senders: [],
    head: report.head,
    body: report.body,
    facts: ownFacts({
      from,
      to: returnPath,
      subject: 'Delivery Status Notification (Failure)',
      identity,
      headerMessageId,
    }),
  }
}
