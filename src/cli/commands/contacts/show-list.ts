/** `mailctl contacts show-list`: GetContactList, of the one there is. */
import type { ContactList } from '../../../account/contacts.ts'
import { contactListView, readContactList } from '../../../operations/contacts.ts'
import { command } from '../../command.ts'
import { showContactList } from '../../contacts.ts'

export default command<ContactList>({
  path: 'contacts show-list',
  summary: 'Show the contact list and its topics',
  examples: ['mailctl contacts show-list', 'mailctl contacts show-list --json'],
  fails: ['not-found', 'config', 'store-unavailable'],
  run: async ({ app }) => await readContactList(await app()),
  json: contactListView,
  show: showContactList,
})
