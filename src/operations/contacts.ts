/**
 * The contact list, its contacts, and how SES shows them: CreateContactList, GetContactList, UpdateContactList, DeleteContactList, ListContactLists,
 * CreateContact, GetContact, UpdateContact, DeleteContact, ListContacts.
 */
import {
  type Contact,
  type ContactList,
  checkContact,
  checkContactList,
  isSubscribed,
  newContact,
  noSuchContact,
  noSuchList,
  type Subscription,
  type Topic,
} from '../account/contacts.ts'
import { changedTags, type ResourceTag } from '../account/resource-tags.ts'
import { suppressionKey } from '../account/suppression.ts'
import { parseAddress } from '../mail/address.ts'
import type { App } from './app.ts'

type ContactApp = Pick<App, 'store' | 'clock'>

export interface ListFields {
  readonly description?: string
  readonly topics: readonly Topic[]
}

/** @throws MailctlError bad-data (another list is there, too), already-exists */
export async function createContactList(
  { store, clock }: ContactApp,
  name: string,
  { tags = [], ...fields }: ListFields & { readonly tags?: readonly ResourceTag[] },
): Promise<ContactList> {
  checkContactList({ name, ...fields })
  const now = clock.now()
  const checked = changedTags([], { added: tags, removed: [] }, 'a contact list')
  const list = { name, ...fields, createdAt: now, updatedAt: now, ...(checked.length > 0 && { tags: checked }) }
  await store.addContactList(list)
  return list
}

/** @param name absent: the one there is  @throws MailctlError not-found */
export async function readContactList({ store }: Pick<App, 'store'>, name?: string): Promise<ContactList> {
  const list = await store.contactList()
  if (list === undefined || (name !== undefined && list.name !== name)) throw noSuchList(name ?? '')
  return list
}

/** Replaces description and topics. What contacts said of a topic that is gone counts no more. @throws MailctlError bad-data, not-found */
export async function updateContactList(app: ContactApp, name: string, fields: ListFields): Promise<ContactList> {
  const { description: _, ...kept } = await readContactList(app, name)
  const list = { ...kept, ...fields, updatedAt: app.clock.now() }
  checkContactList(list)
  await app.store.saveContactList(list)
  return list
}

/** With its contacts. @throws MailctlError not-found */
export const deleteContactList = ({ store }: Pick<App, 'store'>, name: string): Promise<void> => store.deleteContactList(name)

export interface ContactFields {
  readonly topics?: Readonly<Record<string, Subscription>>
  readonly unsubscribeAll?: boolean
  /** JSON text; null: none. */
  readonly attributes?: string | null
}

const keyOf = (address: string): string => suppressionKey(parseAddress(address.trim()).address)

/** @throws MailctlError bad-data, not-found (list), already-exists */
export async function addContact(app: ContactApp, listName: string | undefined, address: string, fields: ContactFields): Promise<Contact> {
  const list = await readContactList(app, listName)
  const contact = { ...newContact(keyOf(address), app.clock.now()), ...fields }
  checkContact(list, contact)
  await app.store.addContact(contact)
  return contact
}

/** @throws MailctlError not-found */
export async function readContact(app: Pick<App, 'store'>, listName: string | undefined, address: string): Promise<Contact> {
  await readContactList(app, listName)
  const contact = await app.store.contact(keyOf(address))
  if (contact === undefined) throw noSuchContact(address)
  return contact
}

/** Topics are merged by name; the rest is replaced, as SES does: what is absent is cleared. @throws MailctlError bad-data, not-found */
export async function updateContact(
  app: ContactApp,
  listName: string | undefined,
  address: string,
  { topics = {}, unsubscribeAll = false, attributes = null }: ContactFields,
): Promise<Contact> {
  checkContact(await readContactList(app, listName), { topics, attributes })
  const updatedAt = app.clock.now()
  const { after } = await app.store.changeContact(keyOf(address), contact => ({
    ...contact,
    topics: { ...contact.topics, ...topics },
    unsubscribeAll,
    attributes,
    updatedAt,
  }))
  return after
}

/** @throws MailctlError not-found */
export async function removeContact(app: Pick<App, 'store'>, listName: string | undefined, address: string): Promise<void> {
  await readContactList(app, listName)
  await app.store.deleteContact(keyOf(address))
}

export interface ContactsAsk {
  /** Only those who want mail of the topic (of any kind: absent), or do not. */
  readonly status?: Subscription
  readonly topic?: string
  readonly limit: number
  /** As the page before gave it. */
  readonly after?: string
}

const READ_AT_ONCE = 1_000

/** In order of address. @throws MailctlError not-found, bad-data (topic) */
export async function listContacts(
  app: Pick<App, 'store'>,
  listName: string | undefined,
  { status, topic, limit, after }: ContactsAsk,
): Promise<{ readonly list: ContactList; readonly contacts: readonly Contact[]; readonly next: string | null }> {
  const list = await readContactList(app, listName)
  if (topic !== undefined) checkContact(list, { topics: { [topic]: 'OPT_IN' }, attributes: null })
  const found: Contact[] = []
  let from = after === undefined ? '' : Buffer.from(after, 'base64url').toString()
  while (found.length <= limit) {
    const read = await app.store.contactsFrom(from, READ_AT_ONCE)
    found.push(...read.filter(contact => status === undefined || isSubscribed(list, contact, topic ?? null) === (status === 'OPT_IN')))
    from = read.at(-1)?.address ?? from
    if (read.length < READ_AT_ONCE) break
  }
  const last = found.length > limit ? found[limit - 1] : undefined
  return { list, contacts: found.slice(0, limit), next: last ? Buffer.from(last.address).toString('base64url') : null }
}

/** Whether the contact gets mail of the topic. */
export const wants = (list: ContactList, contact: Contact, topic: string): boolean => isSubscribed(list, contact, topic)

const iso = (at: number): string => new Date(at).toISOString()

/** GetContactList. `undefined` members are left out by JSON. */
export const contactListView = ({ name, description, topics, createdAt, updatedAt, tags }: ContactList) => ({
  ContactListName: name,
  Description: description,
  Topics: topics.map(topic => ({
    TopicName: topic.name,
    DisplayName: topic.displayName,
    Description: topic.description,
    DefaultSubscriptionStatus: topic.defaultStatus,
  })),
  CreatedTimestamp: iso(createdAt),
  LastUpdatedTimestamp: iso(updatedAt),
  Tags: tags?.map(({ key, value }) => ({ Key: key, Value: value })),
})

/** GetContact; an entry of ListContacts has the same members without the list, the attributes and the first moment. */
export const contactView = (list: ContactList, contact: Contact) => ({
  ContactListName: list.name,
  EmailAddress: contact.address,
  TopicPreferences: list.topics
    .filter(({ name }) => Object.hasOwn(contact.topics, name))
    .map(({ name }) => ({ TopicName: name, SubscriptionStatus: contact.topics[name] })),
  TopicDefaultPreferences: list.topics.map(({ name, defaultStatus }) => ({ TopicName: name, SubscriptionStatus: defaultStatus })),
  UnsubscribeAll: contact.unsubscribeAll,
  AttributesData: contact.attributes ?? undefined,
  CreatedTimestamp: iso(contact.createdAt),
  LastUpdatedTimestamp: iso(contact.updatedAt),
})
