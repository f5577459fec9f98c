/** `mailctl verify email`: mails a code to the address, or takes the code back. */
import { parseDuration } from '../../../base/duration.ts'
import { printable } from '../../../base/redact.ts'
import { type IdentityView, identityView } from '../../../operations/identity-view.ts'
import { finishEmailVerification, startEmailVerification } from '../../../operations/verify-email.ts'
import { waitForOutcome } from '../../../operations/wait-for-outcome.ts'
import type { StoredMessage } from '../../../ports/store.ts'
import { command } from '../../command.ts'
import { showIdentity } from '../../identity-text.ts'
import { textFlag } from '../../moments.ts'
import { queuedMessageJson } from '../../queue-json.ts'

interface Shown {
  readonly identity: Parameters<typeof showIdentity>[1]
  readonly view: IdentityView
  /** The mail with the code, as far as it got; undefined when none was sent. */
  readonly mailed: StoredMessage | undefined
}

export default command<Shown>({
  path: 'verify email',
  arguments: '<address>',
  summary: 'Prove an address by a code that is mailed to it',
  details:
    'Without --token it mails a code, valid for 24 hours, to the address; asking again mails a new one, which ends the old. With --token ' +
    'the address is verified. In the lab the mail is found with mailctl inbox list --to ADDRESS.',
  examples: ['mailctl verify email ann@example.com', 'mailctl verify email ann@example.com --token 0f3a…'],
  options: [
    { flags: '--token <code>', summary: 'the code from the mail; - reads it from stdin', stdin: true },
    { flags: '--timeout <duration>', summary: 'how long to wait for the mail to be taken (default 30s)' },
  ],
  fails: ['usage', 'bad-data', 'not-found', 'conflict', 'limit-exceeded', 'config', 'store-unavailable', 'interrupted'],
  results: { 0: 'verified', 1: 'not verified yet: the code was mailed, or it is wrong or has lapsed' },
  async run({ app, signal, progress }, [address = ''], flags) {
    const token = textFlag(flags, 'token')?.trim()
    const timeoutMs = parseDuration(textFlag(flags, 'timeout') ?? '30s')
    const opened = await app()
    if (token !== undefined) {
      const identity = await finishEmailVerification(opened, { address, token })
      return { identity, view: identityView(identity, opened), mailed: undefined }
    }
    progress(`Mailing a code to ${address}`)
    const { identity, messageId } = await startEmailVerification(opened, address)
    const mailed = messageId === null ? undefined : await waitForOutcome(opened, messageId, { goal: 'first-attempt', timeoutMs, signal })
    return { identity, view: identityView(identity, opened), mailed }
  },
  json: ({ view, mailed }) => ({ ...view, ...(mailed && { VerificationMail: queuedMessageJson(mailed) }) }),
  show(io, { identity, mailed }) {
    showIdentity(io, identity)
    for (const { address, state, outcome } of mailed?.recipients ?? []) {
      io.line()
      io.line(`Mail with a code for ${address}: ${state}  ${printable(outcome?.reply ?? '')}`.trimEnd())
      if (state === 'bounced') continue
      if (state !== 'delivered') io.line('It waits in the queue: mailctl queue flush')
      io.line(`Next: mailctl verify email ${address} --token CODE`)
    }
  },
  exit: ({ identity }) => (identity.verification.status === 'SUCCESS' ? 0 : 1),
})
