/** `--tag name=value`, as send and simulate take it; whether it may be so is the account's to say. */
import type { Flags, OptionSpec } from './command.ts'

export const TAG_OPTION: OptionSpec = { flags: '--tag <name=value>', summary: 'message tag, shown in events', repeat: true }

/** A later tag of the same name wins. */
export function messageTags({ tag }: Flags): Record<string, readonly string[]> {
  const tags: [string, readonly string[]][] = []
  for (const text of Array.isArray(tag) ? tag : []) {
    const equals = text.indexOf('=')
    tags.push(equals < 0 ? [text, ['']] : [text.slice(0, equals), [text.slice(equals + 1)]])
  }
  return Object.fromEntries(tags)
}
