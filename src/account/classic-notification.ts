/** An event as an identity's own notification tells it. SES fact: events, "Classic identity notifications". */
import type { SesEvent } from './ses-event.ts'

export interface ClassicOptions {
  readonly includeHeaders: boolean
  /** The Message-ID header field that the caller gave, or ours; shown beside the headers. */
  readonly headerMessageId: string
}

/** `notificationType` in place of `eventType`; no tags, but the two facts that SES keeps in them; headers only where they were asked for. */
export function classicNotification({ eventType, mail, ...detail }: SesEvent, options: ClassicOptions): Record<string, unknown> {
  const { tags, headers, commonHeaders, headersTruncated, ...rest } = mail
  const [sourceIp, callerIdentity] = ['ses:source-ip', 'ses:caller-identity'].map(name => firstOf(tags, name))
  return {
    notificationType: eventType,
    ...detail,
    mail: {
      ...rest,
      ...(sourceIp !== undefined && { sourceIp }),
      ...(callerIdentity !== undefined && { callerIdentity }),
      ...(options.includeHeaders && {
        headersTruncated,
        headers,
        commonHeaders: { ...(commonHeaders as Record<string, unknown>), messageId: options.headerMessageId },
      }),
    },
  }
}

const firstOf = (tags: unknown, name: string): string | undefined =>
  (tags as Readonly<Record<string, readonly string[]>> | undefined)?.[name]?.[0]
