/** The matchers for runners that have none, node:test before all: what is expected in one object, all that is not so in one error. */
import { AssertionError } from 'node:assert'
import { matchers } from './matchers.ts'
import type { MailExpectation, ReceivedMail } from './types.ts'

/** @throws AssertionError */
export function assertMailIs(mail: ReceivedMail, expected: MailExpectation): void {
  const { subject, deliveredTo, text, link, attachment, authenticated } = expected
  const verdicts = [
    subject !== undefined && matchers.toHaveSubject(mail, subject),
    deliveredTo !== undefined && matchers.toBeDeliveredTo(mail, deliveredTo),
    text !== undefined && matchers.toContainText(mail, text),
    link !== undefined && matchers.toHaveLink(mail, link),
    attachment !== undefined && matchers.toHaveAttachment(mail, attachment),
    authenticated === true && matchers.toBeAuthenticated(mail),
  ]
  const faults = verdicts.flatMap(verdict => (verdict === false || verdict.pass ? [] : [verdict.message()]))
  if (faults.length > 0) throw new AssertionError({ message: faults.join('\n'), operator: 'assertMail', stackStartFn: assertMailIs })
}
