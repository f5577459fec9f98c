/**
 * Mail of the contact list: the unsubscribe headers and link that a message to one recipient gets (RFC 2369, RFC 8058), and what following the link
 * does. The link has a MAC of its own, since a message's id is no secret: it stands in events, logs and replies. SES facts: events, "Subscription
 * headers"; concepts §15.
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

const linkText = (messageId: string): string => JSON.stringify(['unsubscribe', messageId])

export const unsubscribeUrl = ({ settings, ids }: Pick<App, 'settings' | 'ids'>, messageId: string): string =>
  `${settings.publicUrl}/unsubscribe/${messageId}/${ids.macOf(linkText(messageId))}`

/** What a link says. */
export interface UnsubscribeLink {
  readonly messageId: string
  readonly mac: string
}

/** Begins the subject of a mail that does what the link does. */
const BY_MAIL = 'unsubscribe-'

/** By mail to the message's return path, where that is ours. RFC 6068. @returns undefined where replies go to somebody else */
export function unsubscribeMail({ ids }: Pick<App, 'ids'>, messageId: string, envelopeFrom: string): string | undefined {
  return envelopeFrom.startsWith(`${messageId}@`) ? `mailto:${envelopeFrom}?subject=${BY_MAIL}${ids.macOf(linkText(messageId))}` : undefined
}

/** In place of those that the message may have. SES fact: events "Subscription headers". @param mail as `unsubscribeMail` gives it */
export function withUnsubscribeFields(header: Header, url: string, mail: string | undefined): Header {
  const without = ['List-Unsubscribe', 'List-Unsubscribe-Post'].reduce(withoutField, header)
  const ways = [...(mail === undefined ? [] : [mail]), url].map(way => `<${way}>`).join(', ')
  const fields = [headerField('List-Unsubscribe', ways), headerField('List-Unsubscribe-Post', 'List-Unsubscribe=One-Click')]
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

/** What a link is about. @throws MailctlError not-found: it is none of ours, or the list is gone */
export async function readUnsubscription(
  { store, ids }: Pick<App, 'store' | 'ids'>,
  { messageId, mac }: UnsubscribeLink,
): Promise<Unsubscription> {
  const message = ids.isMacOf(linkText(messageId), mac) ? await store.message(messageId) : undefined
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
  app: Pick<App, 'store' | 'clock' | 'ids'>,
  link: UnsubscribeLink,
  source: string,
): Promise<Unsubscription> {
  const found = await readUnsubscription(app, link)
  if (found.isUnsubscribed) return found
  const { list, address, topic } = found
  const { messageId } = link
  const at = app.clock.now()
  await app.store.changeContact(address, contact => unsubscribed(contact, topic, at), {
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

/**
 * What a mail to a return path asks for, when its subject says so. Whoever wrote it: the subject has the link's MAC.
 * @returns whether it was such a mail, and its link leads to a subscription
 */
export async function unsubscribeByMail(
  app: Pick<App, 'store' | 'clock' | 'ids'>,
  { messageId, subject }: { readonly messageId: string; readonly subject: string },
): Promise<boolean> {
  const [, mac] = new RegExp(`^\\s*${BY_MAIL}([0-9a-f]{32})\\s*$`).exec(subject) ?? []
  if (mac === undefined) return false
  try {
    await unsubscribe(app, { messageId, mac }, 'UnsubscribeHeader')
    return true
  } catch (error) {
    if (error instanceof MailctlError && error.code === 'not-found') return false
    throw error
  }
}

const preferences = (list: ContactList, contact: Contact) => ({
  unsubscribeAll: contact.unsubscribeAll,
  topics: list.topics.map(({ name }) => ({ name, optedIn: isSubscribed(list, { ...contact, unsubscribeAll: false }, name) })),
})
