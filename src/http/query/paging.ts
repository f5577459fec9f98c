/** Pages in the words of v1: `MaxItems` instead of `PageSize`. */
import type { Members } from '../members.ts'
import { keyIn, type Page } from '../ses/paging.ts'

const MOST = 1_000

export function pageAsked(list: string, input: Members, most = MOST): Page {
  const size = input.number('MaxItems', { min: 1, max: most }) ?? most
  const token = input.text('NextToken')
  return { size, after: token === undefined || token === '' ? undefined : keyIn(list, token) }
}
