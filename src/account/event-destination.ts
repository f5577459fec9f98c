/**
 * Event destinations: where the events of a configuration set's messages, or of an identity's, are told. What a destination speaks (the
 * form of SNS, EventBridge, Firehose, or the plain event) and where it leads (a URL, a file, a command) are two things. SES facts: events,
 * "Destinations"; api-v2, EventDestinationDefinition (texts verbatim).
 */
import { MailctlError } from '../base/errors.ts'
import { printable } from '../base/redact.ts'

/** SES's names of event types with the `eventType` of the events themselves, in alphabetical order. */
export const EVENT_TYPES = {
  BOUNCE: 'Bounce',
  CLICK: 'Click',
  COMPLAINT: 'Complaint',
  DELIVERY: 'Delivery',
  DELIVERY_DELAY: 'DeliveryDelay',
  OPEN: 'Open',
  REJECT: 'Reject',
  RENDERING_FAILURE: 'Rendering Failure',
  SEND: 'Send',
  SUBSCRIPTION: 'Subscription',
} as const
export type EventTypeName = keyof typeof EVENT_TYPES
export const EVENT_TYPE_NAMES = Object.keys(EVENT_TYPES) as EventTypeName[]
/** What an identity may tell of. SES fact: events, "Classic identity notifications". */
export const NOTIFICATION_TYPES = ['BOUNCE', 'COMPLAINT', 'DELIVERY'] as const satisfies readonly EventTypeName[]

/** Whose events. */
export type DestinationOwner =
  | { readonly kind: 'set'; readonly name: string }
  /** The address or domain that authorised the message. */
  | { readonly kind: 'identity'; readonly name: string }

/** The words that are spoken. Resource names are those of the service that is stood in for. */
export type Service =
  | {
      readonly kind: 'sns'
      readonly topicArn: string
      /** 1 signs with SHA-1, 2 with SHA-256. */
      readonly signatureVersion: 1 | 2
      /** The event alone, without envelope and signature. */
      readonly rawDelivery: boolean
    }
  | { readonly kind: 'eventbridge'; readonly busArn: string }
  | { readonly kind: 'firehose'; readonly streamArn: string; readonly roleArn: string }
  | { readonly kind: 'plain' }

/** Where it leads. */
export type Place =
  | { readonly kind: 'url'; readonly url: string }
  /** Lines are added at its end. Absolute. */
  | { readonly kind: 'file'; readonly path: string }
  /** Run by the shell for each event, which it reads from its standard input. */
  | { readonly kind: 'command'; readonly command: string }

export interface EventDestination {
  readonly owner: DestinationOwner
  readonly name: string
  readonly enabled: boolean
  /** In alphabetical order, at least one. */
  readonly eventTypes: readonly EventTypeName[]
  readonly service: Service
  readonly place: Place
  /** Of an identity's: notifications carry the message's header fields. */
  readonly includeHeaders: boolean
  /** false: an SNS endpoint that has not confirmed its subscription yet. Its events wait. */
  readonly confirmed: boolean
  /** What confirms the subscription: a secret between us and the endpoint. */
  readonly token: string
  readonly createdAt: number
}

export const MAX_DESTINATIONS = 10

/** Whether among them somebody hears of bounces, and somebody of complaints. */
export const tellsOfFeedback = (destinations: readonly Pick<EventDestination, 'enabled' | 'confirmed' | 'eventTypes'>[]): boolean =>
  (['BOUNCE', 'COMPLAINT'] as const).every(type =>
    destinations.some(({ enabled, confirmed, eventTypes }) => enabled && confirmed && eventTypes.includes(type)),
  )

/** @throws MailctlError bad-data */
export function checkDestination({ owner, name, eventTypes, place }: EventDestination): void {
  if (name.length > 64) throw new MailctlError('bad-data', 'Event destination name cannot exceed 64 characters.')
  if (!/^[A-Za-z0-9_-]+$/.test(name))
    throw new MailctlError('bad-data', `'${printable(name)}' cannot be the name of an event destination`, {
      hint: 'Use 1 to 64 letters, digits, dashes and underscores.',
    })
  if (eventTypes.length === 0) throw new MailctlError('bad-data', 'At least one event type must be specified.')
  const foreign = owner.kind === 'identity' ? eventTypes.find(type => !NOTIFICATION_TYPES.some(known => known === type)) : undefined
  if (foreign !== undefined)
    throw new MailctlError('bad-data', `an identity does not tell of ${foreign}`, {
      hint: `An identity tells of ${NOTIFICATION_TYPES.join(', ')}; a configuration set of everything.`,
    })
  if (place.kind === 'url') checkUrl(place.url)
}

/** @throws MailctlError bad-data */
export function checkUrl(text: string): void {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:') || url.hostname === '')
    throw new MailctlError('bad-data', `'${printable(text)}' is not a URL that events can be sent to`, {
      hint: 'Write http://HOST:PORT/PATH or https://HOST/PATH.',
    })
  if (url.username !== '' || url.password !== '')
    throw new MailctlError('bad-data', 'the URL of an event destination must not hold a password', {
      hint: 'Leave it out: the receiver knows the sender by the signature.',
    })
}

/** Sorted, each once. @throws MailctlError usage */
export function eventTypesOf(names: readonly string[]): EventTypeName[] {
  const asked = new Set(names.map(name => name.trim().toUpperCase()))
  for (const name of asked)
    if (!EVENT_TYPE_NAMES.some(known => known === name))
      throw new MailctlError('usage', `'${printable(name)}' is no event type`, { hint: `Use ${EVENT_TYPE_NAMES.join(', ')}.` })
  return EVENT_TYPE_NAMES.filter(known => asked.has(known))
}

/** `hooks of the configuration set receipts`, for people. */
export const destinationLabel = ({ name, owner }: Pick<EventDestination, 'name' | 'owner'>): string =>
  `${name} of ${owner.kind === 'set' ? 'the configuration set' : 'the identity'} ${owner.name}`

export const noSuchDestination = (name: string): MailctlError =>
  new MailctlError('not-found', `Event destination <${printable(name)}> does not exist.`, {
    hint: 'mailctl destination list shows those there are.',
  })
