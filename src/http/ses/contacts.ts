/** The contact list and its contacts. SES facts: api-v2 "Contacts". */
import type { Contact, ContactList, Subscription, Topic } from '../../account/contacts.ts'
import {
  addContact,
  type ContactFields,
  contactListView,
  contactView,
  createContactList,
  deleteContactList,
  type ListFields,
  listContacts,
  readContact,
  readContactList,
  removeContact,
  updateContact,
  updateContactList,
} from '../../operations/contacts.ts'
import type { Members } from '../members.ts'
import { operation, type SesOperation } from './operation.ts'
import { pageAsked, tokenFor } from './paging.ts'
import { tagsIn } from './tags.ts'

const LIST = 'contacts'
/** In the order of SES's own texts. */
const STATUSES = ['OPT_OUT', 'OPT_IN'] as const satisfies readonly Subscription[]

const nameIn = (input: Members): string => input.must.text('ContactListName')
const addressIn = (input: Members): string => input.must.text('EmailAddress')
const ONE = '/contact-lists/{ContactListName}'
const CONTACT = `${ONE}/contacts/{EmailAddress}` as const

function listFields(input: Members): ListFields {
  const description = input.text('Description')
  const topics = (input.parts('Topics') ?? []).map((topic): Topic => {
    const about = topic.text('Description')
    return {
      name: topic.must.text('TopicName'),
      displayName: topic.must.text('DisplayName'),
      defaultStatus: topic.must.choice('DefaultSubscriptionStatus', STATUSES),
      ...(about !== undefined && { description: about }),
    }
  })
  return { topics, ...(description !== undefined && { description }) }
}

const contactFields = (input: Members): ContactFields => ({
  topics: Object.fromEntries(
    (input.parts('TopicPreferences') ?? []).map(one => [one.must.text('TopicName'), one.must.choice('SubscriptionStatus', STATUSES)]),
  ),
  unsubscribeAll: input.flag('UnsubscribeAll') ?? false,
  attributes: input.text('AttributesData') ?? null,
})

const moments = ({ createdAt, updatedAt }: Contact | ContactList) => ({
  CreatedTimestamp: new Date(createdAt),
  LastUpdatedTimestamp: new Date(updatedAt),
})

export const contactOperations: readonly SesOperation[] = [
  operation('CreateContactList', 'POST /contact-lists', async ({ app, input }) => {
    await createContactList(app, nameIn(input), { ...listFields(input), tags: tagsIn(input) })
    return {}
  }),
  operation('GetContactList', `GET ${ONE}`, async ({ app, input }) => {
    const list = await readContactList(app, nameIn(input))
    return { ...contactListView(list), ...moments(list) }
  }),
  operation('ListContactLists', 'GET /contact-lists', async ({ app }) => {
    const list = await app.store.contactList()
    return { ContactLists: list ? [{ ContactListName: list.name, LastUpdatedTimestamp: new Date(list.updatedAt) }] : [] }
  }),
  operation('UpdateContactList', `PUT ${ONE}`, async ({ app, input }) => {
    await updateContactList(app, nameIn(input), listFields(input))
    return {}
  }),
  operation('DeleteContactList', `DELETE ${ONE}`, async ({ app, input }) => {
    await deleteContactList(app, nameIn(input))
    return {}
  }),
  operation('CreateContact', `POST ${ONE}/contacts`, async ({ app, input }) => {
    await addContact(app, nameIn(input), addressIn(input), contactFields(input))
    return {}
  }),
  operation('GetContact', `GET ${CONTACT}`, async ({ app, input }) => {
    const list = await readContactList(app, nameIn(input))
    const contact = await readContact(app, list.name, addressIn(input))
    return { ...contactView(list, contact), ...moments(contact) }
  }),
  operation('ListContacts', [`POST ${ONE}/contacts/list`, `GET ${ONE}/contacts`], async ({ app, input }) => {
    const { size, after } = pageAsked(LIST, input)
    const filter = input.part('Filter')
    const status = filter?.choice('FilteredStatus', STATUSES)
    const topic = filter?.part('TopicFilter')?.text('TopicName')
    const { list, contacts, next } = await listContacts(app, nameIn(input), {
      limit: size,
      ...(after !== undefined && { after }),
      ...(status !== undefined && { status }),
      ...(topic !== undefined && { topic }),
    })
    const entries = contacts.map(contact => {
      const { ContactListName: _, AttributesData: __, CreatedTimestamp: ___, ...view } = contactView(list, contact)
      return { ...view, LastUpdatedTimestamp: new Date(contact.updatedAt) }
    })
    return { Contacts: entries, NextToken: tokenFor(LIST, next) }
  }),
  operation('UpdateContact', `PUT ${CONTACT}`, async ({ app, input }) => {
    await updateContact(app, nameIn(input), addressIn(input), contactFields(input))
    return {}
  }),
  operation('DeleteContact', `DELETE ${CONTACT}`, async ({ app, input }) => {
    await removeContact(app, nameIn(input), addressIn(input))
    return {}
  }),
]
