/**
 * One pass of the engine for a command: lease what is due, route it, try it, settle it. Every recipient that was leased ends the pass with
 * an outcome in the store, or is given back untouched when the pass is interrupted. `serve` works without passes: `worker/worker.ts`.
 */
import { setMaxListeners } from 'node:events'
import type { Leased, Settlement } from '../ports/store.ts'
import { type DeliverApp, LEASE_MS, routeOf, settleGroup, tryGroup } from './deliver-group.ts'

export interface DeliverAsk {
  /** Only this message. */
  readonly messageId?: string
  readonly signal: AbortSignal
}

/** Groups of one message and one domain worked on at once. */
const CONCURRENCY = 10

export interface Delivered {
  /** Recipients that got an outcome; 0 when nothing was due. */
  readonly settled: number
  /** Message ids of the delivery reports that were queued on the way. */
  readonly reports: readonly string[]
}

/** @throws MailctlError store-unavailable, interrupted */
export async function deliverDue(app: DeliverApp, { messageId, signal }: DeliverAsk): Promise<Delivered> {
  const { store, clock } = app
  const groups = await store.lease({
    now: clock.now(),
    leaseMs: LEASE_MS,
    limit: CONCURRENCY,
    ...(messageId !== undefined && { messageId }),
  })
  return await deliverGroups(app, groups, signal)
}

/** Tries groups that this process holds. @throws MailctlError store-unavailable, interrupted */
export async function deliverGroups(app: DeliverApp, groups: readonly Leased[], signal: AbortSignal): Promise<Delivered> {
  const { store, clock } = app
  // Each group listens for the interruption: that they are many is no leak that Node should warn of.
  setMaxListeners(0, signal)
  let settled = 0
  const reports: string[] = []
  const failures: unknown[] = []
  const work = async (group: Leased): Promise<void> => {
    try {
      const done = await deliverGroup(app, group, signal)
      if (done === undefined) return
      settled += done.recipients.length
      reports.push(...done.reports.map(({ id }) => id))
    } catch (error) {
      failures.push(error)
    }
  }
  // A virtual clock promises the same order every time, so there groups go one after the other.
  if (clock.kind === 'virtual') for (const group of groups) await work(group)
  else await Promise.all(groups.map(work))
  // One group's failure waits until the others are settled: what a host has taken must not be forgotten because of it.
  if (failures.length > 0) {
    await store.release().catch(() => {}) // the store may be what failed; the leases lapse with this process then
    throw failures[0]
  }
  if (signal.aborted) await store.release()
  return { settled, reports }
}

/** @returns undefined when the pass was interrupted before there were outcomes */
async function deliverGroup(app: DeliverApp, group: Leased, signal: AbortSignal): Promise<Settlement | undefined> {
  if (signal.aborted) return undefined
  const { message, domain, recipients } = group
  const way = await routeOf(app, domain, `${message.id} ${recipients[0]?.attempts ?? 0}`)
  const { outcomes, attempts } = await tryGroup(app, group, way, signal)
  return outcomes && (await settleGroup(app, group, outcomes, attempts))
}
