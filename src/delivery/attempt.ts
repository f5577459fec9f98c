/**
 * One attempt for some recipients of a message: the hosts of their route in order, until one has answered for them.
 *
 * A host that could not be reached, or that put us off before it answered for any recipient, leaves the next one to be tried; an answer
 * ends the attempt, for each recipient. Promises one outcome per recipient, in their order, and one record per host tried. The doubtful
 * case is the temporary one: as long as any host may still take the message, what another one refused before a recipient is not final.
 */
import { printable } from '../base/redact.ts'
import type { Outcome } from '../mail/outcome.ts'
import type { TlsResult } from '../mail/tls-result.ts'
import type { Clock } from '../ports/clock.ts'
import type { AttemptRecord } from '../ports/store.ts'
import type { TlsReports } from '../ports/tls-reports.ts'
import type { Delivery, Hop, HopResult, Transport } from '../ports/transport.ts'
import type { RelayHealth } from './relay-health.ts'
import type { Route, Skipped } from './route.ts'
import { isRelaySite } from './site.ts'

/** RFC 5321 §5.1 asks for two at least. */
export const MAX_HOPS = 5

export interface Attempted {
  /** One per recipient, in their order. */
  readonly outcomes: readonly Outcome[]
  readonly records: readonly AttemptRecord[]
}

interface Attempting {
  readonly transport: Pick<Transport, 'attempt'>
  readonly clock: Pick<Clock, 'now'>
  readonly tlsReports: Pick<TlsReports, 'note'>
  readonly relayHealth: RelayHealth
}

/** @throws what `Transport.attempt` throws: an abort, or a message that cannot be read */
export async function attempt(
  { transport, clock, tlsReports, relayHealth }: Attempting,
  { route, delivery, signal }: { readonly route: Route; readonly delivery: Delivery; readonly signal?: AbortSignal },
): Promise<Attempted> {
  const skipped = route.skipped?.map(host => skippedRecord(host, delivery, clock.now())) ?? []
  for (const { session } of route.skipped ?? []) tlsReports.note(session)
  if (route.kind === 'none') return withoutHost(route.outcome, { delivery, at: clock.now(), skipped })
  const records: AttemptRecord[] = skipped
  let outcomes: readonly Outcome[] = []
  const toRelays = isRelaySite(route.site)
  const hops = toRelays ? relayHealth.order(route.hops, clock.now()) : route.hops
  for (const hop of hops.slice(0, MAX_HOPS)) {
    const startedAt = clock.now()
    const result = await transport.attempt(hop, delivery, signal)
    if (toRelays) relayHealth.note(hop, result.kind, clock.now())
    if (result.tls !== undefined) noteTls(tlsReports, hop, result.tls)
    records.push(recordOf(hop, result, { delivery, startedAt, endedAt: clock.now() }))
    if (result.kind === 'session') return { outcomes: result.outcomes, records }
    outcomes = result.outcomes.map((outcome, index) => milder(outcomes[index], outcome))
  }
  return { outcomes, records }
}

/** Of two hosts' reasons the temporary one, else the later one. */
const milder = (earlier: Outcome | undefined, later: Outcome): Outcome =>
  earlier?.action === 'delayed' && later.action === 'failed' ? earlier : later

/** A domain without a policy did not ask for good certificates, so that a bad one is no failure. RFC 8460 §4.3.1 */
function noteTls(tlsReports: Attempting['tlsReports'], { policy, hostName }: Hop, tls: TlsResult): void {
  if (policy === undefined || policy.domain === '') return
  const { domain, type, failure } = policy
  const isUnasked = type === 'no-policy-found' && tls.startsWith('certificate-')
  tlsReports.note({ domain, policy: type, host: hostName, result: isUnasked ? 'success' : (failure ?? tls) })
}

const untried = (
  { messageId, recipients }: Delivery,
  at: number,
): Pick<AttemptRecord, 'messageId' | 'recipients' | 'startedAt' | 'endedAt'> => ({
  messageId,
  recipients,
  startedAt: at,
  endedAt: at,
})

const skippedRecord = ({ host, words }: Skipped, delivery: Delivery, at: number): AttemptRecord => ({
  ...untried(delivery, at),
  host,
  address: '',
  summary: printable(`not tried: ${words}`),
  transcript: [],
})

function withoutHost(
  outcome: Outcome,
  { delivery, at, skipped }: { readonly delivery: Delivery; readonly at: number; readonly skipped: readonly AttemptRecord[] },
): Attempted {
  const record = { ...untried(delivery, at), host: '', address: '', summary: outcome.reply, transcript: [] }
  return { outcomes: delivery.recipients.map(() => outcome), records: [...skipped, record] }
}

function recordOf(
  { hostName, address, rival }: Hop,
  { kind, outcomes, transcript }: HopResult,
  { delivery, startedAt, endedAt }: { readonly delivery: Delivery; readonly startedAt: number; readonly endedAt: number },
): AttemptRecord {
  const { messageId, recipients } = delivery
  // Of two addresses only the outcome knows which one answered.
  const reached = rival === undefined ? address : (outcomes[0]?.remote?.ip ?? address)
  return { messageId, startedAt, endedAt, recipients, host: hostName, address: reached, summary: summaryOf(kind, outcomes), transcript }
}

/** `delivered: 250 2.0.0 ok`, or counts where recipients differ: `2 delivered, 1 failed`. */
function summaryOf(kind: HopResult['kind'], outcomes: readonly Outcome[]): string {
  const [first] = outcomes
  if (!first) return 'no recipients'
  if (outcomes.every(({ reply }) => reply === first.reply))
    return printable(`${kind === 'session' ? first.action : 'unreachable'}: ${first.reply}`)
  const counts = new Map<string, number>()
  for (const { action } of outcomes) counts.set(action, (counts.get(action) ?? 0) + 1)
  return [...counts].map(([action, count]) => `${count} ${action}`).join(', ')
}
