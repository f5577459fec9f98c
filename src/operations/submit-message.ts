/**
 * Takes responsibility for one message. Resolved: it is durable and will be tried until it is final. Rejected: nothing was stored.
 *
 * The body flows once, from the caller through the line-end rules and the hash into the spool; only the header block is held. The
 * header is rewritten as SES does (Date, Message-ID, Bcc, Return-Path and control fields), then signed; after that no octet changes.
 */
import type { Readable } from 'node:stream'
import { waitForTokenMs } from '../account/admit.ts'
import { SHAPED_ABOVE_BYTES } from '../account/bandwidth.ts'
import { DEFAULT_DELIVERY } from '../account/configuration-set.ts'
import type { ListManagement } from '../account/contacts.ts'
import type { Identity } from '../account/identity.ts'
import { type EventDetail, REJECT, SEND } from '../account/ses-event.ts'
import { signingAuthorityFor } from '../account/signing-authority.ts'
import type { Suppressed } from '../account/suppression.ts'
import { MailctlError } from '../base/errors.ts'
import { interruptible } from '../base/interruptible.ts'
import { DELIVERY_PERIOD_MS } from '../delivery/retry.ts'
import { formatMailbox, mailboxesIn } from '../mail/address.ts'
import { bodyInMemory, MAX_MESSAGE_BYTES, type MessageBody } from '../mail/body.ts'
import { decodeText } from '../mail/encoded-word.ts'
import { findField, findFields, type Header, serializeHeader } from '../mail/header.ts'
import { isSimulatorAddress } from '../mail/mailbox-simulator.ts'
import type { Outcome } from '../mail/outcome.ts'
import type { SplitMessage } from '../mail/split.ts'
import { unsubscribeUrlStream, withUnsubscribeUrl } from '../mail/unsubscribe-url.ts'
import type { MessageFacts, NewEvent, NewMessage } from '../ports/store.ts'
import type { App } from './app.ts'
import { type Caller, HERE } from './caller.ts'
import type { Ready } from './deliver-group.ts'
import { examineSubmission } from './examine-submission.ts'
import { forwardsFeedback } from './feedback-forwarding.ts'
import { readyGroups } from './hand-off.ts'
import { unsubscribeMail, unsubscribeUrl, withUnsubscribeFields } from './list-management.ts'
import { rewriteHeader } from './rewrite-header.ts'
import { type Signer, signAndSpool } from './sign-and-spool.ts'
import { type SuppressedFeedback, suppressedFeedback } from './suppressed-feedback.ts'
import { trackedContent, trackedKinds, trackingOf } from './tracking.ts'

/** A message as a door hands it over; a body that is a stream is read once. */
export interface Content extends Omit<SplitMessage, 'body'> {
  /** CRLF line ends, the last line ended too. */
  readonly body: Readable | Buffer
}

export interface Submission {
  /** From `splitMessage`, `splitWhole` or `composeMessage`. */
  readonly content: Content
  /** The envelope's; absent: the To, Cc and Bcc fields. */
  readonly recipients?: readonly string[]
  /** Where the caller wants reports; absent: the Return-Path field, else the From address. */
  readonly returnPath?: string
  readonly tags: Readonly<Record<string, readonly string[]>>
  readonly configurationSet: string | null
  /** The contact list that it is of; absent: what X-SES-LIST-MANAGEMENT-OPTIONS says. */
  readonly listManagement?: ListManagement
  /** SES operation that this is, for the automatic tags. */
  readonly operation: 'SendEmail' | 'SendRawEmail' | 'SendSmtpEmail' | 'SendTemplatedEmail' | 'SendBulkTemplatedEmail'
  /** Who asked, for the automatic tags; absent: a command of this machine. */
  readonly caller?: Caller
  readonly signer: Signer
  readonly idempotencyKey?: string
  /** How long a send-rate token may be waited for; 0 refuses at once, as SES does. */
  readonly rateWaitMs: number
  /** How long a large message may wait for its turn in the account's bandwidth; absent: as long as for a token. */
  readonly bandwidthWaitMs?: number
  /** The largest message that this operation takes, header and body in octets; absent: 40 MB. SES fact: v1 takes 10 MB. */
  readonly maxBytes?: number
  /** Asks for the recipients, held by this process for so long, to deliver at once; absent: they wait in the queue for whoever comes. */
  readonly holdMs?: number
  /** It is taken as any other, and goes nowhere: this event ends it. Absent: it is sent. */
  readonly rejected?: { readonly event: EventDetail; readonly outcome: Outcome }
  readonly signal: AbortSignal
}

export interface Accepted {
  readonly messageId: string
  /** The idempotency key was seen before: this is the earlier message. */
  readonly isDuplicate: boolean
  /** With `holdMs`: what this process now holds and must deliver or give back. */
  readonly held: readonly Ready[]
  /** What the caller should know: fields that were overwritten, a message left unsigned. */
  readonly warnings: readonly string[]
  /** Recipients that get nothing, because a suppression list has them. Absent: none. */
  readonly suppressed?: readonly Suppressed[]
  /** Ids of the delivery reports that were queued about them. */
  readonly reports?: readonly string[]
}

