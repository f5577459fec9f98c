/**
 * Pages of lists: a token says where the next one begins, and for which list. It is no secret and needs no signature: the worst that a
 * token made by hand can do is to begin elsewhere in a list that its holder may read. SES facts: api-v2 "Pagination".
 */
import { RequestFault } from '../faults.ts'
import type { Members } from '../members.ts'

const MOST = 1_000

export interface Page {
  readonly size: number
  /** The last key of the page before. */
  readonly after: string | undefined
}

export const pageAsked = (list: string, input: Members, most = MOST): Page => {
  const size = input.number('PageSize', { min: 1, max: most }) ?? most
  const token = input.text('NextToken')
  return { size, after: token === undefined || token === '' ? undefined : keyIn(list, token) }
}

/** @returns undefined for null: there is no next page */
export const tokenFor = (list: string, key: string | null): string | undefined =>
  key === null ? undefined : Buffer.from(`${list}\n${key}`).toString('base64url')

/** @throws RequestFault */
export function keyIn(list: string, token: string): string {
  const [name, key] = Buffer.from(token, 'base64url').toString('utf8').split('\n')
  if (name === list && key !== undefined && tokenFor(list, key) === token) return key
  throw invalidToken()
}

export const invalidToken = (): RequestFault =>
  new RequestFault({ status: 400, type: 'InvalidNextTokenException', message: 'The specified token is invalid.' })

/** A page of a list that is in memory, in order of `keyOf`. */
export function pageOf<T>(
  list: string,
  { size, after }: Page,
  { entries, keyOf }: { readonly entries: readonly T[]; readonly keyOf: (entry: T) => string },
): { readonly entries: readonly T[]; readonly NextToken: string | undefined } {
  const rest = after === undefined ? entries : entries.filter(entry => keyOf(entry) > after)
  const page = rest.slice(0, size)
  const last = page.at(-1)
  return { entries: page, NextToken: rest.length > size && last !== undefined ? tokenFor(list, keyOf(last)) : undefined }
}
