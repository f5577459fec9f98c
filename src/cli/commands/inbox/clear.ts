/** `mailctl inbox clear`: forgets what the lab's receivers took. */
import { MailctlError } from '../../../base/errors.ts'
import { clearInbox, forgetSenders } from '../../../operations/read-inbox.ts'
import { command } from '../../command.ts'
import { confirm } from '../../prompts.ts'

interface Cleared {
  readonly Removed: number
}

export default command<Cleared>({
  path: 'inbox clear',
  summary: "Remove everything the lab's receivers took",
  details: 'A terminal asks first; --yes answers. Elsewhere nothing is asked: the inbox holds copies of test mail only.',
  examples: ['mailctl inbox clear --yes', 'mailctl inbox clear --yes --senders'],
  options: [
    { flags: '--senders', summary: 'receivers also forget who sent to them: greylists, rates, reputation' },
    { flags: '--yes', summary: 'do not ask' },
  ],
  fails: ['config', 'store-unavailable'],
  async run({ app, io }, _args, flags) {
    if (flags['yes'] !== true && io.interactive && !(await confirm(io, { message: 'Remove everything in the inbox?', flag: '--yes' })))
      throw new MailctlError('interrupted', 'the inbox was left as it is')
    if (flags['senders'] === true) await forgetSenders(await app())
    return { Removed: await clearInbox(await app()) }
  },
  show: (io, { Removed }) => io.line(`Removed ${Removed} ${Removed === 1 ? 'message' : 'messages'}`),
})
