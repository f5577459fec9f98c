/** Making, changing and finding event destinations, and how SES shows them: GetConfigurationSetEventDestinations. */
import { randomBytes } from 'node:crypto'
import {
  checkDestination,
  type DestinationOwner,
  EVENT_TYPE_NAMES,
  type EventDestination,
  type EventTypeName,
  eventTypesOf,
  NOTIFICATION_TYPES,
  noSuchDestination,
  type Place,
  type Service,
} from '../account/event-destination.ts'
import { MailctlError } from '../base/errors.ts'
import type { DeadLetter, StoredDestination } from '../ports/event-destinations.ts'
import type { App } from './app.ts'
import { readConfigurationSet } from './configuration-sets.ts'
import { readIdentity } from './read-identity.ts'

/** Of the service's resource only the name need be given, or nothing: then it has the destination's name. */
export interface ServiceAsk {
  readonly kind: Service['kind']
  readonly arn?: string
  readonly roleArn?: string
  readonly signatureVersion?: 1 | 2
  readonly rawDelivery?: boolean
}

export interface NewDestination {
  readonly owner: DestinationOwner
  readonly name: string
  readonly enabled: boolean
  /** SES's names. Absent: all that the owner may tell of. */
  readonly eventTypes?: readonly string[]
  readonly service: ServiceAsk
  /** Absent: where a destination with the same resource leads already, which is how a topic is known to be there. */
  readonly place?: Place
  readonly includeHeaders?: boolean
  /** The endpoint is known to be ours: it is not asked whether it wants events. */
  readonly confirmed?: boolean
}

type DestinationApp = Pick<App, 'store' | 'clock'>

/** @throws MailctlError bad-data, not-found (set, identity, topic), already-exists, limit-exceeded */
export async function createDestination(app: DestinationApp, ask: NewDestination): Promise<StoredDestination> {
  const { owner, name } = ask
  const asked = await serviceOf(app, name, ask.service)
  const known = ask.place ? { service: asked, place: ask.place } : await knownAs(app, asked)
  const { service, place } = known
  const destination: EventDestination = {
    owner,
    name,
    enabled: ask.enabled,
    eventTypes: ask.eventTypes ? eventTypesOf(ask.eventTypes) : allOf(owner),
    service,
    place,
    includeHeaders: ask.includeHeaders ?? false,
    confirmed: ask.confirmed === true || ('confirmed' in known ? known.confirmed : !asksToConfirm(service, place)),
    token: randomBytes(32).toString('hex'),
    createdAt: app.clock.now(),
  }
  checkDestination(destination)
  await app.store.addEventDestination(destination)
  return await readDestination(app, owner, name)
}

const allOf = ({ kind }: DestinationOwner): readonly EventTypeName[] => (kind === 'set' ? EVENT_TYPE_NAMES : NOTIFICATION_TYPES)

const asksToConfirm = (service: Service, place: Place): boolean => service.kind === 'sns' && place.kind === 'url'

/** What is absent stays as it is. */
export interface DestinationChange {
  readonly enabled?: boolean
  readonly eventTypes?: readonly string[]
  readonly service?: Partial<ServiceAsk>
  readonly place?: Place
  readonly includeHeaders?: boolean
  readonly confirmed?: true
  /** What the endpoint was sent in SubscriptionConfirmation: confirms it. */
  readonly token?: string
}

/** An endpoint at another URL is asked to confirm again. Another resource leads where it does elsewhere, unless a place is given. @throws MailctlError bad-data, not-found */
export async function changeDestination(
  app: DestinationApp,
  { owner, name }: { readonly owner: DestinationOwner; readonly name: string },
  change: DestinationChange,
): Promise<StoredDestination> {
  const before = await readDestination(app, owner, name)
  if (change.token !== undefined && change.token !== before.token)
    throw new MailctlError('bad-data', 'that is not the token of the subscription', {
      hint: 'It is in the SubscriptionConfirmation that the endpoint got.',
    })
  const { kind = before.service.kind, ...asked } = change.service ?? {}
  const wanted = await serviceOf(app, name, { ...(kind === before.service.kind && askOf(before.service)), kind, ...asked })
  const isOther = change.place === undefined && arnOf(wanted) !== arnOf(before.service)
  const { service, place } = isOther ? await knownAs(app, wanted) : { service: wanted, place: change.place ?? before.place }
  const isElsewhere = JSON.stringify(place) !== JSON.stringify(before.place) || (service.kind === 'sns') !== (before.service.kind === 'sns')
  const destination = {
    ...before,
    enabled: change.enabled ?? before.enabled,
    eventTypes: change.eventTypes ? eventTypesOf(change.eventTypes) : before.eventTypes,
    service,
    place,
    includeHeaders: change.includeHeaders ?? before.includeHeaders,
    confirmed: change.confirmed === true || change.token !== undefined || (isElsewhere ? !asksToConfirm(service, place) : before.confirmed),
  }
  checkDestination(destination)
  await app.store.saveEventDestination(destination)
  return await readDestination(app, owner, name)
}

const askOf = (service: Service): ServiceAsk => ({
  kind: service.kind,
  ...(service.kind === 'sns' && { arn: service.topicArn, signatureVersion: service.signatureVersion, rawDelivery: service.rawDelivery }),
  ...(service.kind === 'eventbridge' && { arn: service.busArn }),
  ...(service.kind === 'firehose' && { arn: service.streamArn, roleArn: service.roleArn }),
})

