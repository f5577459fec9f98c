/** `--config-set` and `--tag name=value`; whether they may be so is the account's to say. */
import type { Flags, OptionSpec } from './command.ts'

const TAG_OPTION: OptionSpec = { flags: '--tag <name=value>', summary: 'message tag, shown in events', repeat: true }
export const SES_OPTIONS: readonly OptionSpec[] = [{ flags: '--config-set <name>', summary: 'configuration set' }, TAG_OPTION]

/** `LIST; topic=TOPIC`. */
export const LIST_OPTION: OptionSpec = {
  flags: '--contact-list <list>',
  summary: "contact list, or 'list; topic=weekly': adds links to unsubscribe by, and leaves out who did",
}

/** A later tag of the same name wins. */
export function messageTags({ tag }: Flags): Record<string, readonly string[]> {
  const tags: [string, readonly string[]][] = []
  for (const text of Array.isArray(tag) ? tag : []) {
    const equals = text.indexOf('=')
    tags.push(equals < 0 ? [text, ['']] : [text.slice(0, equals), [text.slice(equals + 1)]])
  }
  return Object.fromEntries(tags)
}

/** The same as header fields, for a message that is sent later. SES fact: smtp, control headers. */
export function sesHeaders(flags: Flags): string[] {
  const tags = Object.entries(messageTags(flags)).map(([name, values]) => `${name}=${values.join('')}`)
  return [
    ...(typeof flags['configSet'] === 'string' ? [`X-SES-CONFIGURATION-SET: ${flags['configSet']}`] : []),
    ...(typeof flags['contactList'] === 'string' ? [`X-SES-LIST-MANAGEMENT-OPTIONS: ${flags['contactList']}`] : []),
    ...(tags.length > 0 ? [`X-SES-MESSAGE-TAGS: ${tags.join(', ')}`] : []),
  ]
}
