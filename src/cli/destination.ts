/** What the commands of `destination` have in common: whose it is, its flags, and how it looks on a terminal. */
import { resolve } from 'node:path'
import type { DestinationOwner, Place, Service } from '../account/event-destination.ts'
import { MailctlError } from '../base/errors.ts'
import { printable } from '../base/redact.ts'
import type { ServiceAsk } from '../operations/event-destinations.ts'
import { identityName } from '../operations/read-identity.ts'
import type { StoredDestination } from '../ports/event-destinations.ts'
import { showFacts } from './account-text.ts'
import type { Flags, OptionSpec } from './command.ts'
import type { Io } from './io.ts'
import { showTime, textFlag } from './moments.ts'

export const OWNER_FLAGS: readonly OptionSpec[] = [
  { flags: '--config-set <name>', summary: "of this configuration set's messages" },
  { flags: '--identity <name>', summary: 'of messages that this domain or address authorised, in the classic form' },
]

export const DESTINATION_FLAGS: readonly OptionSpec[] = [
  { flags: '--events <types>', summary: 'which, with commas between: SEND,DELIVERY,BOUNCE (default: all)' },
  { flags: '--url <url>', summary: 'where they are posted' },
  { flags: '--file <file>', summary: 'the file they are added to, one a line', path: true },
  { flags: '--command <command>', summary: 'run by the shell for each; it reads the event from stdin' },
  {
    flags: '--form <form>',
    summary: 'what is said: sns (default with --url), eventbridge, firehose, or plain, the event alone (default otherwise)',
    choices: ['sns', 'eventbridge', 'firehose', 'plain'],
  },
  { flags: '--arn <arn>', summary: 'of the topic, event bus or delivery stream (default: made from the account and the name)' },
  { flags: '--signature-version <version>', summary: 'of SNS: 1 signs with SHA-1, 2 with SHA-256 (default: 1)', choices: ['1', '2'] },
  { flags: '--raw <state>', summary: 'SNS without envelope and signature: on or off (default: off)', choices: ['on', 'off'] },
  {
    flags: '--headers <state>',
    summary: "of an identity's: with the message's header fields: on or off (default: off)",
    choices: ['on', 'off'],
  },
  { flags: '--enabled <state>', summary: 'on or off (default: on)', choices: ['on', 'off'] },
  { flags: '--confirmed', summary: 'the SNS endpoint is ours: it is not asked to confirm' },
]

/** @throws MailctlError usage, when both are given; bad-data */
export function ownerFlag(flags: Flags): DestinationOwner | undefined {
  const [set, identity] = [textFlag(flags, 'configSet'), textFlag(flags, 'identity')]
  if (set !== undefined && identity !== undefined)
    throw new MailctlError('usage', '--config-set has no place beside --identity', { hint: 'A destination belongs to one of them.' })
  if (set !== undefined) return { kind: 'set', name: set }
  return identity === undefined ? undefined : { kind: 'identity', name: identityName(identity) }
}

/** @throws MailctlError usage, when more than one is given */
export function placeFlag(flags: Flags): Place | undefined {
  const given = (['url', 'file', 'command'] as const).filter(name => textFlag(flags, name) !== undefined)
  const [name, other] = given
  if (other !== undefined)
    throw new MailctlError('usage', `--${other} has no place beside --${name}`, { hint: 'A destination leads to one of them.' })
  if (name === undefined) return undefined
  const value = textFlag(flags, name) ?? ''
  if (value === '') throw new MailctlError('usage', `--${name} is empty`, { hint: 'See --help.' })
  if (name === 'url') return { kind: 'url', url: value }
  return name === 'file' ? { kind: 'file', path: resolve(value) } : { kind: 'command', command: value }
}

/** Only what was given. */
export function serviceFlags(flags: Flags): Partial<ServiceAsk> {
  const [form, arn, version, raw] = ['form', 'arn', 'signatureVersion', 'raw'].map(name => textFlag(flags, name))
  return {
    ...(form !== undefined && { kind: form as Service['kind'] }),
    ...(arn !== undefined && { arn }),
    ...(version !== undefined && { signatureVersion: version === '2' ? 2 : 1 }),
    ...(raw !== undefined && { rawDelivery: raw === 'on' }),
  }
}

export const eventsFlag = (flags: Flags): readonly string[] | undefined =>
  textFlag(flags, 'events')
    ?.split(',')
    .filter(name => name.trim() !== '')

const FORMS: Readonly<Record<Service['kind'], string>> = {
  sns: 'SNS',
  eventbridge: 'EventBridge',
  firehose: 'Firehose',
  plain: 'plain events',
}

/** `SNS to http://127.0.0.1:3000/hooks` */
export const leadsTo = ({ service, place }: Pick<StoredDestination, 'service' | 'place'>): string =>
  `${FORMS[service.kind]} to ${place.kind === 'url' ? place.url : place.kind === 'file' ? place.path : `the command ${place.command}`}`

/** `on`, or why nothing is told. */
export function stateText({ enabled, confirmed, restsUntil }: StoredDestination): string {
  if (!enabled) return 'off'
  if (!confirmed) return 'not confirmed'
  return restsUntil === null ? 'on' : `down, tried again from ${showTime(restsUntil)}`
}

export function showDestination(io: Io, destination: StoredDestination): void {
  const { name, owner, eventTypes, service, waiting, deadLetters, lastError } = destination
  showFacts(io, [
    ['Event destination', name],
    [owner.kind === 'set' ? 'Configuration set' : 'Identity', owner.name],
    ['Events', eventTypes.join(', ')],
    ['Sends', printable(leadsTo(destination))],
    ...(service.kind === 'sns'
      ? [
          [
            'Topic',
            `${printable(service.topicArn)}${service.rawDelivery ? ', raw delivery' : `, signature version ${service.signatureVersion}`}`,
          ] as const,
        ]
      : []),
    ['State', stateText(destination)],
    ['Waiting', String(waiting)],
    ['Dead letters', deadLetters === 0 ? '0' : io.colour.red(String(deadLetters))],
    ...(lastError === null ? [] : [['Last error', printable(lastError)] as const]),
  ])
}
