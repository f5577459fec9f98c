/** `mailctl send`: composes or reads a message, has it accepted, and tells what became of each recipient. */
import { parseDuration } from '../../base/duration.ts'
import { MailctlError } from '../../base/errors.ts'
import { interruptible } from '../../base/interruptible.ts'
import { printable } from '../../base/redact.ts'
import { parseMailbox, parseMailboxList } from '../../mail/address.ts'
import { type SplitMessage, splitMessage } from '../../mail/split.ts'
import type { App } from '../../operations/app.ts'
import { composeFromRequest } from '../../operations/compose-message.ts'
import { parseListManagement } from '../../operations/list-management.ts'
import { previewMessage } from '../../operations/preview-message.ts'
import { RECIPIENT_STATUS } from '../../operations/recipient-status.ts'
import { type Submission, submitMessage } from '../../operations/submit-message.ts'
import { waitForOutcome } from '../../operations/wait-for-outcome.ts'
import type { StoredMessage } from '../../ports/store.ts'
import { type CommandContext, command, type Flags } from '../command.ts'
import { composeRequest, DRAFT_OPTIONS, givenDraftFlags } from '../draft-flags.ts'
import { publishOnce } from '../publish-once.ts'
import { SENDING_FAILS } from '../sending-fails.ts'
import { LIST_OPTION, messageTags, SES_OPTIONS } from '../tags.ts'
import { openInput } from '../values.ts'

interface Sent {
  /** What was delivered lies in the lab's inbox. */
  readonly inLab: boolean
  readonly messageId: string
  /** undefined: a dry run, or `--no-wait`. */
  readonly message: StoredMessage | undefined
  readonly recipients: readonly string[]
  /** Addresses that get nothing, known on acceptance. */
  readonly suppressed: readonly string[]
  readonly dryRun: boolean
}

export default command<Sent>({
  path: 'send',
  summary: 'Send a message',
  details:
    'Returns when every recipient has the outcome of a first attempt: --no-wait returns on acceptance, --wait when every recipient is final. ' +
    "What is accepted is durable; deferred recipients stay in the queue, and 'mailctl queue flush' tries them again.",
  examples: [
    "mailctl send --from 'Shop <orders@example.com>' --to ann@gmail.com --subject Hello --text 'Hello Ann' --attach invoice.pdf",
    'mailctl send --raw message.eml',
    'mailctl send --raw - --to ann@gmail.com --no-wait < message.eml',
  ],
  options: [
    ...DRAFT_OPTIONS,
    {
      flags: '--raw <file>',
      summary: 'send this message; - is stdin. --to, --cc, --bcc and --return-path then set the envelope',
      path: true,
    },
    ...SES_OPTIONS,
    LIST_OPTION,
    // Before --no-wait, which would make it the default.
    { flags: '--wait', summary: 'return when every recipient is final' },
    { flags: '--no-wait', summary: 'return on acceptance' },
    { flags: '--timeout <duration>', summary: 'how long to wait, for a send-rate token too (default 30s; with --wait 15h)' },
    { flags: '--idempotency-key <key>', summary: 'a second send with this key gives the first message id and sends nothing' },
    { flags: '--signer <name>', summary: 'DKIM signer', choices: ['own', 'dkim-signer'] },
    { flags: '-n, --dry-run', summary: 'check everything and store nothing' },
  ],
  fails: ['no-input', ...SENDING_FAILS],
  results: {
    0: 'all delivered, or accepted with --no-wait',
    1: 'a recipient bounced, or is suppressed',
    75: 'a recipient is queued or deferred',
  },
  run: send,
  json: ({ messageId, message, recipients, suppressed, dryRun }) => ({
    ...(dryRun ? { DryRun: true } : { MessageId: messageId }),
    Recipients:
      message === undefined
        ? recipients.map(address => ({
            EmailAddress: address,
            ...(!dryRun && { Status: suppressed.includes(address) ? 'SUPPRESSED' : 'QUEUED' }),
          }))
        : message.recipients.map(recipientJson),
  }),
  show(io, { messageId, message, recipients, dryRun, inLab }) {
    const { colour } = io
    if (dryRun) return io.line(`Would be accepted for ${recipients.join(', ')}; nothing was stored.`)
    io.line(`Accepted ${messageId}`)
    for (const { address, state, outcome, nextAttemptAt } of message?.recipients ?? []) {
      const tint = state === 'delivered' ? colour.green : state === 'bounced' ? colour.red : colour.yellow
      const { name: host = '', tlsVersion } = outcome?.remote ?? {}
      const over = tlsVersion ?? (state === 'delivered' ? 'in the clear' : '')
      const where = host === '' ? '' : `  ${host}${over === '' ? '' : ` (${over})`}`
      io.line(`  ${address}  ${tint(RECIPIENT_STATUS[state].toLowerCase())}${printable(where)}  ${printable(outcome?.reply ?? '')}`)
      if (nextAttemptAt !== null && state === 'deferred') io.line(colour.dim(`    next attempt ${new Date(nextAttemptAt).toISOString()}`))
    }
    // A person who looks on wants to know where to look; a script does not.
    if (!io.stdout.isTty || message === undefined) return
    if (message.recipients.some(({ state }) => state !== 'delivered')) io.line(`Next: mailctl why ${messageId}`)
    else if (inLab) io.line('Next: mailctl inbox list')
  },
  exit({ message, dryRun }) {
    if (message === undefined || dryRun) return 0
    const statuses = message.recipients.map(({ state }) => RECIPIENT_STATUS[state])
    if (statuses.some(status => status === 'QUEUED' || status === 'DEFERRED')) return 75
    return statuses.every(status => status === 'DELIVERED') ? 0 : 1
  },
})