export type SubmitApp = Pick<App, 'store' | 'clock' | 'ids' | 'keys' | 'settings' | 'bandwidth'>

/** @throws MailctlError bad-data, too-large, not-found (configuration set), not-verified, sending-paused, quota-exceeded, rate-exceeded, mail-from-not-verified, store-unavailable; AbortError */
export async function submitMessage(app: SubmitApp, submission: Submission): Promise<Accepted> {
  const { store, clock, ids, settings } = app
  const { content, signal, idempotencyKey, rateWaitMs, bandwidthWaitMs = rateWaitMs, maxBytes = MAX_MESSAGE_BYTES } = submission
  if (!Buffer.isBuffer(content.body)) interruptible(content.body, signal)
  try {
    const earlier = idempotencyKey === undefined ? undefined : await store.idOfKey(idempotencyKey)
    if (earlier !== undefined) return { messageId: earlier, isDuplicate: true, held: [], warnings: [] }
    const examined = await examineSubmission(app, submission)
    const { people, tags, configurationSet, delivery, suppressedReasons, mailFrom, account, authority, identities, listManagement } =
      examined
    const id = ids.newMessageId()
    const tracking = await trackingOf(app, examined)
    const tracked = tracking && (await trackedContent(app, content, tracking, id))
    const { header: given, body, tally } = tracked?.content ?? content
    // SES fact: links and fields to unsubscribe by are for mail to one recipient.
    const url = listManagement && people.recipients.length === 1 ? unsubscribeUrl({ settings, ids }, id) : undefined
    const path = envelopeFrom(id, mailFrom, people, settings)
    const leaving = url === undefined ? given : withUnsubscribeFields(given, url, unsubscribeMail({ ids }, id, path))
    const { header, rewritten } = rewriteHeader(leaving, {
      messageId: id,
      at: clock.now(),
      network: settings.network,
      region: account.region,
      domain: authority.type === 'DOMAIN' ? authority.name : domainOf(people.fromAddress),
    })
    const signed = await signAndSpool(app, {
      header,
      body: url === undefined ? body : linkedBody(body, url),
      givenHeadBytes: serializeHeader(content.header).length,
      maxBytes,
      signs: signingAuthorityFor(people.fromAddress, identities),
      signer: submission.signer,
    })
    const { headers, headersTruncated } = eventHeaders(header)
    const facts: MessageFacts = {
      source: people.from,
      fromAddress: people.fromAddress,
      identity: authority.name,
      subject: decodeText(findField(header, 'Subject')?.value ?? ''),
      to: addressTexts(content.header, 'To'),
      cc: addressTexts(content.header, 'Cc'),
      bcc: addressTexts(content.header, 'Bcc'),
      replyTo: addressTexts(content.header, 'Reply-To'),
      headerMessageId: rewritten.messageId,
      callerMessageId: rewritten.callerMessageId,
      date: findField(header, 'Date')?.value ?? '',
      tags: { ...automaticTags(submission, configurationSet, people.fromAddress), ...tags },
      configurationSet,
      eightBit: tally.eightBit,
      signedBy: signed.selectors,
      standing: { ...examined.standing, ...(tracking && tracked?.warning === undefined && { tracked: trackedKinds(tracking) }) },
      headers,
      headersTruncated,
      ...(delivery !== DEFAULT_DELIVERY && { delivery }),
      ...(suppressedReasons !== undefined && { suppressedReasons }),
      ...(listManagement && { listManagement }),
    }
    const rejected = submission.rejected ?? (signed.isHarmful ? HARMFUL : undefined)
    const messageAt = (at: number): NewMessage => ({
      id,
      kind: 'mail',
      acceptedAt: at,
      expiresAt: at + (delivery.maxDeliverySeconds === null ? DELIVERY_PERIOD_MS : delivery.maxDeliverySeconds * 1_000),
      envelopeFrom: path,
      returnPath: people.returnPath,
      recipients: people.recipients,
      senders: people.senders,
      head: signed.head,
      body: signed.body,
      facts,
      ...(idempotencyKey !== undefined && { idempotencyKey }),
      ...(rejected && { rejected: rejected.outcome }),
    })
    const forwards = await forwardsFeedback(store, facts, identities)
    let accepted: NewMessage | undefined
    let told: SuppressedFeedback | undefined
    const hold = submission.holdMs === undefined ? {} : { leaseMs: submission.holdMs }
    const make = (at: number): Parameters<SubmitApp['store']['accept']> => {
      const message = messageAt(at)
      accepted = message
      const onSuppressed = (suppressed: readonly Suppressed[]): SuppressedFeedback => {
        told = suppressedFeedback(app, { message, forwards }, suppressed)
        return told
      }
      const eventOf = ({ type, detail }: EventDetail): NewEvent => ({ type, detail, at, messageId: id, recipients: people.recipients })
      const events = rejected ? [eventOf(SEND), eventOf(rejected.event)] : [eventOf(SEND)]
      return [message, events, { onSuppressed, ...hold }]
    }
    const admission = await (content.tally.octets > SHAPED_ABOVE_BYTES
      ? app.bandwidth.pass(content.tally.octets, { clock, waitMs: bandwidthWaitMs, signal }).then(() => acceptWithin(app, submission, make))
      : acceptWithin(app, submission, make)
    ).catch(async (error: unknown) => {
      await signed.giveBack()
      throw error
    })
    return {
      messageId: admission.messageId,
      isDuplicate: admission.duplicateOf !== null,
      held:
        accepted && admission.held
          ? readyGroups(accepted, url === undefined ? bodyInHand(body, content) : undefined, admission.suppressed)
          : [],
      warnings: [...rewritten.warnings, ...signed.warnings, ...(tracked?.warning === undefined ? [] : [tracked.warning])],
      ...(admission.suppressed && { suppressed: admission.suppressed, reports: told?.reports.map(({ id }) => id) ?? [] }),
    }
  } finally {
    if (!Buffer.isBuffer(content.body)) content.body.destroy()
  }
}

