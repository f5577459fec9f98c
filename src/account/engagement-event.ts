/**
 * What recipients did with a message, in the form of SES: opened it, followed a link, changed what they are subscribed to. Every open and every
 * click is an event of its own. SES facts: events, "Open / Click" and "Subscription".
 */
import { type EventDetail, isoTime } from './ses-event.ts'

export interface OpenFacts {
  readonly at: number
  /** Of whoever asked for the pixel or the link: an IP literal. */
  readonly ipAddress: string
  readonly userAgent: string
}

export const openEvent = (facts: OpenFacts): EventDetail => ({ type: 'Open', detail: { open: askedBy(facts) } })

export interface ClickFacts extends OpenFacts {
  /** As it stood in the message before it was rewritten. */
  readonly link: string
  /** Of its `ses:tags` attribute; null: it had none. */
  readonly linkTags: Readonly<Record<string, readonly string[]>> | null
}

export const clickEvent = ({ link, linkTags, ...facts }: ClickFacts): EventDetail => ({
  type: 'Click',
  detail: { click: { ...askedBy(facts), link, linkTags } },
})

const askedBy = ({ at, ipAddress, userAgent }: OpenFacts) => ({ timestamp: isoTime(at), ipAddress, userAgent })

export interface TopicPreferences {
  readonly unsubscribeAll: boolean
  /** Name of the topic → whether its mail is wanted. */
  readonly topics: readonly { readonly name: string; readonly optedIn: boolean }[]
}

export interface SubscriptionFacts {
  readonly at: number
  readonly contactList: string
  /** Where it was changed: `UnsubscribeHeader` is what SES is known to write. */
  readonly source: string
  readonly before: TopicPreferences
  readonly after: TopicPreferences
}

export const subscriptionEvent = ({ at, contactList, source, before, after }: SubscriptionFacts): EventDetail => ({
  type: 'Subscription',
  detail: {
    subscription: {
      contactList,
      timestamp: isoTime(at),
      source,
      newTopicPreferences: preferences(after),
      oldTopicPreferences: preferences(before),
    },
  },
})

/** `OptIn`, not the `OPT_IN` of the API. */
const preferences = ({ unsubscribeAll, topics }: TopicPreferences) => ({
  unsubscribeAll,
  topicSubscriptionStatus: topics.map(({ name, optedIn }) => ({
    topicName: name,
    subscriptionStatus: optedIn ? 'OptIn' : 'OptOut',
  })),
})
