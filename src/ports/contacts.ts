/** The contact list and its contacts as rows. Addresses are `suppressionKey`s. Part of the `Store` port. */
import type { Contact, ContactList } from '../account/contacts.ts'
import type { NewEvent } from './store.ts'

/** An event of a message, which is logged in the same commit. */
export interface ContactChangeTold {
  readonly messageId: string
  readonly event: (before: Contact, after: Contact) => NewEvent
}

export interface Contacts {
  contactList(): Promise<ContactList | undefined>
  /** @throws MailctlError already-exists (that name), bad-data (another is there: one an account) */
  addContactList(list: ContactList): Promise<void>
  /** @throws MailctlError not-found */
  saveContactList(list: ContactList): Promise<void>
  /** With its contacts. @throws MailctlError not-found */
  deleteContactList(name: string): Promise<void>
  contact(address: string): Promise<Contact | undefined>
  /** In order of address, those after one (`''`: from the first), at most `limit`. */
  contactsFrom(after: string, limit: number): Promise<Contact[]>
  /** @throws MailctlError already-exists */
  addContact(contact: Contact): Promise<void>
  /** Reads, changes and writes it in one transaction. @returns before and after  @throws MailctlError not-found */
  changeContact(
    address: string,
    change: (contact: Contact) => Contact,
    told?: ContactChangeTold,
  ): Promise<{ readonly before: Contact; readonly after: Contact }>
  /** @throws MailctlError not-found */
  deleteContact(address: string): Promise<void>
}
