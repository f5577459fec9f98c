/** The hand-shake with an SNS endpoint that was just named: it is asked whether it wants events, and told when it said so. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { StoredDestination } from '../ports/event-destinations.ts'
import { readDestination } from './event-destinations.ts'
import { validationParcel } from './event-parcel.ts'
import { type PublishApp, sendConfirmation } from './publish-events.ts'

/** How often it is looked whether the endpoint, which answers another request of its own, has confirmed. */
const LOOK_MS = 25

export interface Confirmed {
  readonly destination: StoredDestination
  /** Of an endpoint that did not take what it was sent. */
  readonly error: string | null
}

/** @param ask.timeoutMs real time, for the endpoint's visit  @throws MailctlError store-unavailable, unreachable */
export async function confirmSubscription(
  app: PublishApp,
  destination: StoredDestination,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<Confirmed> {
  const { service, place, owner, name } = destination
  if (service.kind !== 'sns' || place.kind !== 'url') return { destination, error: null }
  let found = destination
  if (!found.confirmed) {
    const asked = await sendConfirmation(app, destination, signal)
    if (!asked.taken) return { destination, error: asked.summary }
    for (const until = performance.now() + timeoutMs; !found.confirmed && performance.now() < until && !signal.aborted; ) {
      await sleep(LOOK_MS)
      found = await readDestination(app, owner, name)
    }
  }
  if (!found.confirmed) return { destination: found, error: null }
  const told = await app.eventPublisher.send(place, [await validationParcel(app, { ...found, service }, app.clock.now())], signal)
  return { destination: found, error: told.taken ? null : told.summary }
}
