/**
 * Mail of our own to one person, through the same queue as all mail: durable when it resolves, delivered by `waitForOutcome` or the engine.
 * No admission, no quota, no events; no report comes back when it fails, for nobody asked for one (the return path is empty).
 */
import { DELIVERY_PERIOD_MS } from '../delivery/retry.ts'
import { parseMailbox } from '../mail/address.ts'
import { composeMessage } from '../mail/compose.ts'
import { serializeHeader } from '../mail/header.ts'
import type { App } from './app.ts'
import { ownFacts } from './own-message.ts'

export interface Notice {
  readonly from: string
  readonly to: string
  readonly subject: string
  readonly text: string
  /** The identity that it is about. */
  readonly identity: string
}

/** @returns the message id  @throws MailctlError bad-data, store-unavailable; nothing is stored then */
export async function sendNotice({ store, clock, ids }: Pick<App, 'store' | 'clock' | 'ids'>, notice: Notice): Promise<string> {
  const { from, to, subject, text } = notice
  const id = ids.newMessageId()
  const now = clock.now()
  const headerMessageId = `${id}@${from.slice(from.lastIndexOf('@') + 1)}`
  const { header, body } = await composeMessage({
    from: parseMailbox(from),
    to: [parseMailbox(to)],
    cc: [],
    bcc: [],
    replyTo: [],
    returnPath: null,
    subject,
    text,
    html: null,
    attachments: [],
    inline: [],
    calendar: null,
    // RFC 3834 §5: so that no robot answers.
    headers: [['Auto-Submitted', 'auto-generated']],
    listUnsubscribe: null,
    date: now,
    messageId: headerMessageId,
    boundarySeed: '',
  })
  const sink = store.newBody()
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) await sink.write(chunk)
    await store.accept(
      {
        id,
        kind: 'notice',
        acceptedAt: now,
        expiresAt: now + DELIVERY_PERIOD_MS,
        envelopeFrom: from,
        returnPath: '',
        recipients: [to],
        senders: [],
        head: serializeHeader(header),
        body: await sink.finish(),
        facts: ownFacts({ ...notice, headerMessageId }),
      },
      [],
    )
  } catch (error) {
    await sink.abort()
    throw error
  }
  return id
}
