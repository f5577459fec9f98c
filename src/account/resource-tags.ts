/**
 * Tags of an identity, a configuration set, a template, a contact list or a pool: names for its owner's own use. SES facts: concepts §3, at most
 * 50, keys of 1 to 128 and values of 0 to 256 characters.
 */
import { MailctlError } from '../base/errors.ts'
import { printable } from '../base/redact.ts'

export interface ResourceTag {
  readonly key: string
  readonly value: string
}

export interface TagChange {
  /** Added at the end, or with a new value where they stood. */
  readonly added: readonly ResourceTag[]
  /** Keys; removed first. */
  readonly removed: readonly string[]
}

/** What the tags belong to, for the texts of refusals. */
export type Tagged = 'an identity' | 'a configuration set' | 'a template' | 'a contact list' | 'a dedicated IP pool'

const SHOWN_BY: Readonly<Record<Tagged, string>> = {
  'an identity': 'mailctl identity show',
  'a configuration set': 'mailctl config-set show',
  'a template': 'mailctl template show',
  'a contact list': 'mailctl contacts show-list',
  'a dedicated IP pool': 'ListTagsForResource',
}

const MAX_TAGS = 50
const LONGEST_KEY = 128
const LONGEST_VALUE = 256

/** @throws MailctlError bad-data, limit-exceeded, not-found (a tag to remove) */
export function changedTags(tags: readonly ResourceTag[], { added, removed }: TagChange, tagged: Tagged): readonly ResourceTag[] {
  const changed = new Map(tags.map(({ key, value }) => [key, value]))
  for (const key of removed)
    if (!changed.delete(key))
      throw new MailctlError('not-found', `there is no tag '${printable(key)}' to remove`, { hint: `${SHOWN_BY[tagged]} lists the tags.` })
  for (const { key, value } of added) {
    checkLength(`the key of the tag '${printable(key)}'`, key, { least: 1, most: LONGEST_KEY })
    checkLength(`the value of the tag '${printable(key)}'`, value, { least: 0, most: LONGEST_VALUE })
    changed.set(key, value)
  }
  if (changed.size > MAX_TAGS)
    throw new MailctlError('limit-exceeded', `${tagged} has at most ${MAX_TAGS} tags, this would have ${changed.size}`, {
      hint: 'Remove some with --untag KEY.',
    })
  return [...changed].map(([key, value]) => ({ key, value }))
}

/** Characters as people count them, not halves of pairs. */
function checkLength(what: string, text: string, { least, most }: { least: number; most: number }): void {
  const length = [...text].length
  if (length >= least && length <= most) return
  throw new MailctlError('bad-data', `${what} has ${length} characters, ${least} to ${most} are allowed`, {
    hint: 'Write --tag KEY=VALUE.',
  })
}
