/** `mailctl expect mail`: an assertion about the lab's inbox, for scripts; and the link or the code that a mail holds. */
import { MailctlError } from '../../../base/errors.ts'
import { printableLines } from '../../../base/redact.ts'
import { expectMail, type FoundMail } from '../../../operations/expect-mail.ts'
import { command, type Flags } from '../../command.ts'
import { EXPECT_OPTIONS, EXPECT_RESULTS, expectedOf, reasonOf, tellUnmet } from '../../expect-flags.ts'
import { INBOX_FILTERS, inboxFilter, inboxMessageJson, showInbox, textPattern } from '../../inbox.ts'
import { textFlag } from '../../moments.ts'

interface Told {
  readonly isMet: boolean
  readonly reason: string | undefined
  readonly found: readonly FoundMail[]
  /** A link or a code was asked for. */
  readonly asksMatch: boolean
}

export default command<Told>({
  path: 'expect mail',
  summary: 'Assert that mail is there or comes',
  details:
    'What a lab receiver took already counts. --link prints the first link in the newest matching mail that the pattern is found in, --code what ' +
    'the pattern matches in its text, or without a text part in its HTML, or in the subject; of a pattern with (a group) only the group. Mail ' +
    'without it does not match. On a virtual clock the wait does what falls due on the way, so it takes no real time unless serve is at work. ' +
    '--count is met as soon as there are exactly so many; more at that moment do not meet it.',
  examples: [
    'mailctl expect mail --to ann@example.com --subject /invoice/i',
    "code=$(mailctl expect mail --to ann@example.com --code '/\\b\\d{6}\\b/')",
    'curl -fsS "$(mailctl expect mail --to ann@example.com --link /confirm/)"',
    'mailctl expect mail --to bob@example.com --none-within 2s',
  ],
  options: [
    ...INBOX_FILTERS,
    { flags: '--link <re>', summary: 'print the link that matches /re/' },
    { flags: '--code <re>', summary: 'print what /re/ matches in the text' },
    ...EXPECT_OPTIONS,
  ],
  fails: ['usage', 'interrupted', 'config', 'store-unavailable'],
  results: EXPECT_RESULTS,
  async run(context, _args, flags) {
    const { app, signal, progress } = context
    const expected = expectedOf(flags, signal)
    const holds = holdsOf(flags)
    const opened = await app()
    progress('Waiting for mail')
    const verdict = await expectMail(opened, {
      ...expected,
      filter: inboxFilter(flags, opened.clock.now()),
      ...(holds !== undefined && { holds }),
    })
    const reason = verdict.isMet ? undefined : reasonOf(expected, verdict, 'message')
    tellUnmet(context, flags, reason)
    return { isMet: verdict.isMet, reason, found: verdict.found, asksMatch: holds !== undefined }
  },
  json: ({ isMet, reason, found, asksMatch }) => ({
    Met: isMet,
    Count: found.length,
    Reason: reason,
    ...(asksMatch && { Match: isMet ? (found[0]?.match ?? null) : null }),
    Messages: found.map(({ message, match }) => ({ ...inboxMessageJson(message), ...(match !== null && { Match: match }) })),
  }),
  async show(io, { isMet, found, asksMatch }) {
    if (!asksMatch)
      return found.length > 0
        ? await showInbox(
            io,
            found.map(({ message }) => message),
          )
        : undefined
    const match = isMet ? found[0]?.match : undefined
    if (match !== undefined && match !== null) io.stdout.write(`${io.stdout.isTty ? printableLines(match) : match}\n`)
  },
  exit: ({ isMet }) => (isMet ? 0 : 1),
})

/** @throws MailctlError usage */
function holdsOf(flags: Flags): { readonly kind: 'link' | 'code'; readonly pattern: RegExp } | undefined {
  const [link, code] = [textFlag(flags, 'link'), textFlag(flags, 'code')]
  if (link !== undefined && code !== undefined)
    throw new MailctlError('usage', '--link and --code do not go together', { hint: 'One of them is printed: call it twice.' })
  if (link !== undefined) return { kind: 'link', pattern: textPattern(link) }
  return code === undefined ? undefined : { kind: 'code', pattern: textPattern(code) }
}
