/** `mailctl contacts list`: ListContacts. */
import type { Subscription } from '../../../account/contacts.ts'
import { contactView, listContacts, wants } from '../../../operations/contacts.ts'
import { command } from '../../command.ts'
import { LIMIT, limitFlag, showTime, textFlag } from '../../moments.ts'
import { showTable } from '../../table.ts'

export default command<Awaited<ReturnType<typeof listContacts>>>({
  path: 'contacts list',
  summary: 'List contacts',
  details: 'In order of address. --status with --topic asks about one topic, alone about mail of the list at all.',
  examples: ['mailctl contacts list', 'mailctl contacts list --status OPT_OUT --topic weekly --json'],
  options: [
    { flags: '--status <status>', summary: 'only those who want mail, or do not: OPT_IN or OPT_OUT', choices: ['OPT_IN', 'OPT_OUT'] },
    { flags: '--topic <topic>', summary: 'of this topic' },
    LIMIT,
    { flags: '--next-token <token>', summary: 'the page after the one that gave this NextToken' },
  ],
  fails: ['usage', 'bad-data', 'not-found', 'config', 'store-unavailable'],
  async run({ app }, _, flags) {
    const status = textFlag(flags, 'status')
    const topic = textFlag(flags, 'topic')
    const after = textFlag(flags, 'nextToken')
    return await listContacts(await app(), undefined, {
      ...(status !== undefined && { status: status as Subscription }),
      ...(topic !== undefined && { topic }),
      limit: limitFlag(flags),
      ...(after !== undefined && { after }),
    })
  },
  json: ({ list, contacts, next }) => ({
    Contacts: contacts.map(contact => {
      const { ContactListName: _, AttributesData: __, CreatedTimestamp: ___, ...entry } = contactView(list, contact)
      return entry
    }),
    ...(next !== null && { NextToken: next }),
  }),
  async show(io, { list, contacts, next }) {
    if (contacts.length === 0) return io.line('No contacts.')
    const rows = contacts.map(contact => [
      contact.address,
      contact.unsubscribeAll
        ? 'none'
        : list.topics
            .filter(({ name }) => wants(list, contact, name))
            .map(({ name }) => name)
            .join(', ') || 'all',
      showTime(contact.updatedAt),
    ])
    await showTable(io, { whole: true, head: ['Contact', 'Wants', 'Since'], rows })
    if (next !== null) io.line(`More: --next-token ${next}`)
  },
})
