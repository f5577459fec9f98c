/** Events that were recorded, one a line, as if they happened now. */
import type { SesEvent } from '../account/ses-event.ts'
import { MailctlError } from '../base/errors.ts'
import { printable } from '../base/redact.ts'
import type { EventFilter, LoggedEvent } from '../ports/store.ts'

/** All of them, in order: a bad line means that none is sent. @param name of the file  @throws MailctlError bad-data, with the line */
export function readRecording(text: string, name: string): LoggedEvent[] {
  return text.split('\n').flatMap((line, index) => {
    if (line.trim() === '') return []
    const event = eventIn(line)
    const messageId = event?.mail['messageId']
    if (event === undefined || typeof messageId !== 'string')
      throw new MailctlError('bad-data', `${printable(name)}:${index + 1} is no event of SES in JSON`, {
        hint: 'mailctl listen --record FILE writes such a file: one event a line.',
      })
    const at = Date.parse(String(event.mail['timestamp']))
    return [{ id: index + 1, type: event.eventType, at: Number.isNaN(at) ? 0 : at, messageId, recipients: [], event }]
  })
}

function eventIn(line: string): SesEvent | undefined {
  try {
    const read: unknown = JSON.parse(line)
    if (typeof read !== 'object' || read === null || !('eventType' in read) || !('mail' in read)) return undefined
    const { eventType, mail } = read
    return typeof eventType === 'string' && typeof mail === 'object' && mail !== null ? (read as SesEvent) : undefined
  } catch {
    return undefined
  }
}

/** Whether a recorded event is one that the filter of the log would find. */
export function isAbout({ type, messageId, at, event: { mail } }: LoggedEvent, filter: EventFilter): boolean {
  const tags = mail['tags'] as Readonly<Record<string, readonly string[]>> | undefined
  const destination = (mail['destination'] as readonly string[] | undefined) ?? []
  return (
    (filter.type === undefined || filter.type === type) &&
    (filter.messageId === undefined || filter.messageId === messageId) &&
    (filter.to === undefined || destination.some(address => isSame(address, filter.to))) &&
    (filter.from === undefined || isSame(/<([^>]*)>$/.exec(String(mail['source']))?.[1] ?? String(mail['source']), filter.from)) &&
    (filter.since === undefined || at >= filter.since) &&
    (filter.configurationSet === undefined || tags?.['ses:configuration-set']?.includes(filter.configurationSet) === true)
  )
}

const isSame = (address: string, asked: string | undefined): boolean => address.toLowerCase() === asked?.toLowerCase()
