/** `expect event`: whether the event log tells of something, or comes to. */
import type { EventFilter, LoggedEvent } from '../ports/store.ts'
import { type ExpectApp, type Expected, enough, expectFound, type Verdict } from './expect.ts'

export interface EventExpectation extends Expected {
  readonly filter: Omit<EventFilter, 'after' | 'limit' | 'last'>
  /** Of the message's subject. */
  readonly subject?: (subject: string) => boolean
}

const PAGE = 500

/** @throws MailctlError interrupted, store-unavailable, usage (a pattern took too long) */
export async function expectEvent(app: ExpectApp, expected: EventExpectation): Promise<Verdict<LoggedEvent>> {
  const { store } = app
  const { filter, subject } = expected
  const found: LoggedEvent[] = []
  /** Everything up to this id was looked at. */
  let after: number | undefined
  return await expectFound(app, expected, async () => {
    for (const upTo = await store.lastEventId(); found.length < enough(expected); ) {
      const page = await store.events({ ...filter, ...(after !== undefined && { after }), limit: PAGE })
      found.push(...page.filter(event => subject?.(subjectOf(event)) ?? true).slice(0, enough(expected) - found.length))
      after = page.length < PAGE ? Math.max(upTo, page.at(-1)?.id ?? 0) : page.at(-1)?.id
      if (page.length < PAGE) break
    }
    return [...found]
  })
}

function subjectOf({ event }: LoggedEvent): string {
  const { subject } = (event.mail['commonHeaders'] ?? {}) as { readonly subject?: string }
  return subject ?? ''
}
