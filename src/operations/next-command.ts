/** The command that helps most now. */
import { printable } from '../base/redact.ts'
import type { NextStep } from './read-status.ts'

const NEXT: Readonly<Record<Exclude<NextStep['kind'], 'verify' | 'send'>, string>> = {
  suspended: 'mailctl reputation',
  resume: 'mailctl account resume',
  'add-identity': 'mailctl verify domain example.com',
  'leave-sandbox': 'mailctl account request-production --approve',
  'raise-quota': 'mailctl account request-production --approve --max-24h-send N',
  'see-deferred': 'mailctl queue list --state deferred',
  'see-held': 'mailctl queue list --state held',
  flush: 'mailctl queue flush',
  'see-events': 'mailctl events list --since 1h',
}

export function nextCommand(next: NextStep): string {
  if (next.kind !== 'verify' && next.kind !== 'send') return NEXT[next.kind]
  const { name, type } = next.identity
  if (next.kind === 'verify') return `mailctl verify ${type === 'DOMAIN' ? 'domain' : 'email'} ${printable(name)}`
  const from = type === 'DOMAIN' ? `hello@${name}` : name
  return `mailctl simulate success --from ${printable(from)}`
}
