/** What one action of the SES v1 Query API is here. They are listed in `actions.ts`. */
import type { SesCall } from '../ses/operation.ts'

export interface QueryAction {
  readonly name: string
  /** The result; null: the action has none, and says only that it was done. */
  readonly run: (call: SesCall) => Promise<object | null>
}

export const action = (name: string, run: QueryAction['run']): QueryAction => ({ name, run })
