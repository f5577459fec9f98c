/**
 * What happens to the header of every accepted message: Date and Message-ID are ours, Bcc never travels, Return-Path and the X-SES control
 * fields have been read and go. Pure. SES fact: concepts §6 "Date, Message-ID always overwritten"; contract §2 for the Message-ID's domain.
 */
import { formatDate } from '../mail/date.ts'
import { findField, type Header, headerField, withField } from '../mail/header.ts'
import type { Network } from '../ports/settings.ts'

export interface Rewrite {
  readonly header: Header
  readonly rewritten: {
    /** Without angle brackets. */
    readonly messageId: string
    readonly callerMessageId: string | null
    readonly warnings: readonly string[]
  }
}

export interface RewriteFacts {
  readonly messageId: string
  readonly at: number
  readonly network: Network
  readonly region: string
  /** Of the From address. */
  readonly domain: string
}

const REMOVED: ReadonlySet<string> = new Set([
  'bcc',
  'return-path',
  'x-ses-configuration-set',
  'x-ses-message-tags',
  'x-ses-list-management-options',
  'x-ses-source-arn',
  'x-ses-from-arn',
  'x-ses-return-path-arn',
  'x-ses-tenant',
])

export function rewriteHeader(original: Header, { messageId, at, network, region, domain }: RewriteFacts): Rewrite {
  const callerMessageId = findField(original, 'Message-ID')?.value.replace(/^<|>$/g, '') ?? null
  const warnings: string[] = []
  if (findField(original, 'Date') !== undefined) warnings.push('the Date field was overwritten, as SES does')
  if (callerMessageId !== null) warnings.push('the Message-ID field was overwritten, as SES does; mailctl why shows the original')

  const headerMessageId = `${messageId}@${network === 'lab' ? sesDomain(region) : domain}`
  let header: Header = original.filter(({ name }) => !REMOVED.has(name.toLowerCase()))
  header = withField(header, headerField('Date', formatDate(at)))
  header = withField(header, headerField('Message-ID', `<${headerMessageId}>`))
  if (findField(header, 'MIME-Version') === undefined && findField(header, 'Content-Type') !== undefined) {
    header = withField(header, headerField('MIME-Version', '1.0'))
  }
  return { header, rewritten: { messageId: headerMessageId, callerMessageId, warnings } }
}

/** SES fact: concepts §6 "Ids". */
const sesDomain = (region: string): string => (region === 'us-east-1' ? 'email.amazonses.com' : `${region}.amazonses.com`)
