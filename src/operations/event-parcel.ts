/** An event in the form that a destination speaks, as it is handed over: the body and, of an HTTP request, its headers. */
import { classicNotification } from '../account/classic-notification.ts'
import type { DestinationOwner, EventDestination, Service } from '../account/event-destination.ts'
import { eventBridgeEnvelope, firehoseRequest } from '../account/event-envelope.ts'
import { isoTime } from '../account/ses-event.ts'
import { type SnsMessage, snsHeaders, textToSign, type UnsignedSnsMessage, uuidOf } from '../account/sns-message.ts'
import type { Parcel } from '../ports/event-publisher.ts'
import type { LoggedEvent } from '../ports/store.ts'
import type { App } from './app.ts'

export type ParcelApp = Pick<App, 'store' | 'eventPublisher'>
type Sns = Extract<Service, { kind: 'sns' }>

const SUBJECT = 'Amazon SES Email Event Notification'
const JSON_TYPE = { 'content-type': 'application/json' } as const

/** Every event by itself; what its receiver can recognise it by is the same each time. @throws MailctlError store-unavailable, unreachable */
export async function parcelOf(app: ParcelApp, destination: EventDestination, logged: LoggedEvent): Promise<Parcel> {
  const { owner, name, service, place } = destination
  const text = await eventText(app, destination, logged)
  const id = uuidOf(owner.kind, owner.name, name, logged.messageId, logged.id)
  if (service.kind === 'sns') {
    const unsigned = {
      Type: 'Notification',
      MessageId: id,
      TopicArn: service.topicArn,
      // The classic notification has none.
      ...(owner.kind === 'set' && { Subject: SUBJECT }),
      Message: text,
      Timestamp: isoTime(logged.at),
    } as const
    return await snsParcel(app, { ...destination, service }, unsigned)
  }
  if (service.kind === 'eventbridge') {
    const { accountId, region } = await app.store.account()
    const resource = resourceArn(owner, { accountId, region })
    return {
      headers: JSON_TYPE,
      body: JSON.stringify(eventBridgeEnvelope(logged.event, { id, accountId, region, at: logged.at, resource })),
    }
  }
  if (service.kind === 'firehose' && place.kind === 'url')
    return firehoseParcel(service.streamArn, [text], { requestId: id, at: logged.at })
  return { headers: JSON_TYPE, body: text }
}

/** Several events in one request, as Firehose sends them. */
export async function firehoseParcelOf(
  app: ParcelApp,
  destination: EventDestination & { readonly service: Extract<Service, { kind: 'firehose' }> },
  events: readonly LoggedEvent[],
): Promise<Parcel> {
  const { owner, name, service } = destination
  const texts = await Promise.all(events.map(event => eventText(app, destination, event)))
  const requestId = uuidOf(owner.kind, owner.name, name, ...events.map(({ id }) => id))
  return firehoseParcel(service.streamArn, texts, { requestId, at: events.at(-1)?.at ?? 0 })
}

const firehoseParcel = (streamArn: string, texts: readonly string[], about: { requestId: string; at: number }): Parcel => ({
  headers: {
    ...JSON_TYPE,
    'x-amz-firehose-protocol-version': '1.0',
    'x-amz-firehose-request-id': about.requestId,
    'x-amz-firehose-source-arn': streamArn,
  },
  body: JSON.stringify(firehoseRequest(texts, about)),
})

/** What SES tells a topic when a destination is made for it: text, no event. SES fact: events, "Destinations". */
export const validationParcel = (app: ParcelApp, destination: EventDestination & { readonly service: Sns }, now: number): Promise<Parcel> =>
  snsParcel(app, destination, {
    Type: 'Notification',
    MessageId: uuidOf('validation', destination.token),
    TopicArn: destination.service.topicArn,
    Subject: SUBJECT,
    Message: 'Successfully validated SNS topic for Amazon SES event publishing.',
    Timestamp: isoTime(now),
  })

/** What an SNS endpoint gets first: it visits SubscribeURL when it wants events. */
export async function confirmationParcel(
  app: ParcelApp,
  destination: EventDestination & { readonly service: Sns },
  now: number,
): Promise<Parcel> {
  const { topicArn } = destination.service
  const { subscriptionUrl } = await app.eventPublisher.snsSigner()
  const query = new URLSearchParams({ Action: 'ConfirmSubscription', TopicArn: topicArn, Token: destination.token })
  return await snsParcel(app, destination, {
    Type: 'SubscriptionConfirmation',
    MessageId: uuidOf('confirmation', destination.token),
    Token: destination.token,
    TopicArn: topicArn,
    Message: `You have chosen to subscribe to the topic ${topicArn}.\nTo confirm the subscription, visit the SubscribeURL included in this message.`,
    SubscribeURL: `${subscriptionUrl}?${query}`,
    Timestamp: isoTime(now),
  })
}

async function snsParcel(
  { eventPublisher }: ParcelApp,
  { service, token }: Pick<EventDestination, 'token'> & { readonly service: Sns },
  unsigned: UnsignedSnsMessage,
): Promise<Parcel> {
  const isNotification = unsigned.Type === 'Notification'
  const arn = subscriptionArn(service.topicArn, token)
  const rawDelivery = service.rawDelivery && isNotification
  const headers = snsHeaders(unsigned, { rawDelivery, ...(isNotification && { subscriptionArn: arn }) })
  if (rawDelivery) return { headers, body: unsigned.Message }
  const signer = await eventPublisher.snsSigner()
  const message: SnsMessage = {
    ...unsigned,
    SignatureVersion: `${service.signatureVersion}`,
    Signature: await signer.sign(textToSign(unsigned), service.signatureVersion),
    SigningCertURL: signer.certificateUrl,
    ...(isNotification && {
      UnsubscribeURL: `${signer.subscriptionUrl}?${new URLSearchParams({ Action: 'Unsubscribe', SubscriptionArn: arn })}`,
    }),
  }
  return { headers, body: JSON.stringify(message) }
}

/** Nobody can guess it who does not know the token. */
export const subscriptionArn = (topicArn: string, token: string): string => `${topicArn}:${uuidOf('subscription', token)}`

async function eventText(
  { store }: ParcelApp,
  { owner, includeHeaders }: EventDestination,
  { event, messageId }: LoggedEvent,
): Promise<string> {
  if (owner.kind === 'set') return JSON.stringify(event)
  const facts = includeHeaders ? (await store.message(messageId))?.facts : undefined
  const headerMessageId = facts?.callerMessageId ?? facts?.headerMessageId ?? messageId
  return JSON.stringify(classicNotification(event, { includeHeaders, headerMessageId }))
}

const resourceArn = ({ kind, name }: DestinationOwner, { accountId, region }: { accountId: string; region: string }): string =>
  `arn:aws:ses:${region}:${accountId}:${kind === 'set' ? 'configuration-set' : 'identity'}/${name}`
