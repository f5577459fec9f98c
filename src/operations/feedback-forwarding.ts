/**
 * Whether the sender of a message is told of its bounces and complaints by mail: when the identity nearest to the sender has it so, and
 * otherwise as long as no event destination tells of both, because somebody has to hear. SES fact: concepts §11, "Feedback forwarding".
 */
import { type DestinationOwner, tellsOfFeedback } from '../account/event-destination.ts'
import { coveringNames, type Identity, settingsFor } from '../account/identity.ts'
import type { MessageFacts, Store } from '../ports/store.ts'

type AskedMessage = Pick<MessageFacts, 'fromAddress' | 'identity' | 'configurationSet'>

/** @param known of the sender's covering names, the identities that exist; absent: they are looked up  @throws MailctlError store-unavailable */
export async function forwardsFeedback(
  store: Pick<Store, 'identitiesNamed' | 'eventDestinations'>,
  { fromAddress, identity, configurationSet }: AskedMessage,
  known?: readonly Identity[],
): Promise<boolean> {
  const identities = known ?? (await store.identitiesNamed(coveringNames(fromAddress)))
  if (settingsFor(fromAddress, identities).feedbackForwarding) return true
  return !(await tellsOtherwise(store, { identity, configurationSet }))
}

/** Whether event destinations of the identity, or of the set, tell of bounces and complaints. @throws MailctlError store-unavailable */
export async function tellsOtherwise(
  store: Pick<Store, 'eventDestinations'>,
  { identity, configurationSet }: Pick<AskedMessage, 'identity' | 'configurationSet'>,
): Promise<boolean> {
  const owners: DestinationOwner[] = [{ kind: 'identity', name: identity }]
  if (configurationSet !== null) owners.push({ kind: 'set', name: configurationSet })
  return tellsOfFeedback((await Promise.all(owners.map(owner => store.eventDestinations(owner)))).flat())
}
