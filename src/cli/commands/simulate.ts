/** `mailctl simulate`: a test send to the mailbox simulator, judged by the events it leaves. */
import { parseDuration } from '../../base/duration.ts'
import { MailctlError } from '../../base/errors.ts'
import { printable } from '../../base/redact.ts'
import { previewSimulation, SIMULATED_OUTCOMES, type Simulated, type SimulatedOutcome, simulate } from '../../operations/simulate.ts'
import { command } from '../command.ts'
import { publishOnce } from '../publish-once.ts'
import { messageTags, SES_OPTIONS } from '../tags.ts'

const VERDICT_EXIT = { expected: 0, other: 1, 'timed-out': 75 } as const

/** What came of it, or who would have been mailed. */
type Shown = Simulated | { readonly recipients: readonly string[] }

export default command<Shown>({
  path: 'simulate',
  arguments: '<outcome>',
  summary: 'Send to the mailbox simulator and see the events',
  details: `Outcomes: ${SIMULATED_OUTCOMES.join(', ')}. The whole loop is real: account rules, queue, an SMTP session on loopback, the reply, the event. Simulator mail counts in the send rate, not in the daily quota. A complaint and an out-of-office answer (ooto) come back as mail to the return path, after 2 s and 3 s; a virtual clock is moved on so far. reject attaches the EICAR test file.`,
  examples: [
    'mailctl simulate success',
    'mailctl simulate bounce --from orders@example.com --label order-17',
    'mailctl simulate bounce --json',
    'mailctl simulate complaint --sim-delay 0',
    'mailctl simulate bounce --isp gmail',
    "mailctl simulate delay --to ann@example.net --code 450 --status 4.2.1 --text 'try later'",
  ],
  options: [
    { flags: '--from <address>', summary: 'sender; default: one of a verified identity' },
    { flags: '--label <label>', summary: 'sub-address, as in bounce+label@simulator.amazonses.com' },
    { flags: '--to <address>', summary: 'play the outcome at the receiver of this address, in the lab' },
    { flags: '--isp <name>', summary: 'in the words of gmail, outlook, yahoo or gmx; without --to at an address of theirs' },
    { flags: '--code <number>', summary: 'with --to or --isp: the reply code' },
    { flags: '--status <status>', summary: 'with --to or --isp: the enhanced status code, such as 5.1.1' },
    { flags: '--text <text>', summary: 'with --to or --isp: the text of the reply' },
    ...SES_OPTIONS,
    { flags: '--sim-delay <duration>', summary: 'how long the simulator waits with its report (default 2s for complaint, 3s for ooto)' },
    { flags: '--timeout <duration>', summary: 'how long to wait for the events (default 30s)' },
    { flags: '-n, --dry-run', summary: 'check everything and send nothing' },
  ],
  fails: ['usage', 'bad-data', 'not-found', 'not-verified', 'sending-paused', 'rate-exceeded', 'config', 'store-unavailable'],
  results: { 0: 'the expected events were seen', 1: 'other events were seen', 75: 'timed out waiting' },
  async run({ app, signal, progress, notice }, [word = ''], flags) {
    const outcome = SIMULATED_OUTCOMES.find(known => known === word)
    if (outcome === undefined) {
      throw new MailctlError('usage', `'${printable(word)}' is not an outcome that can be simulated`, {
        hint: `Choose one of: ${SIMULATED_OUTCOMES.join(', ')}.`,
      })
    }
    if (flags['dryRun'] === true) return await previewSimulation(await app(), request(outcome, flags, signal))
    progress(`Simulating ${outcome}`)
    const opened = await app()
    const simulated = await simulate(opened, request(outcome, flags, signal))
    await publishOnce(opened, { signal, notice })
    return simulated
  },
  json: shown =>
    'recipients' in shown
      ? { DryRun: true, Recipients: shown.recipients.map(address => ({ EmailAddress: address })) }
      : { MessageId: shown.messageId, Outcome: shown.outcome, Events: shown.events.map(({ event }) => event) },
  show(io, shown) {
    if ('recipients' in shown) return io.line(`Would be accepted for ${shown.recipients.join(', ')}; nothing was sent.`)
    const { messageId, outcome, events, verdict } = shown
    for (const { type, recipients, event } of events) {
      const detail = (event['bounce'] ?? event['delivery'] ?? event['deliveryDelay'] ?? event['complaint'] ?? event['reject']) as
        | Readonly<Record<string, unknown>>
        | undefined
      const words = ['bounceType', 'bounceSubType', 'delayType', 'smtpResponse', 'complaintFeedbackType', 'reason']
        .map(name => detail?.[name])
        .filter(word => typeof word === 'string')
      io.line(`${type.padEnd(14)}${recipients.join(', ')}  ${printable(words.join(' / '))}`.trimEnd())
    }
    const mark = {
      expected: io.colour.green('as expected'),
      other: io.colour.red('not as expected'),
      'timed-out': io.colour.yellow('timed out'),
    }[verdict]
    io.line(`${outcome}: ${mark}  ${io.colour.dim(messageId)}`)
  },
  exit: shown => ('recipients' in shown ? 0 : VERDICT_EXIT[shown.verdict]),
})

function request(outcome: SimulatedOutcome, flags: Parameters<typeof messageTags>[0], signal: AbortSignal): Parameters<typeof simulate>[1] {
  const { from, label, to, isp, timeout, configSet, simDelay } = flags
  const reply = replyFlags(flags)
  return {
    outcome,
    ...(typeof from === 'string' && { from }),
    ...(typeof label === 'string' && { label }),
    ...(typeof to === 'string' && { to }),
    ...(typeof isp === 'string' && { isp }),
    ...(reply && { reply }),
    tags: messageTags(flags),
    configurationSet: typeof configSet === 'string' ? configSet : null,
    ...(typeof simDelay === 'string' && { reportDelayMs: parseDuration(simDelay) }),
    timeoutMs: parseDuration(typeof timeout === 'string' ? timeout : '30s'),
    signal,
  }
}

function replyFlags({ code, status, text }: Parameters<typeof messageTags>[0]): Parameters<typeof simulate>[1]['reply'] {
  if (code === undefined && status === undefined && text === undefined) return undefined
  return {
    ...(typeof code === 'string' && { code: Number(code) }),
    ...(typeof status === 'string' && { status }),
    ...(typeof text === 'string' && { text }),
  }
}
