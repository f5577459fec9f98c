/** A setting's name as typed, checked against those there are. */
import { MailctlError } from '../base/errors.ts'
import type { SettingKey } from '../ports/settings.ts'
import { suggest } from './suggest.ts'

/** @throws MailctlError usage, with the nearest name */
export function settingKey(typed: string, keys: readonly string[]): SettingKey {
  const key = keys.find(name => name === typed)
  if (key !== undefined) return key as SettingKey
  const nearest = suggest(typed, keys)
  throw new MailctlError('usage', `there is no setting '${typed}'`, {
    hint: `${nearest === undefined ? '' : `Did you mean '${nearest}'? `}Settings: ${keys.join(', ')}.`,
  })
}
