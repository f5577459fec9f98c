/** `mailctl contacts show`: GetContact. */
import type { Contact, ContactList } from '../../../account/contacts.ts'
import { contactView, readContact, readContactList } from '../../../operations/contacts.ts'
import { command } from '../../command.ts'
import { showContact } from '../../contacts.ts'

export default command<{ readonly list: ContactList; readonly contact: Contact }>({
  path: 'contacts show',
  arguments: '<address>',
  summary: 'Show what a contact wants',
  examples: ['mailctl contacts show ann@example.com'],
  fails: ['bad-data', 'not-found', 'config', 'store-unavailable'],
  async run({ app }, [address = '']) {
    const opened = await app()
    return { contact: await readContact(opened, undefined, address), list: await readContactList(opened) }
  },
  json: ({ list, contact }) => contactView(list, contact),
  show: showContact,
})