/** @throws MailctlError bad-data (ARN) */
async function serviceOf({ store }: Pick<App, 'store'>, name: string, ask: ServiceAsk): Promise<Service> {
  const { accountId, region } = await store.account()
  const arn = (service: string, resource: string): string => `arn:aws:${service}:${region}:${accountId}:${resource}`
  const given = ask.arn
  if (given !== undefined && !/^arn:[a-z0-9-]+:[a-z0-9-]*:[a-z0-9-]*:[0-9]*:[\x21-\x7e]{1,256}$/.test(given))
    throw new MailctlError('bad-data', `'${given.slice(0, 100)}' is not an ARN`, { hint: 'Write arn:aws:sns:us-east-1:123456789012:NAME.' })
  if (ask.kind === 'sns')
    return {
      kind: 'sns',
      topicArn: given ?? arn('sns', name),
      signatureVersion: ask.signatureVersion ?? 1,
      rawDelivery: ask.rawDelivery ?? false,
    }
  if (ask.kind === 'eventbridge') return { kind: 'eventbridge', busArn: given ?? arn('events', 'event-bus/default') }
  if (ask.kind === 'firehose')
    return {
      kind: 'firehose',
      streamArn: given ?? arn('firehose', `deliverystream/${name}`),
      roleArn: ask.roleArn ?? `arn:aws:iam::${accountId}:role/${name}`,
    }
  return { kind: 'plain' }
}

/** A resource that another destination has: it is the same here. @throws MailctlError not-found, text verbatim for SNS; usage */
async function knownAs(
  { store }: Pick<App, 'store'>,
  service: Service,
): Promise<Pick<EventDestination, 'service' | 'place' | 'confirmed'>> {
  const arn = arnOf(service)
  if (arn === undefined) throw new MailctlError('usage', 'where the events go was not said', { hint: 'Give --url, --file or --command.' })
  const known = (await store.eventDestinations()).find(one => arnOf(one.service) === arn && one.place.kind !== 'command')
  if (known) return known
  throw new MailctlError('not-found', service.kind === 'sns' ? `SNS topic <${arn}> not found.` : `${arn} is not known here.`, {
    hint: 'mailctl destination create NAME --url URL says where it leads; others may name it then.',
  })
}

function arnOf(service: Service): string | undefined {
  if (service.kind === 'sns') return service.topicArn
  if (service.kind === 'eventbridge') return service.busArn
  return service.kind === 'firehose' ? service.streamArn : undefined
}

/** Those of one owner, or all. @throws MailctlError not-found (set, identity) */
export async function listDestinations(app: DestinationApp, owner?: DestinationOwner): Promise<StoredDestination[]> {
  if (owner?.kind === 'set') await readConfigurationSet(app, owner.name)
  if (owner?.kind === 'identity') await readIdentity(app, owner.name)
  return await app.store.eventDestinations(owner)
}

/** @param owner absent: the name has to be the only one of its kind  @throws MailctlError not-found, conflict */
export async function readDestination(
  { store }: Pick<App, 'store'>,
  owner: DestinationOwner | undefined,
  name: string,
): Promise<StoredDestination> {
  const found = (await store.eventDestinations(owner)).filter(one => one.name === name)
  const [only] = found
  if (only === undefined) throw noSuchDestination(name)
  if (found.length > 1)
    throw new MailctlError('conflict', `${found.length} event destinations have the name ${name}`, {
      hint: 'Say whose: --config-set or --identity.',
    })
  return only
}

/** Its dead letters are told again. @returns how many there were */
export const redriveDestination = ({ store, clock }: DestinationApp, { id }: StoredDestination): Promise<number> =>
  store.redriveDeadLetters(id, clock.now())

export const readDeadLetters = ({ store }: Pick<App, 'store'>, { id }: StoredDestination, limit: number): Promise<DeadLetter[]> =>
  store.deadLetters(id, limit)

export const deleteDestination = ({ store }: Pick<App, 'store'>, { owner, name }: StoredDestination): Promise<void> =>
  store.deleteEventDestination(owner, name)

/** SES's EventDestination; what SES has no word for comes after. `undefined` members are left out by JSON. */
export const destinationView = (destination: StoredDestination) => {
  const { owner, name, enabled, eventTypes, service, place } = destination
  return {
    Name: name,
    Enabled: enabled,
    MatchingEventTypes: eventTypes,
    SnsDestination: service.kind === 'sns' ? { TopicArn: service.topicArn } : undefined,
    EventBridgeDestination: service.kind === 'eventbridge' ? { EventBusArn: service.busArn } : undefined,
    KinesisFirehoseDestination:
      service.kind === 'firehose' ? { IamRoleArn: service.roleArn, DeliveryStreamArn: service.streamArn } : undefined,
    ConfigurationSetName: owner.kind === 'set' ? owner.name : undefined,
    EmailIdentity: owner.kind === 'identity' ? owner.name : undefined,
    Url: place.kind === 'url' ? place.url : undefined,
    File: place.kind === 'file' ? place.path : undefined,
    Command: place.kind === 'command' ? place.command : undefined,
    SignatureVersion: service.kind === 'sns' ? `${service.signatureVersion}` : undefined,
    RawMessageDelivery: service.kind === 'sns' ? service.rawDelivery : undefined,
    HeadersInNotificationsEnabled: owner.kind === 'identity' ? destination.includeHeaders : undefined,
    SubscriptionStatus: destination.confirmed ? 'CONFIRMED' : 'PENDING',
    WaitingEvents: destination.waiting,
    DeadLetters: destination.deadLetters,
    LastError: destination.lastError ?? undefined,
  }
}
