/** `expect mail`: whether the lab's receivers took some mail, or come to; and a link or code out of it. */
import { type ParsedMessage, parseMessage } from '../mail/parse.ts'
import { linksIn, textOfHtml } from '../mail/readable-text.ts'
import type { InboxFilter, InboxMessage } from '../ports/lab.ts'
import type { App } from './app.ts'
import { type ExpectApp, type Expected, enough, expectFound, type Verdict } from './expect.ts'
import { type TextSearch, textSearch } from './search-text.ts'

export interface MailExpectation extends Expected {
  readonly filter: Omit<InboxFilter, 'limit'>
  /**
   * Mail without it does not count. `link`: a whole link that the pattern is found in. `code`: what the pattern matches in the text, the HTML
   * as text, or the subject. A pattern with a group gives the group's text.
   */
  readonly holds?: { readonly kind: 'link' | 'code'; readonly pattern: RegExp }
}

export interface FoundMail {
  readonly message: InboxMessage
  /** Null where nothing was asked for. */
  readonly match: string | null
}

/** Newest first. @throws MailctlError interrupted, store-unavailable, usage (a pattern took too long) */
export async function expectMail(app: ExpectApp & Pick<App, 'lab'>, expected: MailExpectation): Promise<Verdict<FoundMail>> {
  const { inbox } = app.lab
  const { filter, holds } = expected
  const matchIn = holds && matcher(holds)
  /** Mail does not change once it is there. */
  const read = new Map<string, string | null>()
  const matchOf = async (id: string): Promise<string | null> => {
    if (matchIn === undefined) return null
    const known = read.get(id)
    if (known !== undefined) return known
    const match = matchIn(await parseMessage(await inbox.open(id)))
    read.set(id, match)
    return match
  }
  return await expectFound(app, expected, async () => {
    const found: FoundMail[] = []
    for (const message of await inbox.list(matchIn === undefined ? { ...filter, limit: enough(expected) } : filter)) {
      if (found.length === enough(expected)) break
      const match = await matchOf(message.id)
      if (matchIn === undefined || match !== null) found.push({ message, match })
    }
    return found
  })
}

function matcher({ kind, pattern }: NonNullable<MailExpectation['holds']>): (mail: ParsedMessage) => string | null {
  const search = textSearch(pattern)
  return kind === 'link' ? mail => linkIn(mail, search, pattern) : mail => codeIn(mail, search)
}

function linkIn(mail: ParsedMessage, search: TextSearch, pattern: RegExp): string | null {
  const hasGroup = new RegExp(`${pattern.source}|`, pattern.flags).exec('')?.length !== 1
  for (const link of linksIn(mail)) {
    const match = search(link)
    if (match !== null) return hasGroup ? match : link
  }
  return null
}

const codeIn = ({ text, html, subject }: ParsedMessage, search: TextSearch): string | null =>
  (text === null ? null : search(text)) ?? (html === null ? null : search(textOfHtml(html))) ?? search(subject)
