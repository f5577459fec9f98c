/**
 * Everything that can be said about a submission before an octet of it is spooled: is the header one, who sends, who receives, and does
 * the account allow it. The store applies the account's rules again, to fresh counters, in the commit.
 */
import type { Account } from '../account/account.ts'
import { admit, identityFor, namesToLoad } from '../account/admit.ts'
import type { AdmissionFacts } from '../account/applied-rules.ts'
import { checkSetSending, DEFAULT_DELIVERY, type DeliveryOptions } from '../account/configuration-set.ts'
import { checkIdempotencyKey } from '../account/idempotency-key.ts'
import { type Identity, settingsFor } from '../account/identity.ts'
import type { SuppressionReason } from '../account/suppression.ts'
import type { TrackingOptions } from '../account/tracking.ts'
import { MailctlError } from '../base/errors.ts'
import { formatMailbox, mailboxesIn } from '../mail/address.ts'
import { MAX_RECIPIENTS } from '../mail/envelope.ts'
import { checkHeader, findField, findFields, type Header } from '../mail/header.ts'
import { readConfigurationSet } from './configuration-sets.ts'
import { type ControlFields, checkArns, readControlFields } from './control-fields.ts'
import { checkListManagement } from './list-management.ts'
import type { Submission, SubmitApp } from './submit-message.ts'

export interface People {
  /** The From field as written. */
  readonly from: string
  readonly fromAddress: string
  readonly returnPath: string
  /** Every address that must belong to a verified identity. */
  readonly senders: readonly string[]
  readonly recipients: readonly string[]
}

function readPeople(header: Header, submission: Submission): People {
  const fields = findFields(header, 'From')
  const authors = mailboxesIn(fields)
  const [from] = authors
  if (from === undefined || authors.length !== 1 || fields.length !== 1) {
    throw new MailctlError(
      'bad-data',
      `The From field must hold one address, this one holds ${from === undefined ? 'none' : authors.length}`,
      { hint: 'Leave one author in From; others fit into Reply-To or Cc.' },
    )
  }
  const given = submission.recipients ?? ['To', 'Cc', 'Bcc'].flatMap(name => addresses(header, name))
  const recipients = [...new Set(given)]
  if (recipients.length === 0)
    throw new MailctlError('bad-data', 'The message has no recipients', { hint: 'Give --to, or a To field in the message.' })
  if (recipients.length > MAX_RECIPIENTS) {
    throw new MailctlError('bad-data', `Recipient count exceeds ${MAX_RECIPIENTS}: this message has ${recipients.length}`, {
      hint: 'Send several messages of at most 50 recipients each.',
    })
  }
  const returnPath = submission.returnPath ?? fieldReturnPath(header) ?? from.address
  const senders = [...new Set([from.address, ...addresses(header, 'Sender'), returnPath])]
  return { from: findField(header, 'From')?.value ?? formatMailbox(from), fromAddress: from.address, returnPath, senders, recipients }
}

const addresses = (header: Header, name: string): string[] => mailboxesIn(findFields(header, name)).map(({ address }) => address)

/** `<>`, the mark of a report that was once received, names nobody. */
const fieldReturnPath = (header: Header): string | undefined =>
  /^<\s*>$/.test(findField(header, 'Return-Path')?.value.trim() ?? '') ? undefined : addresses(header, 'Return-Path')[0]

export interface Examined extends Omit<ControlFields, 'fields'> {
  readonly people: People
  /** Of the configuration set; as SES has them without one. */
  readonly delivery: DeliveryOptions
  /** Of the configuration set; undefined: the account's. */
  readonly suppressedReasons: readonly SuppressionReason[] | undefined
  /** Of the configuration set, if it has them. */
  readonly trackingOptions: TrackingOptions | undefined
  /** Of the identity that is nearest to the From address and has one. */
  readonly mailFrom: Identity['mailFrom']
  readonly account: Account
  /** The identity that speaks for the From address. */
  readonly authority: Identity
  /** Those that concern senders and recipients. */
  readonly identities: readonly Identity[]
  /** Where the account stood, to be written down with the message. */
  readonly standing: AdmissionFacts
}

/** Time gives a token; and a message that was accepted before, which only the commit can tell by its key, needs neither token nor quota. */
function mayPassLater(error: unknown, { rateWaitMs, idempotencyKey }: Submission): boolean {
  if (!(error instanceof MailctlError)) return false
  if (error.code === 'rate-exceeded') return rateWaitMs > 0 || idempotencyKey !== undefined
  return error.code === 'quota-exceeded' && idempotencyKey !== undefined
}

/** @throws MailctlError bad-data, not-found (configuration set), not-verified, mail-from-not-verified, sending-paused, quota-exceeded, rate-exceeded (unless the caller waits for a token) */
export async function examineSubmission(app: Pick<SubmitApp, 'store' | 'clock' | 'settings'>, submission: Submission): Promise<Examined> {
  const { store, clock, settings } = app
  if (submission.idempotencyKey !== undefined) checkIdempotencyKey(submission.idempotencyKey)
  checkHeader(submission.content.header)
  const control = readControlFields(submission)
  if (control.listManagement) await checkListManagement(app, control.listManagement)
  const named = control.configurationSet === null ? undefined : await readConfigurationSet(app, control.configurationSet)
  const people = readPeople(submission.content.header, submission)
  const account = await store.account()
  if (control.fields.length > 0)
    checkArns(control.fields, { account, caller: submission.caller, fromAddress: people.fromAddress, returnPath: people.returnPath })
  const identities = await store.identitiesNamed(namesToLoad(people.senders, account.productionAccess ? [] : people.recipients))
  const now = clock.now()
  const usage = await store.usage(now)
  const { senders, recipients } = people
  const question = { account, network: settings.network, identities, senders, recipients, usage }
  try {
    admit(question, now)
  } catch (error) {
    if (!mayPassLater(error, submission)) throw error
  }
  const authority = identityFor(people.fromAddress, question, now)
  if (authority === undefined) throw new Error(`admitted without an identity for ${people.fromAddress}`)
  const { mailFrom, configurationSet } = settingsFor(people.fromAddress, identities)
  checkMailFrom(mailFrom)
  // SES fact: concepts §11, an identity's default set is for messages that name none.
  const set = named ?? (configurationSet === null ? undefined : await readConfigurationSet(app, configurationSet))
  if (set !== undefined) checkSetSending(set)
  return {
    people,
    tags: control.tags,
    listManagement: control.listManagement,
    configurationSet: set?.name ?? null,
    delivery: set?.delivery ?? DEFAULT_DELIVERY,
    suppressedReasons: set?.suppressedReasons,
    trackingOptions: set?.tracking,
    mailFrom,
    account,
    authority,
    identities,
    standing: {
      production: account.productionAccess,
      sentLast24Hours: usage.sentLast24Hours,
      max24HourSend: account.max24HourSend,
      maxSendRate: account.maxSendRate,
      suppressedReasons: account.suppressedReasons,
      ...(set !== undefined && named === undefined && { isDefaultSet: true }),
      ...(mailFrom !== null && { mailFrom: { domain: mailFrom.domain, isInUse: mailFrom.status === 'SUCCESS' } }),
    },
  }
}

function checkMailFrom(mailFrom: Identity['mailFrom']): void {
  if (mailFrom === null || mailFrom.status === 'SUCCESS' || mailFrom.onFailure !== 'REJECT_MESSAGE') return
  throw new MailctlError('mail-from-not-verified', `The MAIL FROM domain ${mailFrom.domain} is not verified`, {
    hint: 'mailctl verify domain, for the domain that it belongs to, shows what is missing.',
  })
}
