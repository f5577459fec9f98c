/** `--tag KEY=VALUE` of what the account owns; whether they may be so is the account's to say. */
import type { ResourceTag } from '../account/resource-tags.ts'
import type { Flags, OptionSpec } from './command.ts'

export const TAG_FLAG: OptionSpec = { flags: '--tag <key=value>', summary: 'tag for your own use; 50 at most', repeat: true }

export const resourceTags = (given: Flags[string]): ResourceTag[] =>
  (Array.isArray(given) ? given : []).map((text: string) => {
    const equals = text.indexOf('=')
    return equals < 0 ? { key: text, value: '' } : { key: text.slice(0, equals), value: text.slice(equals + 1) }
  })
