/**
 * Lines of a file with which suppression lists are moved: CSV `address,REASON` or a JSON object, as SES's import jobs read them. A file
 * that takes addresses off the list may leave the reasons out. Pure. SES fact: concepts §8.
 */
import { MailctlError } from '../base/errors.ts'
import { parseAddress } from '../mail/address.ts'
import { SUPPRESSION_REASONS, type SuppressionReason, suppressionKey } from './suppression.ts'

export const FILE_FORMATS = ['csv', 'json'] as const
export type FileFormat = (typeof FILE_FORMATS)[number]

/** Entries that one job takes. */
export const MOST_ENTRIES = { PUT: 100_000, DELETE: 10_000 } as const
export type ImportAction = keyof typeof MOST_ENTRIES

export interface FileEntry {
  /** As the list's key. */
  readonly address: string
  /** undefined where none is needed and none is given. */
  readonly reason: SuppressionReason | undefined
}

/** What a first line that is not blank tells of the format. */
export const formatOf = (line: string): FileFormat => (/^\s*\{\s*["}]/.test(line) ? 'json' : 'csv')

/** @param line without its end; not blank  @throws MailctlError bad-data, saying what is wrong with it */
export function readEntry(line: string, format: FileFormat, action: ImportAction): FileEntry {
  const [address, reason] = format === 'json' ? jsonFields(line) : csvFields(line)
  const key = suppressionKey(parseAddress(address.trim()).address)
  if (reason === undefined && action === 'DELETE') return { address: key, reason }
  const known = SUPPRESSION_REASONS.find(one => one === reason)
  if (known === undefined)
    throw wrong(
      reason === undefined ? 'has no reason' : `has the reason '${reason}', which must be one of ${SUPPRESSION_REASONS.join(', ')}`,
    )
  return { address: key, reason: known }
}

/** A line, without its end. */
export function writeEntry(
  { address, reason }: { readonly address: string; readonly reason: SuppressionReason },
  format: FileFormat,
): string {
  if (format === 'json') return JSON.stringify({ emailAddress: address, reason })
  return `${/[",]/.test(address) ? `"${address.replace(/"/g, '""')}"` : address},${reason}`
}

const wrong = (what: string): MailctlError =>
  new MailctlError('bad-data', what, { hint: 'Write ann@example.com,BOUNCE or {"emailAddress":"ann@example.com","reason":"BOUNCE"}.' })

type Fields = readonly [address: string, reason: string | undefined]

function jsonFields(line: string): Fields {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    throw wrong('is not JSON')
  }
  const { emailAddress, reason } = (typeof value === 'object' && value !== null ? value : {}) as Readonly<Record<string, unknown>>
  if (typeof emailAddress !== 'string') throw wrong('has no emailAddress')
  if (reason === undefined || typeof reason === 'string') return [emailAddress, reason]
  throw wrong('has a reason that is not text')
}

/** RFC 4180: a field in quotes may hold commas, and quotes twice. */
function csvFields(line: string): Fields {
  const fields: string[] = []
  const field = /\s*(?:"((?:[^"]|"")*)"\s*|([^",]*))(,|$)/y
  for (let more = true; more; ) {
    const found = field.exec(line)
    if (found === null) throw wrong('has a quote that does not close its field')
    fields.push((found[1]?.replace(/""/g, '"') ?? found[2] ?? '').trim())
    more = found[3] === ','
  }
  const [address = '', reason, ...others] = fields
  if (others.length > 0) throw wrong(`has ${fields.length} fields where two belong`)
  return [address, reason === '' ? undefined : reason]
}
