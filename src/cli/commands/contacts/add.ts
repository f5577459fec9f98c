/** `mailctl contacts add`: CreateContact. */
import type { Contact, ContactList } from '../../../account/contacts.ts'
import { addContact, contactView, readContactList } from '../../../operations/contacts.ts'
import { command } from '../../command.ts'
import { CONTACT_FLAGS, contactFields, showContact } from '../../contacts.ts'

export default command<{ readonly list: ContactList; readonly contact: Contact }>({
  path: 'contacts add',
  arguments: '<address>',
  summary: 'Put an address on the contact list',
  examples: ['mailctl contacts add ann@example.com', `mailctl contacts add ann@example.com --opt-in offers --attributes '{"name":"Ann"}'`],
  options: CONTACT_FLAGS,
  fails: ['usage', 'bad-data', 'not-found', 'already-exists', 'config', 'store-unavailable'],
  async run({ app }, [address = ''], flags) {
    const opened = await app()
    const contact = await addContact(opened, undefined, address, contactFields(flags))
    return { list: await readContactList(opened), contact }
  },
  json: ({ list, contact }) => contactView(list, contact),
  show: showContact,
})
