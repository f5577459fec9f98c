/**
 * Topics that an identity's bounces, complaints and deliveries are told to, as SES v1 names them: one event destination of the identity for each
 * type, beside those that were made on the terminal. SES facts: api-v1 "Identities", events "Classic identity notifications".
 */
import type { Identity } from '../account/identity.ts'
import { MailctlError } from '../base/errors.ts'
import { printable } from '../base/redact.ts'
import type { StoredDestination } from '../ports/event-destinations.ts'
import type { App } from './app.ts'
import { changeDestination, createDestination, deleteDestination, listDestinations } from './event-destinations.ts'
import { identityName, readIdentity } from './read-identity.ts'

type TopicApp = Pick<App, 'store' | 'clock'>

export const NOTIFICATIONS = ['Bounce', 'Complaint', 'Delivery'] as const
export type Notification = (typeof NOTIFICATIONS)[number]

/** Text verbatim. @throws MailctlError bad-data */
export function notificationOf(text: string): Notification {
  const known = NOTIFICATIONS.find(type => type === text)
  if (known !== undefined) return known
  throw new MailctlError('bad-data', `Invalid notification type: ${printable(text)}. Valid values are: ${NOTIFICATIONS.join(', ')}.`)
}

const destinationName = (type: Notification): string => `${type.toLowerCase()}-topic`

/** The topic's own destination, else the first of the identity's that tells a topic of the type. */
export async function topicsOf(app: TopicApp, { name }: Identity): Promise<ReadonlyMap<Notification, StoredDestination>> {
  const destinations = await listDestinations(app, { kind: 'identity', name })
  const found = new Map<Notification, StoredDestination>()
  for (const type of NOTIFICATIONS) {
    const telling = destinations.filter(
      ({ service, eventTypes }) => service.kind === 'sns' && eventTypes.some(one => one === type.toUpperCase()),
    )
    const one = telling.find(destination => destination.name === destinationName(type)) ?? telling[0]
    if (one) found.set(type, one)
  }
  return found
}

/** @param topic an ARN; `''`: none any more  @throws MailctlError not-found (identity, topic), bad-data */
export async function setTopic(app: TopicApp, identity: string, type: Notification, topic: string): Promise<void> {
  const { name, headersInNotifications = [] } = await readIdentity(app, identity)
  const owner = { kind: 'identity', name } as const
  const known = (await listDestinations(app, owner)).find(one => one.name === destinationName(type))
  const service = { kind: 'sns', arn: topic } as const
  if (topic === '') {
    if (known) await deleteDestination(app, known)
  } else if (known) await changeDestination(app, { owner, name: known.name }, { service })
  else {
    const includeHeaders = headersInNotifications.includes(type)
    await createDestination(app, {
      owner,
      name: destinationName(type),
      enabled: true,
      eventTypes: [type.toUpperCase()],
      service,
      includeHeaders,
    })
  }
}

/** Kept where there is no topic yet, as SES does. @throws MailctlError message-rejected (no such identity, text verbatim), conflict */
export async function setHeadersInNotifications(app: TopicApp, name: string, type: Notification, includeHeaders: boolean): Promise<void> {
  const identity = await app.store.identity(identityName(name))
  if (!identity) throw new MailctlError('message-rejected', `Identity ${printable(name)} is not verified or does not exist.`)
  const others = (identity.headersInNotifications ?? []).filter(one => one !== type)
  await app.store.saveIdentity({ ...identity, headersInNotifications: includeHeaders ? [...others, type] : others }, identity)
  const topic = (await topicsOf(app, identity)).get(type)
  if (topic) await changeDestination(app, topic, { includeHeaders })
}
