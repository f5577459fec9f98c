/** `mailctl/test`: mail in tests, inside their process. For vitest, jest and node:test. */
import { openMailAccount } from './account.ts'
import { matchers } from './matchers.ts'
import type { MailAccount, MailAccountOptions, MailMatchers } from './types.ts'

export type * from './types.ts'

/** A sending account of this test alone; `close` it at the end. @throws Error when an option is wrong, or there is no room for its files */
export const mailAccount: (options?: MailAccountOptions) => Promise<MailAccount> = openMailAccount

export const mailMatchers: MailMatchers = matchers
