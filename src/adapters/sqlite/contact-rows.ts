/** The contact list and its contacts as rows, each with its record as JSON. */
import { type Contact, type ContactList, noSuchContact, noSuchList } from '../../account/contacts.ts'
import type { Database } from '../../base/database.ts'
import { MailctlError } from '../../base/errors.ts'
import type { Contacts } from '../../ports/contacts.ts'
import { text } from './columns.ts'
import { type EventLog, insertEvents } from './event-rows.ts'
import type { Commit } from './group-commit.ts'
import { sequenceOf } from './message-rows.ts'

export function findContactList(database: Database): ContactList | undefined {
  const row = database.prepare('SELECT record FROM contact_list').get()
  return row && JSON.parse(text(row, 'record'))
}

export function findContact(database: Database, address: string): Contact | undefined {
  const row = database.prepare('SELECT record FROM contact WHERE address = ?').get(address)
  return row && JSON.parse(text(row, 'record'))
}

/** Inside a transaction. */
export function putContact(database: Database, contact: Contact): void {
  database.prepare('INSERT OR REPLACE INTO contact (address, record) VALUES (?, ?)').run(contact.address, JSON.stringify(contact))
}

export function contactRows(log: EventLog, commit: Commit): Contacts {
  const { database } = log

  function insertList(list: ContactList): void {
    const there = findContactList(database)
    if (there?.name === list.name)
      throw new MailctlError('already-exists', `List with name: ${list.name} already exists.`, {
        hint: 'mailctl contacts update-list changes it.',
      })
    if (there)
      throw new MailctlError('bad-data', 'A maximum of 1 Lists allowed per account.', {
        hint: `There is ${there.name}: give it more topics, or delete it with mailctl contacts delete-list ${there.name}.`,
      })
    database.prepare('INSERT INTO contact_list (one, name, record) VALUES (1, ?, ?)').run(list.name, JSON.stringify(list))
  }

  return {
    contactList: async () => findContactList(database),
    addContactList: list => commit(() => insertList(list)),
    saveContactList: list =>
      commit(() => {
        const { changes } = database.prepare('UPDATE contact_list SET record = ? WHERE name = ?').run(JSON.stringify(list), list.name)
        if (changes === 0) throw noSuchList(list.name)
      }),
    deleteContactList: name =>
      commit(() => {
        if (database.prepare('DELETE FROM contact_list WHERE name = ?').run(name).changes === 0) throw noSuchList(name)
        database.prepare('DELETE FROM contact').run()
      }),
    contact: async address => findContact(database, address),
    contactsFrom: async (after, limit) =>
      database
        .prepare('SELECT record FROM contact WHERE address > ? ORDER BY address LIMIT ?')
        .all(after, limit)
        .map(row => JSON.parse(text(row, 'record'))),
    addContact: contact =>
      commit(() => {
        if (findContact(database, contact.address))
          throw new MailctlError('already-exists', `${contact.address} already exists in List.`, {
            hint: 'mailctl contacts update changes it.',
          })
        putContact(database, contact)
      }),
    changeContact: (address, change, told) =>
      commit(() => {
        const before = findContact(database, address)
        if (!before) throw noSuchContact(address)
        const after = change(before)
        putContact(database, after)
        const message = told && sequenceOf(database, told.messageId)
        if (message !== undefined && told) insertEvents(log, message, [told.event(before, after)])
        return { before, after }
      }),
    deleteContact: address =>
      commit(() => {
        if (database.prepare('DELETE FROM contact WHERE address = ?').run(address).changes === 0) throw noSuchContact(address)
      }),
  }
}
