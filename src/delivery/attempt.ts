/**
 * One attempt for some recipients of a message: the hosts of their route in order, until one has answered for them.
 *
 * A host that could not be reached, or that put us off before it answered for any recipient, leaves the next one to be tried; an answer
 * ends the attempt, for each recipient. Promises one outcome per recipient, in their order, and one record per host tried. The doubtful
 * case is the temporary one: as long as any host may still take the message, what another one refused before a recipient is not final.
 */
import { printable } from '../base/redact.ts'
import type { Outcome } from '../mail/outcome.ts'
import type { Clock } from '../ports/clock.ts'
import type { AttemptRecord } from '../ports/store.ts'
import type { Delivery, Hop, HopResult, Transport } from '../ports/transport.ts'
import type { Route } from './route.ts'

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
}

/** @throws what `Transport.attempt` throws: an abort, or a message that cannot be read */
export async function attempt(
  { transport, clock }: Attempting,
  { route, delivery, signal }: { readonly route: Route; readonly delivery: Delivery; readonly signal?: AbortSignal },
): Promise<Attempted> {
  if (route.kind === 'none') return withoutHost(route.outcome, delivery, clock.now())
  const records: AttemptRecord[] = []
  let outcomes: readonly Outcome[] = []
  for (const hop of route.hops.slice(0, MAX_HOPS)) {
    const startedAt = clock.now()
    const result = await transport.attempt(hop, delivery, signal)
    records.push(recordOf(hop, result, { delivery, startedAt, endedAt: clock.now() }))
    if (result.kind === 'session') return { outcomes: result.outcomes, records }
    outcomes = result.outcomes.map((outcome, index) => milder(outcomes[index], outcome))
  }
  return { outcomes, records }
}

/** Of two hosts' reasons the temporary one, else the later one. */
const milder = (earlier: Outcome | undefined, later: Outcome): Outcome =>
  earlier?.action === 'delayed' && later.action === 'failed' ? earlier : later

function withoutHost(outcome: Outcome, { messageId, recipients }: Delivery, at: number): Attempted {
  const record = { messageId, recipients, startedAt: at, endedAt: at, host: '', address: '', summary: outcome.reply, transcript: [] }
  return { outcomes: recipients.map(() => outcome), records: [record] }
}

function recordOf(
  { hostName, address }: Hop,
  { kind, outcomes, transcript }: HopResult,
  { delivery, startedAt, endedAt }: { readonly delivery: Delivery; readonly startedAt: number; readonly endedAt: number },
): AttemptRecord {
  const { messageId, recipients } = delivery
  return { messageId, startedAt, endedAt, recipients, host: hostName, address, summary: summaryOf(kind, outcomes), transcript }
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
