/**
 * Mail of the contact list: the unsubscribe headers and link that a message to one recipient gets (RFC 2369, RFC 8058), and what following the link
 * does. The link is the message's id, which carries a MAC of the account's own and is known to nobody but sender and recipient. SES facts: events,
 * "Subscription headers"; concepts §15.
 */
import { type Contact, type ContactList, isSubscribed, type ListManagement, noSuchList, unsubscribed } from '../account/contacts.ts'
import { subscriptionEvent } from '../account/engagement-event.ts'
import { suppressionKey } from '../account/suppression.ts'
import { MailctlError } from '../base/errors.ts'
import { printable } from '../base/redact.ts'
import { type Header, headerField, withField, withoutField } from '../mail/header.ts'
import type { App } from './app.ts'

/** `LIST; topic=TOPIC`. SES fact: smtp, control headers. @throws MailctlError bad-data */
export function parseListManagement(text: string): ListManagement {
  const found = /^\s*(?:contactListName=)?([^;=\s]+)\s*(?:;\s*topic(?:Name)?=([^;\s]+)\s*)?;?\s*$/i.exec(text)
  if (found?.[1] === undefined)
    throw new MailctlError('bad-data', `'${printable(text)}' does not name a contact list`, { hint: 'Write LIST, or LIST; topic=TOPIC.' })
  return { list: found[1], topic: found[2] ?? null }
}

/** @throws MailctlError not-found, texts verbatim */
export async function checkListManagement({ store }: Pick<App, 'store'>, { list: name, topic }: ListManagement): Promise<void> {
  const list = await store.contactList()
  if (list?.name !== name) throw noSuchList(name)
  if (topic !== null && !list.topics.some(one => one.name === topic))
    throw new MailctlError('not-found', `Topic ${printable(topic)} does not exist in contact list ${name}.`, {
      hint: 'mailctl contacts show-list shows its topics.',
    })
}

export const unsubscribeUrl = ({ publicUrl }: App['settings'], messageId: string): string => `${publicUrl}/unsubscribe/${messageId}`

/** In place of those that the message may have. */
export function withUnsubscribeFields(header: Header, url: string): Header {
  const without = ['List-Unsubscribe', 'List-Unsubscribe-Post'].reduce(withoutField, header)
  const fields = [headerField('List-Unsubscribe', `<${url}>`), headerField('List-Unsubscribe-Post', 'List-Unsubscribe=One-Click')]
  return fields.reduce(withField, without)
}

export interface Unsubscription {
  readonly list: ContactList
  readonly address: string
  /** null: all mail of the list. */
  readonly topic: string | null
  /** Nothing of it is wanted any more. */
  readonly isUnsubscribed: boolean
}

/** What a link is about. @throws MailctlError not-found: no message of the list has this id, or the list is gone */
export async function readUnsubscription({ store }: Pick<App, 'store'>, messageId: string): Promise<Unsubscription> {
  const message = await store.message(messageId)
  const management = message?.facts.listManagement
  const recipient = message?.recipients[0]
  const list = await store.contactList()
  if (management === undefined || recipient === undefined || message?.recipients.length !== 1 || list?.name !== management.list)
    throw new MailctlError('not-found', 'this link leads to no subscription', { hint: 'Ask the sender.' })
  const topic = list.topics.some(({ name }) => name === management.topic) ? management.topic : null
  const address = suppressionKey(recipient.address)
  return { list, address, topic, isUnsubscribed: !isSubscribed(list, await store.contact(address), topic) }
}

/** Once more does nothing more. @param source as the event names it  @throws MailctlError not-found */
export async function unsubscribe(
  { store, clock }: Pick<App, 'store' | 'clock'>,
  messageId: string,
  source: string,
): Promise<Unsubscription> {
  const found = await readUnsubscription({ store }, messageId)
  if (found.isUnsubscribed) return found
  const { list, address, topic } = found
  const at = clock.now()
  await store.changeContact(address, contact => unsubscribed(contact, topic, at), {
    messageId,
    event: (before, after) => ({
      ...subscriptionEvent({ at, contactList: list.name, source, before: preferences(list, before), after: preferences(list, after) }),
      at,
      messageId,
      recipients: [address],
    }),
  })
  return { ...found, isUnsubscribed: true }
}

const preferences = (list: ContactList, contact: Contact) => ({
  unsubscribeAll: contact.unsubscribeAll,
  topics: list.topics.map(({ name }) => ({ name, optedIn: isSubscribed(list, { ...contact, unsubscribeAll: false }, name) })),
})
