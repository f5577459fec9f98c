/** `mailctl contacts update`: UpdateContact, but what is not given stays. */
import type { Contact, ContactList } from '../../../account/contacts.ts'
import { MailctlError } from '../../../base/errors.ts'
import { contactView, readContact, readContactList, updateContact } from '../../../operations/contacts.ts'
import { command } from '../../command.ts'
import { CONTACT_FLAGS, contactFields, showContact } from '../../contacts.ts'

export default command<{ readonly list: ContactList; readonly contact: Contact }>({
  path: 'contacts update',
  arguments: '<address>',
  summary: 'Change what a contact wants',
  examples: ['mailctl contacts update ann@example.com --opt-out weekly', 'mailctl contacts update ann@example.com --unsubscribe-all off'],
  options: CONTACT_FLAGS,
  fails: ['usage', 'bad-data', 'not-found', 'config', 'store-unavailable'],
  async run({ app }, [address = ''], flags) {
    const fields = contactFields(flags)
    if (Object.keys(fields).length === 0)
      throw new MailctlError('usage', 'nothing to change was given', { hint: 'See: mailctl contacts update --help' })
    const opened = await app()
    const { unsubscribeAll, attributes } = await readContact(opened, undefined, address)
    const contact = await updateContact(opened, undefined, address, { unsubscribeAll, attributes, ...fields })
    return { list: await readContactList(opened), contact }
  },
  json: ({ list, contact }) => contactView(list, contact),
  show: showContact,
})
