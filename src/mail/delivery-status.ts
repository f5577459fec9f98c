/**
 * The recipients of a `message/delivery-status` (RFC 3464 §2.3, RFC 6533), read leniently: groups may lack their empty line, have one too
 * many, or have lines between them that are no fields. The per-recipient fields alone count.
 */
import { decodeText } from './encoded-word.ts'
import { readFields } from './report-parts.ts'

export interface DeliveryStatusGroup {
  readonly address: string
  /** As the sender gave it, where mail was forwarded on the way and `address` is another. */
  readonly originalAddress?: string
  /** In lower case. */
  readonly action: string
  readonly status: string
  readonly diagnosticCode: string
}

const MAX_GROUPS = 1_000
const MAX_DIAGNOSTIC = 2_000
const OURS: ReadonlySet<string> = new Set(['final-recipient', 'original-recipient', 'action', 'status', 'diagnostic-code'])

export function readDeliveryStatus(text: string): DeliveryStatusGroup[] {
  const groups: Map<string, string>[] = []
  let group = new Map<string, string>()
  const close = (): void => {
    if (hasRecipient(group)) groups.push(group)
    group = new Map()
  }
  for (const block of text.split(/\r?\n[ \t]*\r?\n/)) {
    for (const { name, value } of readFields(block)) {
      if (!OURS.has(name)) continue
      if (name === 'final-recipient' && group.has(name)) close()
      if (!group.has(name)) group.set(name, value)
    }
    if (hasRecipient(group) && group.has('status')) close()
    if (groups.length >= MAX_GROUPS) break
  }
  close()
  return groups.slice(0, MAX_GROUPS).map(toGroup)
}

const hasRecipient = (group: ReadonlyMap<string, string>): boolean => group.has('final-recipient') || group.has('original-recipient')

function toGroup(group: ReadonlyMap<string, string>): DeliveryStatusGroup {
  const final = withoutType(decodeText(group.get('final-recipient') ?? ''))
  const original = withoutType(decodeText(group.get('original-recipient') ?? ''))
  const action = (group.get('action') ?? '').toLowerCase().replace(/\s*\(.*$/, '')
  const address = final.includes('@') || original === '' ? final : original
  return {
    address,
    ...(original !== '' && original.toLowerCase() !== address.toLowerCase() && { originalAddress: original }),
    action: /^(fail|expired|error|bounced)/.test(action) ? 'failed' : action,
    status: group.get('status') ?? '',
    diagnosticCode: decodeText(group.get('diagnostic-code') ?? '').slice(0, MAX_DIAGNOSTIC),
  }
}

/** `rfc822; ann@example.com` without its type: RFC 3464 §2.1.2. */
function withoutType(value: string): string {
  const bare = value
    .slice(0, 1_000)
    .replace(/^[^;@]{0,60};\s*/, '')
    .trim()
  return /<([^<>\s]+@[^<>\s]+)>/.exec(bare)?.[1] ?? bare.replace(/^<|>$/g, '').trim()
}
