/**
 * The contact list of an account: topics, and people who said which of them they want. One list an account, 20 topics a list. SES facts: api-v2,
 * "Contacts" (texts verbatim); concepts §15.
 */
import { MailctlError } from '../base/errors.ts'
import { printable } from '../base/redact.ts'
import type { ResourceTag } from './resource-tags.ts'

export const SUBSCRIPTIONS = ['OPT_IN', 'OPT_OUT'] as const
export type Subscription = (typeof SUBSCRIPTIONS)[number]

export interface Topic {
  readonly name: string
  readonly displayName: string
  readonly description?: string
  /** Of whoever said nothing about it. */
  readonly defaultStatus: Subscription
}

export interface ContactList {
  readonly name: string
  readonly description?: string
  readonly topics: readonly Topic[]
  readonly createdAt: number
  readonly updatedAt: number
  /** Absent: none. */
  readonly tags?: readonly ResourceTag[]
}

export interface Contact {
  /** As `suppressionKey` gives it. */
  readonly address: string
  /** What was said; of the other topics the default counts. */
  readonly topics: Readonly<Record<string, Subscription>>
  readonly unsubscribeAll: boolean
  /** JSON text of the owner's own; null: none. */
  readonly attributes: string | null
  readonly createdAt: number
  readonly updatedAt: number
}

/** What a message is about, for the list: one topic, or all (null). */
export interface ListManagement {
  readonly list: string
  readonly topic: string | null
}

const NAME = /^[A-Za-z0-9_-]{1,64}$/
const MOST_TOPICS = 20
const LONGEST_DESCRIPTION = 500
const LONGEST_DISPLAY_NAME = 128

const refused = (message: string, hint: string): MailctlError => new MailctlError('bad-data', message, { hint })

/** @throws MailctlError bad-data */
export function checkContactList({ name, description = '', topics }: Pick<ContactList, 'name' | 'description' | 'topics'>): void {
  const allowed = 'can contain up to 64 characters. Only alphanumeric characters, underscores(_) and hyphens(-) are allowed.'
  if (!NAME.test(name)) throw refused(`ContactListName ${allowed}`, 'Choose a name such as news.')
  if (description.length > LONGEST_DESCRIPTION)
    throw refused(`The description is longer than ${LONGEST_DESCRIPTION} characters`, 'Shorten it.')
  if (topics.length > MOST_TOPICS) throw refused(`Maximum of <${MOST_TOPICS}> topics allowed per ContactList`, 'Leave some out.')
  for (const { name: topic, displayName, description: about = '' } of topics) {
    if (!NAME.test(topic)) throw refused(`TopicName ${allowed}`, "Write --topic 'weekly=Weekly news'.")
    if (displayName === '' || displayName.length > LONGEST_DISPLAY_NAME)
      throw refused(
        `The topic ${topic} needs a display name of 1 to ${LONGEST_DISPLAY_NAME} characters`,
        "Write --topic 'weekly=Weekly news'.",
      )
    if (about.length > LONGEST_DESCRIPTION)
      throw refused(`The description of the topic ${topic} is longer than ${LONGEST_DESCRIPTION} characters`, 'Shorten it.')
  }
  if (new Set(topics.map(topic => topic.name)).size < topics.length)
    throw refused('Duplicate topic names are not allowed within a List.', 'Name each topic once.')
}

/** @throws MailctlError bad-data: a topic that the list has not, attributes that are no JSON */
export function checkContact({ name, topics }: ContactList, contact: Pick<Contact, 'topics' | 'attributes'>): void {
  for (const topic of Object.keys(contact.topics))
    if (!topics.some(one => one.name === topic))
      throw refused(`List: ${name} doesn't contain Topic: ${printable(topic)}`, 'mailctl contacts show-list shows its topics.')
  if (contact.attributes === null) return
  try {
    JSON.parse(contact.attributes)
  } catch {
    throw refused('AttributesData is not JSON', `Write an object: {"name":"Ann"}.`)
  }
}

/** Whether mail about the topic, or about anything, is wanted. @param contact undefined: nobody is known under the address */
export function isSubscribed({ topics }: ContactList, contact: Contact | undefined, topic: string | null): boolean {
  if (contact?.unsubscribeAll) return false
  if (topic === null) return true
  return (contact?.topics[topic] ?? topics.find(({ name }) => name === topic)?.defaultStatus) === 'OPT_IN'
}

/** The contact after a click on the link of a message about the topic, or about anything. */
export const unsubscribed = (contact: Contact, topic: string | null, now: number): Contact => ({
  ...contact,
  ...(topic === null ? { unsubscribeAll: true } : { topics: { ...contact.topics, [topic]: 'OPT_OUT' as const } }),
  updatedAt: now,
})

export const newContact = (address: string, now: number): Contact => ({
  address,
  topics: {},
  unsubscribeAll: false,
  attributes: null,
  createdAt: now,
  updatedAt: now,
})

export const noSuchList = (name: string): MailctlError =>
  new MailctlError('not-found', `List with name: ${printable(name)} doesn't exist.`, {
    hint: 'mailctl contacts show-list shows the one there is; mailctl contacts create-list NAME makes one.',
  })
export const noSuchContact = (address: string): MailctlError =>
  new MailctlError('not-found', `${printable(address)} doesn't exist in List.`, { hint: 'mailctl contacts add puts it there.' })