/** What was spooled, where it is in memory; a body that a link was put into on its way is read from the store. */
function bodyInHand(body: Content['body'], content: Content): MessageBody | undefined {
  if (!Buffer.isBuffer(body)) return undefined
  return bodyInMemory(body, body === content.body ? { lineEnds: 'crlf' } : {})
}

function linkedBody(body: Content['body'], url: string): Content['body'] {
  if (Buffer.isBuffer(body)) return withUnsubscribeUrl(body, url)
  const linked = unsubscribeUrlStream(url)
  body.on('error', error => linked.destroy(error))
  return body.pipe(linked)
}

const addressTexts = (header: Header, name: string): string[] => mailboxesIn(findFields(header, name)).map(formatMailbox)

const domainOf = (address: string): string => address.slice(address.lastIndexOf('@') + 1)

/** SES fact: simulator, "Reject test". */
const HARMFUL: NonNullable<Submission['rejected']> = {
  event: REJECT,
  outcome: { action: 'failed', status: '5.7.1', reply: '550 5.7.1 Not sent: the content is harmful' },
}

/**
 * Contract §2: the custom MAIL FROM, else `<message-id>@<hostname>` (lab, live) or the caller's return path (relay). The simulator is on this
 * machine in every mode, so what goes to nobody else has a return path that leads back here.
 */
export function envelopeFrom(
  id: string,
  mailFrom: Identity['mailFrom'],
  { returnPath, recipients }: { readonly returnPath: string; readonly recipients: readonly string[] },
  { network, hostname }: App['settings'],
): string {
  if (mailFrom?.status === 'SUCCESS') return `${id}@${mailFrom.domain}`
  return network === 'relay' && !recipients.every(isSimulatorAddress) ? returnPath : `${id}@${hostname}`
}

/** SES fact: events "Auto tags", in this order. */
function automaticTags(
  { operation, caller = HERE }: Submission,
  configurationSet: string | null,
  fromAddress: string,
): Record<string, readonly string[]> {
  const tags: Record<string, readonly string[]> = { 'ses:operation': [operation] }
  if (configurationSet !== null) tags['ses:configuration-set'] = [configurationSet]
  tags['ses:source-ip'] = [caller.sourceIp]
  tags['ses:from-domain'] = [domainOf(fromAddress)]
  tags['ses:caller-identity'] = [caller.identity]
  return tags
}

const MAX_EVENT_HEADER_BYTES = 10 * 1024

/** SES fact: events carry at most 10 KB of header fields and say when they were cut. */
function eventHeaders(header: Header): Pick<MessageFacts, 'headers' | 'headersTruncated'> {
  const headers: [string, string][] = []
  let size = 0
  for (const { name, value } of header) {
    const text = decodeText(value)
    size += name.length + text.length
    if (size > MAX_EVENT_HEADER_BYTES) return { headers, headersTruncated: true }
    headers.push([name, text])
  }
  return { headers, headersTruncated: false }
}

/** Commits, waiting for a send-rate token as long as the caller allows. */
async function acceptWithin(
  { store, clock }: SubmitApp,
  { rateWaitMs, signal }: Submission,
  make: (at: number) => Parameters<SubmitApp['store']['accept']>,
): ReturnType<SubmitApp['store']['accept']> {
  const deadline = clock.now() + rateWaitMs
  for (;;) {
    signal.throwIfAborted()
    try {
      return await store.accept(...make(clock.now()))
    } catch (error) {
      if (!(error instanceof MailctlError) || error.code !== 'rate-exceeded') throw error
      const now = clock.now()
      const next = now + Math.max(1, waitForTokenMs(await store.account(), await store.usage(now), now))
      if (next > deadline) throw error
      await clock.waitUntil(next, signal)
    }
  }
}
