/** The `.test` domains of the box, each with exactly the behaviour in its name; described for users in `docs/lab.md`. */
import { smtpReply } from '../wire/smtp-session.ts'
import { type Policy, putOff } from './policy.ts'

const modern = { tls: 'modern' } as const

/** Each triple of client, sender and recipient is put off the first time. RFC 6647 */
export const greylist: Policy = {
  ...modern,
  rcpt: (recipient, memory) =>
    putOff('once', recipient, memory) === 'first' ? smtpReply(451, '4.7.1', 'Greylisted, please try again later') : undefined,
}
export const mailboxFull: Policy = { ...modern, rcpt: ({ to }) => smtpReply(452, '4.2.2', `<${to}> mailbox full`) }
export const noUser: Policy = { ...modern, rcpt: ({ to }) => smtpReply(550, '5.1.1', `<${to}> no such user here`) }
/** Greeting, MAIL, each RCPT and the end of the message: 1 s for a message with one recipient. */
export const slow: Policy = { ...modern, paceMs: 250 }
export const noTls: Policy = { tls: 'none' }
export const badTls: Policy = { tls: 'broken' }
export const oldTls: Policy = { tls: 'old' }
export const down: Policy = { ...modern, isDown: () => true }
/** What a client must take for "perhaps delivered": the message is not kept. */
export const dropAfterData: Policy = { ...modern, afterData: 'drop' }
/** Takes every recipient, then refuses the message for who sent it; nothing is kept. */
export const spamtrap: Policy = {
  ...modern,
  afterData: smtpReply(550, '5.7.1', 'Message refused: the sender is listed for mailing a spam trap'),
}
export const busy: Policy = { ...modern, greeting: smtpReply(421, '4.3.2', 'busy.test Service not available, try again later') }
export const secondMx: Policy = { ...modern, isDown: host => host !== 'mx2.second-mx.test' }
export const ipv6: Policy = { ...modern, ipv6Only: true }
