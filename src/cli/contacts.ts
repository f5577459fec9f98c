/** The flags of `contacts`, and how a list and a contact are shown. */
import type { Contact, ContactList, Subscription, Topic } from '../account/contacts.ts'
import { type ContactFields, wants } from '../operations/contacts.ts'
import type { Flags, OptionSpec } from './command.ts'
import type { Io } from './io.ts'
import { showTime, textFlag } from './moments.ts'

export const LIST_FLAGS: readonly OptionSpec[] = [
  { flags: '--topic <name=title>', summary: 'a topic that everybody gets who did not say no; 20 in all', repeat: true },
  { flags: '--opt-in-topic <name=title>', summary: 'a topic that only those get who said yes', repeat: true },
  { flags: '--description <text>', summary: 'what the list is for' },
]

export const CONTACT_FLAGS: readonly OptionSpec[] = [
  { flags: '--opt-in <topic>', summary: 'wants this topic', repeat: true },
  { flags: '--opt-out <topic>', summary: 'does not want this topic', repeat: true },
  { flags: '--unsubscribe-all <state>', summary: 'wants no mail of the list at all: on or off', choices: ['on', 'off'] },
  { flags: '--attributes <json|@file>', summary: "data of your own; '' takes it away" },
]

const texts = (flags: Flags, name: string): readonly string[] => {
  const value = flags[name]
  return Array.isArray(value) ? value : []
}

/** undefined: none was given. */
export function topicFlags(flags: Flags): Topic[] | undefined {
  const read = (name: string, defaultStatus: Subscription): Topic[] =>
    texts(flags, name).map(text => {
      const equals = text.indexOf('=')
      const topic = equals < 0 ? text : text.slice(0, equals)
      return { name: topic, displayName: equals < 0 ? topic : text.slice(equals + 1), defaultStatus }
    })
  const topics = [...read('topic', 'OPT_IN'), ...read('optInTopic', 'OPT_OUT')]
  return topics.length === 0 ? undefined : topics
}

/** Only what was given. */
export function contactFields(flags: Flags): ContactFields {
  const said = [
    ...texts(flags, 'optIn').map(topic => [topic, 'OPT_IN'] as const),
    ...texts(flags, 'optOut').map(topic => [topic, 'OPT_OUT'] as const),
  ]
  const all = textFlag(flags, 'unsubscribeAll')
  const attributes = textFlag(flags, 'attributes')
  return {
    ...(said.length > 0 && { topics: Object.fromEntries(said) }),
    ...(all !== undefined && { unsubscribeAll: all === 'on' }),
    ...(attributes !== undefined && { attributes: attributes === '' ? null : attributes }),
  }
}

export function showContactList(io: Io, { name, description, topics, createdAt }: ContactList): void {
  io.line(`${io.colour.bold(name)}${description === undefined ? '' : `  ${description}`}`)
  io.line(io.colour.dim(`made ${showTime(createdAt)}`))
  for (const topic of topics)
    io.line(`  ${topic.name}  ${topic.displayName}  ${topic.defaultStatus === 'OPT_IN' ? 'unless they said no' : 'only if they said yes'}`)
  if (topics.length === 0) io.line('  no topics: who unsubscribes gets no mail of the list at all')
}

export function showContact(io: Io, { list, contact }: { readonly list: ContactList; readonly contact: Contact }): void {
  io.line(io.colour.bold(contact.address))
  if (contact.unsubscribeAll) io.line('  wants no mail of this list')
  for (const { name } of list.topics)
    io.line(`  ${name}  ${wants(list, contact, name) ? 'yes' : 'no'}${Object.hasOwn(contact.topics, name) ? '' : '  by default'}`)
  if (contact.attributes !== null) io.line(`  ${contact.attributes}`)
}
