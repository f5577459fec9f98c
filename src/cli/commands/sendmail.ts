/** `mailctl sendmail`: takes a message on stdin as /usr/sbin/sendmail does, for programs that know no other way to send mail. */
import { userInfo } from 'node:os'
import { messageOf } from '../../base/errors.ts'
import { interruptible } from '../../base/interruptible.ts'
import { acceptSendmail, type SendmailAccepted } from '../../operations/accept-sendmail.ts'
import { waitForOutcome } from '../../operations/wait-for-outcome.ts'
import { type CommandContext, command } from '../command.ts'
import { textFlag } from '../moments.ts'
import { publishOnce } from '../publish-once.ts'
import { SENDING_FAILS } from '../sending-fails.ts'
import { sendmailArgv } from '../sendmail-argv.ts'

/** For a send-rate token, and for the first attempt. */
const PATIENCE_MS = 30_000

export default command<SendmailAccepted>({
  path: 'sendmail',
  arguments: '[recipients...]',
  summary: 'Take a message on stdin, as /usr/sbin/sendmail does',
  details:
    'For programs that send mail by running sendmail: name this command in their configuration, or make a link called sendmail to mailctl. ' +
    'Ends with 0 as soon as the message is accepted and was tried once; what becomes of it later is told by events and delivery reports. Prints ' +
    'nothing unless -v is given. Names without a domain get the host name; a message without From gets one, of -f or of the user. The Bcc field ' +
    'never travels. Other flags of sendmail (-oem, -odb, -B8BITMIME, …) are taken and change nothing.',
  examples: [
    'mailctl sendmail -t -i < message.eml',
    "printf 'Subject: Hi\\n\\nHello\\n' | mailctl sendmail -f orders@example.com ann@gmail.com",
    'mailctl sendmail -oi -F Orders -f orders@example.com -- ann@gmail.com < message.eml',
  ],
  options: [
    { flags: '-t', summary: 'send to those in To, Cc and Bcc, beside those named' },
    { flags: '-i', summary: 'a line of one dot does not end the message (also -oi)' },
    { flags: '-f <address>', summary: 'where reports go, and the From of a message that has none (also -r)', path: true },
    { flags: '-F <name>', summary: 'the name that goes with it', path: true },
  ],
  fails: SENDING_FAILS,
  argv: sendmailArgv,
  async run(context, recipients, flags) {
    const { io, signal, env } = context
    const sender = textFlag(flags, 'f')
    const fullName = textFlag(flags, 'F')
    const app = await context.app()
    const accepted = await acceptSendmail(app, {
      input: interruptible(io.stdin, signal),
      dotEnds: flags['i'] !== true,
      recipients,
      readsRecipients: flags['t'] === true,
      ...(sender !== undefined && { sender }),
      ...(fullName !== undefined && { fullName }),
      user: env['LOGNAME'] || env['USER'] || userInfo().username,
      rateWaitMs: PATIENCE_MS,
      signal,
    })
    await tryOnce(context, app, accepted)
    return accepted
  },
  json: ({ messageId, recipients }) => ({ MessageId: messageId, Recipients: recipients.map(address => ({ EmailAddress: address })) }),
  show(io, { messageId, recipients }, flags) {
    if (flags['verbose'] === true) io.line(`Accepted ${messageId} for ${recipients.join(', ')}`)
  },
})

/** The message is accepted: whatever happens now, a caller that hears of a failure would send it twice. */
async function tryOnce(
  context: CommandContext,
  app: Awaited<ReturnType<CommandContext['app']>>,
  { messageId, reports = [] }: SendmailAccepted,
): Promise<void> {
  try {
    await waitForOutcome(app, messageId, { goal: 'first-attempt', timeoutMs: PATIENCE_MS, reports, signal: context.signal })
    await publishOnce(app, context)
  } catch (thrown) {
    context.notice(`the message was accepted and waits in the queue: ${messageOf(thrown)}`)
  }
}
