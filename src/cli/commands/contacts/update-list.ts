/** `mailctl contacts update-list`: UpdateContactList, but what is not given stays. */
import type { ContactList } from '../../../account/contacts.ts'
import { MailctlError } from '../../../base/errors.ts'
import { contactListView, readContactList, updateContactList } from '../../../operations/contacts.ts'
import { command } from '../../command.ts'
import { LIST_FLAGS, showContactList, topicFlags } from '../../contacts.ts'
import { textFlag } from '../../moments.ts'

export default command<ContactList>({
  path: 'contacts update-list',
  summary: 'Change the topics of the contact list',
  details: 'Topics that are given take the place of all topics there are: name those that stay, too.',
  examples: ["mailctl contacts update-list --topic 'weekly=Weekly news' --topic 'product=Product news'"],
  options: LIST_FLAGS,
  fails: ['usage', 'bad-data', 'not-found', 'config', 'store-unavailable'],
  async run({ app }, _, flags) {
    const topics = topicFlags(flags)
    const description = textFlag(flags, 'description')
    if (topics === undefined && description === undefined)
      throw new MailctlError('usage', 'nothing to change was given', { hint: 'See: mailctl contacts update-list --help' })
    const opened = await app()
    const list = await readContactList(opened)
    const about = description ?? list.description
    return await updateContactList(opened, list.name, {
      topics: topics ?? list.topics,
      ...(about !== undefined && about !== '' && { description: about }),
    })
  },
  json: contactListView,
  show: showContactList,
})
