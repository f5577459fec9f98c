/** `mailctl why <message-id>`: the rules that let a message in and one timeline of it, with every SMTP line. */
import { formatDuration, formatSize } from '../../base/duration.ts'
import { printable } from '../../base/redact.ts'
import { type Explanation, explainMessage } from '../../operations/why.ts'
import { command } from '../command.ts'

/** `configuration set` and two spaces. */
const RULE_WIDTH = 19
const time = (at: number): string => new Date(at).toISOString()

export default command<Explanation>({
  path: 'why',
  arguments: '<message-id>',
  summary: 'Tell what happened to a message, step by step',
  details:
    'Shows each rule that was applied and what it decided, acceptance, each SMTP attempt with its dialogue, each event and who was told of it, reports that came back, and what comes next.',
  examples: [
    'mailctl why 0100019cf0000000-aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee-000000',
    'mailctl why --json 0100019cf0000000-aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee-000000',
  ],
  fails: ['not-found', 'store-unavailable', 'config'],
  run: async ({ app }, [messageId = '']) => explainMessage(await app(), messageId),
  json: explanation => ({
    MessageId: explanation.messageId,
    Source: explanation.source,
    Subject: explanation.subject,
    EnvelopeFrom: explanation.envelopeFrom,
    HeaderMessageId: explanation.headerMessageId,
    CallerMessageId: explanation.callerMessageId,
    Size: explanation.sizeBytes,
    SignedBy: explanation.signedBy,
    Recipients: explanation.recipients.map(({ address, state, attempts, reply }) => ({
      EmailAddress: address,
      Status: state.toUpperCase(),
      Attempts: attempts,
      SmtpResponse: reply,
    })),
    Rules: explanation.rules.map(({ rule, text }) => ({ Rule: rule, Text: text })),
    Timeline: explanation.timeline.map(({ at, kind, text, transcript }) => ({
      Timestamp: time(at),
      Kind: kind.toUpperCase(),
      Text: text,
      Transcript: transcript,
    })),
  }),
  show(io, explanation) {
    const { colour } = io
    io.line(colour.bold(explanation.messageId))
    io.line(`  from       ${printable(explanation.source)}`)
    io.line(`  subject    ${printable(explanation.subject)}`)
    io.line(`  size       ${formatSize(explanation.sizeBytes)}`)
    io.line(`  envelope   <${explanation.envelopeFrom}>`)
    io.line(`  Message-ID <${explanation.headerMessageId}>`)
    if (explanation.callerMessageId !== null) io.line(`  the caller's Message-ID was <${printable(explanation.callerMessageId)}>`)
    for (const { address, state, attempts, reply } of explanation.recipients) {
      const tint = state === 'delivered' ? colour.green : state === 'bounced' ? colour.red : colour.yellow
      io.line(
        `  ${address}  ${tint(state)} after ${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}${reply === null ? '' : `: ${printable(reply)}`}`,
      )
    }
    if (explanation.rules.length > 0) io.line()
    for (const { rule, text } of explanation.rules) {
      io.line(`  ${colour.dim(rule.toLowerCase().replaceAll('_', ' ').padEnd(RULE_WIDTH))}${printable(text)}`)
    }
    io.line()
    const start = explanation.timeline[0]?.at ?? 0
    for (const { at, text, transcript } of explanation.timeline) {
      io.line(`${colour.dim(`${time(at)}  +${formatDuration(at - start)}`)}  ${printable(text)}`)
      for (const line of transcript) io.line(colour.dim(`    ${printable(line)}`))
    }
  },
})
