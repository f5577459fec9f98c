/** Tags of an identity: names for its owner's own use. SES facts: concepts §3, at most 50, keys of 1 to 128 and values of 0 to 256 characters. */
import { MailctlError } from '../base/errors.ts'
import { printable } from '../base/redact.ts'
import type { IdentityTag } from './identity.ts'

const MAX_TAGS = 50
const LONGEST_KEY = 128
const LONGEST_VALUE = 256

/** Characters as people count them, not halves of pairs. */
const lengthOf = (text: string): number => [...text].length

/**
 * The tags after this change: removed first, then added at the end, or with a new value where they stood.
 * @throws MailctlError bad-data, limit-exceeded, not-found (a tag to remove)
 */
export function changedTags(
  tags: readonly IdentityTag[],
  added: readonly (readonly [key: string, value: string])[],
  removed: readonly string[],
): readonly IdentityTag[] {
  const changed = new Map(tags.map(({ key, value }) => [key, value]))
  for (const key of removed)
    if (!changed.delete(key))
      throw new MailctlError('not-found', `there is no tag '${printable(key)}' to remove`, {
        hint: 'mailctl identity show lists the tags.',
      })
  for (const [key, value] of added) {
    checkTag(key, value)
    changed.set(key, value)
  }
  if (changed.size > MAX_TAGS)
    throw new MailctlError('limit-exceeded', `an identity has at most ${MAX_TAGS} tags, this would have ${changed.size}`, {
      hint: 'Remove some with --untag KEY.',
    })
  return [...changed].map(([key, value]) => ({ key, value }))
}

function checkTag(key: string, value: string): void {
  const length = lengthOf(key)
  if (length < 1 || length > LONGEST_KEY)
    throw new MailctlError('bad-data', `a tag's key has 1 to ${LONGEST_KEY} characters, this one has ${length}`, {
      hint: 'Write --tag KEY=VALUE.',
    })
  if (lengthOf(value) > LONGEST_VALUE)
    throw new MailctlError(
      'bad-data',
      `the value of the tag '${printable(key)}' has ${lengthOf(value)} characters, ${LONGEST_VALUE} are allowed`,
      {
        hint: 'Shorten it.',
      },
    )
}
