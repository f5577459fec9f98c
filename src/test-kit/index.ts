/** `mailctl/test`: mail in tests, inside their process. For vitest, jest and node:test. */
import { openMailAccount } from './account.ts'
import { assertMailIs } from './assert-mail.ts'
import { matchers } from './matchers.ts'
import type { MailAccount, MailAccountOptions, MailExpectation, MailMatchers, ReceivedMail } from './types.ts'

export type * from './types.ts'

/** A sending account of this test alone; `close` it at the end. @throws Error when an option is wrong, or there is no room for its files */
export const mailAccount: (options?: MailAccountOptions) => Promise<MailAccount> = openMailAccount

export const mailMatchers: MailMatchers = matchers

/** For node:test, and wherever there is no `expect`. @throws AssertionError that tells all that is not so, with what is */
export const assertMail: (mail: ReceivedMail, expected: MailExpectation) => void = assertMailIs
