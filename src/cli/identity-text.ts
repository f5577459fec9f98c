/** Identities and their DNS records for people. What a DNS server said is remote text; `showTable` and `io.line` replace its control characters. */
import type { Identity } from '../account/identity.ts'
import { printable } from '../base/redact.ts'
import { domainToDisplay } from '../mail/idna.ts'
import type { CheckedRecord } from '../operations/identity-view.ts'
import { showFacts } from './account-text.ts'
import type { Colour, Io } from './io.ts'
import { showTime } from './moments.ts'
import { showTable } from './table.ts'

const STATUS_COLOUR: Readonly<Record<string, Colour>> = {
  SUCCESS: 'green',
  FOUND: 'green',
  ADDED: 'green',
  KEPT: 'green',
  FAILED: 'red',
  MISMATCH: 'red',
  REFUSED: 'red',
}

export const statusCell = (text: string): { readonly text: string; readonly colour: Colour } => ({
  text,
  colour: STATUS_COLOUR[text] ?? 'yellow',
})
export const coloured = (io: Io, status: string): string => io.colour[STATUS_COLOUR[status] ?? 'yellow'](status)

/** `xn--…` names with what they mean beside them. */
export function nameText(name: string): string {
  const domain = name.slice(name.lastIndexOf('@') + 1)
  const shown = domainToDisplay(domain)
  return shown === domain ? name : `${name} (${printable(name.slice(0, -domain.length) + shown)})`
}

/** What is still to come of its keys. */
function keyNews({ dkim }: Identity): string {
  const { signing, tokens, unproved, status } = dkim
  if (signing !== null && !tokens.includes(signing.token)) return '; the key before signs until the new ones are found'
  return status === 'SUCCESS' && unproved.length > 0 ? '; the newest key is to be published' : ''
}

export function showIdentity(io: Io, identity: Identity): void {
  const { verification, dkim, mailFrom } = identity
  const since =
    verification.lastSuccessAt === null
      ? ''
      : `, last proved ${showTime(verification.lastSuccessAt)} in ${verification.proof === 'lab' ? 'the lab' : 'DNS'}`
  const why = verification.errorType === null ? '' : ` (${verification.errorType})`
  const facts: (readonly [string, string])[] = [
    ['Identity', nameText(identity.name)],
    ['Verification', `${coloured(io, verification.status)}${why}${verification.proof === null ? '' : since}`],
  ]
  if (identity.type === 'DOMAIN')
    facts.push([
      'DKIM',
      `${coloured(io, dkim.status)}, signing ${dkim.signingEnabled ? 'on' : 'off'}, ${dkim.keyLength}${keyNews(identity)}`,
    ])
  else if (dkim.signingChosen && !dkim.signingEnabled) facts.push(['DKIM', "signing off, whatever its domain's is"])
  if (mailFrom) {
    const rejects = mailFrom.onFailure === 'REJECT_MESSAGE' ? ', mail is refused without it' : ''
    facts.push(['MAIL FROM', `${mailFrom.domain} ${coloured(io, mailFrom.status)}${rejects}`])
  }
  if (identity.configurationSet !== null) facts.push(['Configuration set', identity.configurationSet])
  if (!identity.feedbackForwarding)
    facts.push(['Feedback', 'bounces and complaints are forwarded by mail only while no event destination tells of both'])
  if (identity.tags.length > 0) facts.push(['Tags', identity.tags.map(({ key, value }) => printable(`${key}=${value}`)).join(', ')])
  showFacts(io, facts)
}

/** One row a record, and below it what differs, in full. */
export async function showChecked(io: Io, records: readonly CheckedRecord[]): Promise<void> {
  if (records.length === 0) return
  // Where nothing is to be said, names have the room.
  const withDetail = !io.stdout.isTty || records.some(({ comparison }) => comparison.detail !== '')
  const rows = records.map(({ planned, comparison }) => [
    planned.purpose,
    planned.type,
    planned.name,
    statusCell(comparison.status),
    ...(withDetail ? [comparison.detail] : []),
  ])
  await showTable(io, { head: ['Purpose', 'Type', 'Name', 'Status', ...(withDetail ? ['Detail'] : [])], rows })
  for (const { planned, comparison } of records) {
    if (comparison.status === 'FOUND' || comparison.status === 'UNREACHABLE') continue
    io.line()
    io.line(`${planned.purpose} ${planned.name}`)
    io.line(`  expected  ${planned.value}`)
    for (const text of comparison.found) io.line(`  found     ${printable(text)}`)
  }
}
