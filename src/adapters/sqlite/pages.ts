/** Lists that are read a page at a time, the latest first: a token names the last row that was shown, so that changes between two pages skip nothing. */
import type { SqlValue } from '../../base/database.ts'
import { MailctlError } from '../../base/errors.ts'

/** Later than every moment. */
const LAST = Number.MAX_SAFE_INTEGER

/** @param found of `limit + 1` rows, what there was  @param place where an entry stands: its moment and its name */
export function pageOf<Entry>(
  found: readonly Entry[],
  limit: number,
  place: (entry: Entry) => readonly [at: number, name: string],
): { readonly entries: readonly Entry[]; readonly next: string | null } {
  const last = found.length > limit ? found[limit - 1] : undefined
  return { entries: found.slice(0, limit), next: last ? Buffer.from(place(last).join(' ')).toString('base64url') : null }
}

/** For a comparison `(at, name) < (?, ?)`. @throws MailctlError usage, when the token is none of ours */
export function placeOf(token: string | undefined): [at: SqlValue, name: SqlValue] {
  if (token === undefined) return [LAST, '']
  const place = /^(\d{1,15}) (.+)$/s.exec(Buffer.from(token, 'base64url').toString())
  if (!place?.[1] || !place[2])
    throw new MailctlError('usage', 'this is no NextToken of that list', { hint: 'Give it as the page before has it.' })
  return [Number(place[1]), place[2]]
}
