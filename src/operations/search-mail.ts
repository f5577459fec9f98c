/**
 * Messages of the account, and what the lab's receivers took, that hold some words: a page at a time, the latest first. A page looks through
 * a bounded number of messages, between turns of the loop, and says where the next one goes on; so it costs the same whatever was sent.
 */
import { setImmediate as breathe } from 'node:timers/promises'
import { MailctlError } from '../base/errors.ts'
import type { InboxMessage } from '../ports/lab.ts'
import type { StoredMessage } from '../ports/store.ts'
import type { App } from './app.ts'

export interface SearchAsk {
  /** Words with blanks between them, in any case: all of them are in the message. `is:bounced`: a recipient is in that state. Empty: every message. */
  readonly text: string
  /** Goes on where the page before ended: its `next`. */
  readonly before?: string | undefined
  /** At most so many are found. */
  readonly limit: number
}

export interface FoundMail<Entry> {
  readonly entries: readonly Entry[]
  /** null: there is nothing older. Else older messages were not looked at, even where `entries` is short. */
  readonly next: string | null
}

/** Messages looked at for one page. */
const MOST_LOOKED = 5_000
/** And in one turn of the loop. */
const SLICE = 100
const MOST_WORDS = 10

/** Words are looked for in subject, sender, recipients and id; `is:` takes the states of recipients. @throws MailctlError not-found (`before`) */
export async function searchMessages({ store }: Pick<App, 'store'>, ask: SearchAsk): Promise<FoundMail<StoredMessage>> {
  if (ask.before !== undefined && (await store.message(ask.before)) === undefined) throw noSuchPlace()
  const [id = '', ...others] = ask.text.trim().split(/\s+/)
  const named = others.length === 0 && ask.before === undefined && id !== '' ? await store.message(id) : undefined
  if (named !== undefined) return { entries: [named], next: null }
  return await look(ask, {
    read: (limit, before) => store.messages(limit, before),
    texts: ({ id, facts, recipients }) => [id, facts.source, facts.subject, ...recipients.map(({ address }) => address)],
    states: ({ recipients }) => recipients.map(({ state }) => state),
  })
}

/** Words are looked for in subject, sender, envelope and receiver; `is:` takes the folder, `inbox` or `spam`. @throws MailctlError not-found (`before`) */
export async function searchInbox({ lab }: Pick<App, 'lab'>, ask: SearchAsk): Promise<FoundMail<InboxMessage>> {
  if (ask.before !== undefined && !/^\d{1,15}$/.test(ask.before)) throw noSuchPlace()
  return await look(ask, {
    read: (limit, before) => lab.inbox.list({ limit, ...(before !== undefined && { before }) }),
    texts: ({ subject, from, envelopeFrom, envelopeTo, receiver }) => [subject, from, envelopeFrom, ...envelopeTo, receiver],
    states: ({ folder }) => [folder],
  })
}

const noSuchPlace = (): MailctlError => new MailctlError('not-found', 'no page of this search begins there')

interface Looking<Entry> {
  /** The latest first. */
  readonly read: (limit: number, before: string | undefined) => Promise<readonly Entry[]>
  readonly texts: (entry: Entry) => readonly string[]
  readonly states: (entry: Entry) => readonly string[]
}

async function look<Entry extends { readonly id: string }>(
  { text, before, limit }: SearchAsk,
  { read, texts, states }: Looking<Entry>,
): Promise<FoundMail<Entry>> {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean).slice(0, MOST_WORDS)
  const wanted = words.filter(word => word.startsWith('is:')).map(word => word.slice(3))
  const sought = words.filter(word => !word.startsWith('is:'))
  const matches = (entry: Entry): boolean => {
    if (wanted.some(state => !states(entry).includes(state))) return false
    const all = sought.length === 0 ? '' : texts(entry).join('\n').toLowerCase()
    return sought.every(word => all.includes(word))
  }
  const size = words.length === 0 ? Math.min(limit, SLICE) : SLICE
  const entries: Entry[] = []
  let last = before
  for (let looked = 0; looked < MOST_LOOKED; looked += size) {
    const slice = await read(size, last)
    for (const entry of slice) {
      last = entry.id
      if (matches(entry)) entries.push(entry)
      if (entries.length < limit) continue
      return { entries, next: slice.length < size && entry === slice.at(-1) ? null : last }
    }
    if (slice.length < size) return { entries, next: null }
    await breathe()
  }
  return { entries, next: last ?? null }
}
