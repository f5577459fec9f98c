/** The flags that describe a message, shared by `compose` and `send`; what they mean is the compose operation's to say. */
import { MailctlError } from '../base/errors.ts'
import type { ComposeRequest } from '../operations/compose-message.ts'
import type { Flags, OptionSpec } from './command.ts'

/** `path: true`: these reach the operation as typed, which knows `@file` and where a file's pictures are. */
export const DRAFT_OPTIONS: readonly OptionSpec[] = [
  { flags: '--from <address>', summary: "sender: 'Name <a@example.com>'" },
  { flags: '--to <address>', summary: 'recipient', repeat: true },
  { flags: '--cc <address>', summary: 'copy', repeat: true },
  { flags: '--bcc <address>', summary: 'copy that the others do not see', repeat: true },
  { flags: '--reply-to <address>', summary: 'where answers go', repeat: true },
  { flags: '--return-path <address>', summary: 'where delivery reports go' },
  { flags: '--subject <text>', summary: 'subject' },
  { flags: '--text <text|@file>', summary: 'plain text; - is stdin', path: true, stdin: true },
  { flags: '--html <html|@file>', summary: 'HTML; - is stdin', path: true, stdin: true },
  { flags: '--attach <file>', summary: "attachment: 'file[;type=…;name=…;disposition=…]'", repeat: true, path: true },
  { flags: '--inline <file>', summary: "picture for the HTML: 'file[;cid=…]'", repeat: true, path: true },
  { flags: '--embed-images', summary: 'attach the local pictures that the HTML names' },
  { flags: '--header <field>', summary: "further field: 'Name: value'", repeat: true },
  { flags: '--template <name>', summary: 'template: subject, text and HTML; a stored one, else the starter of that name' },
  { flags: '--data <json|@file>', summary: "the template's data; - is stdin", path: true, stdin: true },
  { flags: '--calendar <file>', summary: 'invitation (iCalendar)', path: true },
  { flags: '--list-unsubscribe <url>', summary: 'List-Unsubscribe, with one click for an https URL' },
  { flags: '--date <date>', summary: 'Date field' },
  { flags: '--message-id <id>', summary: 'Message-ID field' },
  { flags: '--deterministic', summary: 'the same flags give the same octets' },
]

const text = (flags: Flags, name: string): string | undefined => {
  const value = flags[name]
  return typeof value === 'string' ? value : undefined
}
const list = (flags: Flags, name: string): readonly string[] => {
  const value = flags[name]
  return Array.isArray(value) ? value : []
}

/** @throws MailctlError usage when there is no sender */
export function composeRequest(flags: Flags): ComposeRequest {
  const from = text(flags, 'from')
  if (from === undefined) throw new MailctlError('usage', 'the message has no sender', { hint: "Give --from 'Name <a@example.com>'." })
  const optional = {
    returnPath: text(flags, 'returnPath'),
    subject: text(flags, 'subject'),
    text: text(flags, 'text'),
    html: text(flags, 'html'),
    template: text(flags, 'template'),
    data: text(flags, 'data'),
    calendar: text(flags, 'calendar'),
    listUnsubscribe: text(flags, 'listUnsubscribe'),
    date: text(flags, 'date'),
    messageId: text(flags, 'messageId'),
  }
  const given = Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)) as Partial<
    Record<keyof typeof optional, string>
  >
  return {
    from,
    to: list(flags, 'to'),
    cc: list(flags, 'cc'),
    bcc: list(flags, 'bcc'),
    replyTo: list(flags, 'replyTo'),
    attach: list(flags, 'attach'),
    inline: list(flags, 'inline'),
    headers: list(flags, 'header'),
    embedImages: flags['embedImages'] === true,
    deterministic: flags['deterministic'] === true,
    ...given,
  }
}

/** The draft flags that were given, for commands where some exclude others. */
export const givenDraftFlags = (flags: Flags, except: readonly string[]): string[] =>
  DRAFT_OPTIONS.map(({ flags: words }) => /--([\w-]+)/.exec(words)?.[1] ?? '')
    .filter(name => !except.includes(name))
    .filter(name => {
      const value = flags[name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())]
      return value !== undefined && value !== false && !(Array.isArray(value) && value.length === 0)
    })
