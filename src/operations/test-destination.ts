/** Sends one made-up event to a destination, as a real one would be sent, and tells what was said on both sides. Nothing is stored. */
import { EVENT_TYPES, eventTypesOf } from '../account/event-destination.ts'
import { sampleEvent } from '../account/sample-event.ts'
import type { StoredDestination } from '../ports/event-destinations.ts'
import type { Parcel, Receipt } from '../ports/event-publisher.ts'
import type { App } from './app.ts'
import { type ParcelApp, parcelOf } from './event-parcel.ts'

export interface DestinationTest {
  readonly destination: StoredDestination
  readonly parcel: Parcel
  readonly receipt: Receipt
}

/** @param ask.type SES's name; absent: a delivery, or the first that the destination is told  @throws MailctlError usage (type), store-unavailable, unreachable */
export async function testDestination(
  app: ParcelApp & Pick<App, 'clock' | 'ids'>,
  destination: StoredDestination,
  { type, signal }: { readonly type?: string; readonly signal: AbortSignal },
): Promise<DestinationTest> {
  const { eventTypes, owner, place } = destination
  const usual = eventTypes.find(one => one === 'DELIVERY') ?? eventTypes[0]
  const name = (type === undefined ? usual : eventTypesOf([type])[0]) ?? 'DELIVERY'
  const at = app.clock.now()
  const { accountId, region } = await app.store.account()
  const messageId = app.ids.newMessageId()
  const configurationSet = owner.kind === 'set' ? owner.name : null
  const event = sampleEvent(name, { at, accountId, region, messageId, feedbackId: app.ids.newFeedbackId(), configurationSet })
  const parcel = await parcelOf(app, destination, { id: 0, type: EVENT_TYPES[name], at, messageId, recipients: [], event })
  return { destination, parcel, receipt: await app.eventPublisher.send(place, [parcel], signal) }
}