async function send(context: CommandContext, _: readonly string[], flags: Flags): Promise<Sent> {
  const app = await context.app()
  const submission = await toSubmission(context, app, flags)
  const recipients = submission.recipients ?? []
  const inLab = app.settings.network === 'lab'
  if (flags['dryRun'] === true) {
    const preview = await previewMessage(app, submission)
    return { messageId: '', message: undefined, recipients: preview.recipients, suppressed: [], dryRun: true, inLab }
  }
  const startedAt = app.clock.now()
  context.progress('Sending')
  const { messageId, isDuplicate, warnings, suppressed: stopped = [], reports = [] } = await submitMessage(app, submission)
  const suppressed = stopped.map(({ address }) => address)
  for (const warning of warnings) context.notice(`warning: ${warning}`)
  if (isDuplicate) context.notice('the idempotency key was used before: this is the earlier message')
  if (flags['wait'] === false) return { messageId, message: undefined, recipients, suppressed, dryRun: false, inLab }
  const goal = flags['wait'] === true ? 'final' : 'first-attempt'
  const timeoutMs = Math.max(0, startedAt + timeoutOf(flags) - app.clock.now())
  const message = await waitForOutcome(app, messageId, { goal, timeoutMs, reports, signal: context.signal }).catch(thrown => {
    throw afterAcceptance(thrown, messageId, context.signal)
  })
  await publishOnce(app, context)
  if (message.recipients.some(({ state }) => state === 'deferred'))
    context.notice(`deferred recipients are tried again by mailctl ${app.clock.kind === 'virtual' ? 'clock advance' : 'queue flush'}`)
  return { messageId, message, recipients, suppressed, dryRun: false, inLab }
}

/** A failure while the message is under way must not read as if it had not been accepted. */
function afterAcceptance(cause: unknown, messageId: string, { aborted }: AbortSignal): unknown {
  const accepted = `Message ${messageId} was accepted and waits in the queue.`
  if (aborted) return new MailctlError('interrupted', 'interrupted', { hint: `${accepted} mailctl queue flush delivers it.`, cause })
  if (!(cause instanceof MailctlError)) return cause
  return new MailctlError(cause.code, cause.message, { hint: `${accepted} ${cause.hint ?? ''}`.trim(), cause })
}

const timeoutOf = (flags: Flags): number => {
  const { timeout } = flags
  return parseDuration(typeof timeout === 'string' ? timeout : flags['wait'] === true ? '15h' : '30s')
}

async function toSubmission(context: CommandContext, app: App, flags: Flags): Promise<Submission> {
  const { raw, configSet, contactList, idempotencyKey, signer, returnPath } = flags
  const common = {
    tags: messageTags(flags),
    configurationSet: typeof configSet === 'string' ? configSet : null,
    ...(typeof contactList === 'string' && { listManagement: parseListManagement(contactList) }),
    signer: signer === 'dkim-signer' ? 'dkim-signer' : 'own',
    ...(typeof idempotencyKey === 'string' && { idempotencyKey }),
    rateWaitMs: flags['wait'] === false ? 0 : timeoutOf(flags),
    signal: context.signal,
  } as const
  if (typeof raw === 'string') {
    const surplus = givenDraftFlags(flags, ['to', 'cc', 'bcc', 'return-path'])
    if (surplus.length > 0)
      throw new MailctlError('usage', `--${surplus[0]} has no place beside --raw`, { hint: 'A raw message is sent as it is.' })
    const recipients = ['to', 'cc', 'bcc'].flatMap(name => (flags[name] as readonly string[] | undefined) ?? []).flatMap(parseMailboxList)
    return {
      ...common,
      content: await readRaw(context, raw),
      operation: 'SendRawEmail',
      ...(recipients.length > 0 && { recipients: recipients.map(({ address }) => address) }),
      ...(typeof returnPath === 'string' && { returnPath: parseMailbox(returnPath).address }),
    }
  }
  const composed = await composeFromRequest(app, { ...composeRequest(flags), forSending: true })
  // What composing filled in by itself is overwritten without a word; what was asked for, with a warning.
  const own = [...(flags['date'] === undefined ? ['date'] : []), ...(flags['messageId'] === undefined ? ['message-id'] : [])]
  return {
    ...common,
    content: { ...composed, header: composed.header.filter(({ name }) => !own.includes(name.toLowerCase())) },
    recipients: composed.recipients,
    operation: 'SendEmail',
    ...(composed.returnPath !== '' && { returnPath: composed.returnPath }),
  }
}

async function readRaw({ io, signal }: CommandContext, path: string): Promise<SplitMessage> {
  return splitMessage(interruptible(await openInput(path, io), signal))
}

const recipientJson = ({
  address,
  state,
  outcome,
  attempts,
  nextAttemptAt,
}: StoredMessage['recipients'][number]): Record<string, unknown> => ({
  EmailAddress: address,
  Status: RECIPIENT_STATUS[state],
  ...(outcome !== null && {
    SmtpResponse: outcome.reply,
    ...(outcome.remote !== undefined && {
      RemoteMta: outcome.remote.name,
      ...(outcome.remote.ip !== undefined && { RemoteMtaIp: outcome.remote.ip }),
      ...(outcome.remote.tlsVersion !== undefined && { TlsVersion: outcome.remote.tlsVersion }),
    }),
  }),
  Attempts: attempts,
  ...(state === 'deferred' && nextAttemptAt !== null && { NextAttemptTimestamp: new Date(nextAttemptAt).toISOString() }),
})
