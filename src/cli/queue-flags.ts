/** The filters that the queue's commands share, from flags to what the store understands. */
import { MailctlError } from '../base/errors.ts'
import { printable } from '../base/redact.ts'
import { parseDomain } from '../mail/idna.ts'
import type { QueueFilter } from '../ports/queue.ts'
import type { Flags, OptionSpec } from './command.ts'
import { parseSince, textFlag } from './moments.ts'

export const QUEUE_FILTERS: readonly OptionSpec[] = [
  { flags: '--message <id>', summary: 'only this message, as the argument' },
  { flags: '--domain <domain>', summary: 'only recipients of this domain' },
  { flags: '--older-than <when>', summary: 'only what was accepted that long ago or before: 2h, 14d or 2026-01-31T12:00:00Z' },
  { flags: '--newer-than <when>', summary: 'only what was accepted since: 15m or 2026-01-31' },
  { flags: '--error <status>', summary: 'only after such an error in the last attempt: 4, 4.4 or 4.4.1' },
  { flags: '--config-set <name>', summary: 'only messages of this configuration set' },
]

export const stateOption = (...states: readonly (keyof typeof STATES)[]): OptionSpec => ({
  flags: '--state <state>',
  summary: `only these: ${states.join(', ')}`,
  choices: states,
})

const STATES = { queued: 'queued', active: 'active', deferred: 'deferred', held: 'held' } as const
const isState = (text: string | undefined): text is keyof typeof STATES => text !== undefined && Object.hasOwn(STATES, text)

/** @param messageId the argument  @throws MailctlError usage, bad-data (the domain) */
export function queueFilter(messageId: string | undefined, flags: Flags, now: number): QueueFilter {
  const [message, domain, older, newer, error, configurationSet, state] = [
    ...['message', 'domain', 'olderThan', 'newerThan', 'error', 'configSet', 'state'].map(name => textFlag(flags, name)),
  ]
  if (messageId !== undefined && message !== undefined && message !== messageId)
    throw new MailctlError('usage', 'two messages are named', { hint: 'Name one, as the argument or with --message.' })
  const id = messageId ?? message
  return {
    ...(id !== undefined && { messageId: id }),
    ...(domain !== undefined && { domain: parseDomain(domain) }),
    ...(older !== undefined && { acceptedUntil: parseSince(older, now) }),
    ...(newer !== undefined && { acceptedFrom: parseSince(newer, now) }),
    ...(error !== undefined && { error: parseStatus(error) }),
    ...(configurationSet !== undefined && { configurationSet }),
    ...(isState(state) && { states: [STATES[state]] }),
  }
}

/** An enhanced status or how one begins. RFC 3463 §2 */
function parseStatus(text: string): string {
  if (/^[245](\.\d{1,3}){0,2}$/.test(text)) return text
  throw new MailctlError('usage', `'${printable(text)}' is no enhanced status`, {
    hint: 'Write 4, 4.4 or 4.4.1; mailctl queue list shows them in the last replies.',
  })
}
