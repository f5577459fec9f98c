/**
 * The mailbox simulator: the receiver of `simulator.amazonses.com` in every network mode. SES facts: simulator, "Addresses".
 *
 * It answers at RCPT, by the part before `+` and without regard to case. `suppressionlist` is settled before anything is sent and is
 * an unknown user here. `complaint` and `ooto` are taken, and their report or answer is mailed to the return path a little later. `delay` is our own extension: the first answer for a message is 451, the next one 250; messages are told apart by
 * their return path.
 */
import { smtpReply } from '../wire/smtp-session.ts'
import { type Policy, putOff } from './policy.ts'

export const simulatorPolicy: Policy = {
  tls: 'modern',
  rcpt(recipient, memory) {
    switch (mailboxOf(recipient.to)) {
      case 'success':
      case 'complaint':
      case 'ooto':
        return undefined
      case 'delay':
        return putOff('each', recipient, memory) === 'first' ? smtpReply(451, '4.3.0', 'mailbox busy, try again later') : undefined
      default:
        return smtpReply(550, '5.1.1', 'user unknown')
    }
  },
  accepted: () => smtpReply(250, '2.6.0', 'Message received'),
  returns(recipient) {
    const mailbox = mailboxOf(recipient)
    if (mailbox === 'complaint') return 'complaint'
    return mailbox === 'ooto' ? 'answer' : undefined
  },
}

const mailboxOf = (address: string): string | undefined => (address.split('@')[0] ?? '').split('+')[0]?.toLowerCase()
