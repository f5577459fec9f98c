/** What the lab's receivers took, one message after the other. */
import type { InboxFilter, InboxMessage, Lab } from '../ports/lab.ts'
import { receivedMail } from './received-mail.ts'
import type { Inbox, MailMatch } from './types.ts'

const MOST_NAMED = 10

/** @param settle delivers what is due */
export function openInbox(lab: Lab, settle: () => Promise<void>): Inbox {
  const given = new Set<string>()

  /** The oldest first. */
  async function matching(match: MailMatch): Promise<InboxMessage[]> {
    await settle()
    return (await lab.inbox.list(filterOf(match))).toReversed()
  }

  return {
    async next(match = {}) {
      const entry = (await matching(match)).find(({ id }) => !given.has(id))
      if (entry === undefined) throw await noMail(match)
      given.add(entry.id)
      return await receivedMail(lab, entry)
    },
    async all(match = {}) {
      return await Promise.all((await matching(match)).map(entry => receivedMail(lab, entry)))
    },
    async clear() {
      await lab.inbox.clear()
      await lab.inbox.forgetSenders()
      given.clear()
    },
  }

  async function noMail(match: MailMatch): Promise<Error> {
    const there = await lab.inbox.list({})
    const lines = there.slice(0, MOST_NAMED).map(({ id, subject, envelopeTo }) => {
      return `  to ${envelopeTo.join(', ')}: ${subject}${given.has(id) ? ' (given out before)' : ''}`
    })
    const more = there.length > MOST_NAMED ? [`  and ${there.length - MOST_NAMED} more`] : []
    const wanted = Object.entries(match).map(([name, value]) => `${name} ${value}`)
    const what = wanted.length === 0 ? 'no further mail has come' : `no further mail with ${wanted.join(', ')} has come`
    return new Error([there.length === 0 ? `${what}; the inbox is empty` : `${what}; the inbox holds:`, ...lines, ...more].join('\n'))
  }
}

function filterOf({ to, from, subject }: MailMatch): InboxFilter {
  return {
    ...(to !== undefined && { to }),
    ...(from !== undefined && { from }),
    ...(subject !== undefined && {
      subject: text => (typeof subject === 'string' ? text.toLowerCase().includes(subject.toLowerCase()) : text.search(subject) >= 0),
    }),
  }
}
