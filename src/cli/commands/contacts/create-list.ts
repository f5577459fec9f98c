/** `mailctl contacts create-list`: CreateContactList. */
import type { ContactList } from '../../../account/contacts.ts'
import { contactListView, createContactList } from '../../../operations/contacts.ts'
import { command } from '../../command.ts'
import { LIST_FLAGS, showContactList, topicFlags } from '../../contacts.ts'
import { textFlag } from '../../moments.ts'
import { resourceTags, TAG_FLAG } from '../../resource-tags.ts'

export default command<ContactList>({
  path: 'contacts create-list',
  arguments: '<name>',
  summary: 'Make the contact list of the account',
  details:
    'SES keeps one list an account, with up to 20 topics. Messages that name it get an unsubscribe link, and who unsubscribed gets them no more.',
  examples: ["mailctl contacts create-list news --topic 'weekly=Weekly news' --opt-in-topic 'offers=Special offers'"],
  options: [...LIST_FLAGS, TAG_FLAG],
  fails: ['usage', 'bad-data', 'already-exists', 'limit-exceeded', 'config', 'store-unavailable'],
  async run({ app }, [name = ''], flags) {
    const description = textFlag(flags, 'description')
    const fields = { topics: topicFlags(flags) ?? [], tags: resourceTags(flags['tag']), ...(description !== undefined && { description }) }
    return await createContactList(await app(), name, fields)
  },
  json: contactListView,
  show: showContactList,
})
