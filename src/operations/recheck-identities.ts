/**
 * Looking again at domains whose time has come, for the engine of `serve` and for a virtual clock. What was proved is to stay proved, what
 * is searched for is to be found, and what is over is to end when it does.
 */
import type { Identity } from '../account/identity.ts'
import { SEARCH_MS, type Search } from '../account/search.ts'
import { isProvedElsewhere } from '../account/verification.ts'
import { MailctlError } from '../base/errors.ts'
import { type CheckingApp, checkDomain } from './verify-identity.ts'

/** Before a domain is thought of again that was proved in the other of lab and real DNS, and is not asked about here. */
const ELSEWHERE_MS = 6 * 3_600_000
/** After a look that could not be made: a key that is gone from the disk, say. */
const FAILED_MS = 3_600_000

export interface RecheckAsk {
  /** Domains. They are looked at one after the other. */
  readonly limit: number
  readonly signal: AbortSignal
}

export interface Rechecked {
  readonly checked: number
  /** What its owner should know, one sentence each. */
  readonly warnings: readonly string[]
}

/** One that is changed or deleted meanwhile is left to the next pass. @throws MailctlError store-unavailable, interrupted */
export async function recheckDue(app: CheckingApp, { limit, signal }: RecheckAsk): Promise<Rechecked> {
  const due = await app.store.identitiesToCheck({ now: app.clock.now(), limit })
  const warnings: string[] = []
  for (const identity of due) {
    if (signal.aborted) break
    warnings.push(...(await recheck(app, identity, signal)))
  }
  return { checked: due.length, warnings }
}

async function recheck(app: CheckingApp, identity: Identity, limit: AbortSignal): Promise<string[]> {
  const { store, clock, settings, resolver } = app
  const later = (waitMs: number): Promise<void> => store.saveIdentity({ ...identity, nextCheckAt: clock.now() + waitMs }, identity)
  try {
    if (isProvedElsewhere(identity, { proof: resolver.proof, network: settings.network })) {
      await later(ELSEWHERE_MS)
      return []
    }
    return newsOf(identity, (await checkDomain(app, identity, { resolver: undefined, limit })).identity)
  } catch (error) {
    if (!(error instanceof MailctlError) || error.code === 'interrupted') throw error
    if (error.code === 'conflict' || error.code === 'not-found') return []
    await later(FAILED_MS).catch(() => {}) // the store may be what failed
    return [`${identity.name} could not be checked: ${error.message}`]
  }
}

/** What has changed, of the domain and of its MAIL FROM. */
function newsOf(was: Identity, is: Identity): string[] {
  const { name } = is
  const domain = changeOf(name, { was: was.verification, is: is.verification })
  const mailFrom = was.mailFrom && is.mailFrom ? changeOf(is.mailFrom.domain, { was: was.mailFrom, is: is.mailFrom }) : undefined
  return [domain, mailFrom].filter(text => text !== undefined).map(text => `${text} (mailctl verify domain ${name})`)
}

function changeOf(what: string, { was, is }: { readonly was: Search; readonly is: Search }): string | undefined {
  if (was.status === is.status) return undefined
  if (is.status === 'SUCCESS') return `${what} is verified${was.status === 'TEMPORARY_FAILURE' ? ' again' : ''}`
  if (is.status === 'TEMPORARY_FAILURE') {
    const until = new Date(is.startedAt + SEARCH_MS).toISOString()
    return `the records of ${what} are not found any more; unless they come back by ${until}, it is revoked`
  }
  if (is.status !== 'FAILED') return undefined
  return was.status === 'TEMPORARY_FAILURE'
    ? `${what} is revoked: its records were not found for 72 hours`
    : `the records of ${what} were not found for 72 hours and are not looked for any more`
}
