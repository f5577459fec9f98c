/**
 * The `StsPolicies` port: asks a domain's TXT record whether its policy is still the one we have, fetches a new one, and keeps it until its
 * time is over. RFC 8461 §3.1, §5.1, §10.2: what cannot be fetched, or is no longer announced, does not undo what is kept.
 *
 * Runs on the machine's time. One question at a time for a domain, and its answer is good for some minutes; what is remembered is bounded.
 */
import type { Database } from '../base/database.ts'
import { messageOf } from '../base/errors.ts'
import { type Log, silent } from '../base/log.ts'
import { stsRecordId } from '../mail/mta-sts.ts'
import type { Resolver } from '../ports/resolver.ts'
import type { FoundStsPolicy, StsPolicies } from '../ports/sts-policies.ts'
import { isPublicAddress } from '../wire/public-address.ts'
import { type KeptPolicy, stsRows } from './sqlite/sts-rows.ts'
import { type FetchOptions, fetchStsPolicy } from './sts-fetch.ts'

export interface StsOptions extends Partial<Pick<FetchOptions, 'mayAsk' | 'port' | 'ca' | 'timeoutMs'>> {
  readonly resolver: Pick<Resolver, 'lookup'>
  /** `account.db`. */
  readonly database: Database
  readonly log?: Log
  /** Epoch milliseconds of the machine. */
  readonly now?: () => number
}

/** How long an answer about a domain is believed without asking again; §5.1 wants no more than one failed fetch in five minutes. */
const BELIEVED_MS = 300_000
/** A policy of that age is fetched again, though the record says that it is the same. §10.2 */
const STALE_MS = 86_400_000
const MAX_REMEMBERED = 10_000

interface Remembered {
  readonly until: number
  readonly answer: Promise<FoundStsPolicy>
}

export function openStsPolicies({ resolver, database, log = silent, now = Date.now, ...given }: StsOptions): StsPolicies {
  const rows = stsRows(database)
  const closing = new AbortController()
  const fetching = { mayAsk: isPublicAddress, ...given, resolver, closing: closing.signal }
  const remembered = new Map<string, Remembered>()

  /** What the store cannot say or keep at the moment is fetched again. */
  function attempting<T>(work: () => T): T | undefined {
    try {
      return work()
    } catch (error) {
      log('store', `MTA-STS policies: ${messageOf(error)}`)
      return undefined
    }
  }

  async function find(domain: string): Promise<FoundStsPolicy> {
    const kept = attempting(() => rows.find(domain, now()))
    const good: FoundStsPolicy = kept ? { kind: 'policy', policy: kept.policy } : { kind: 'none' }
    const record = await resolver.lookup(`_mta-sts.${domain}`, 'TXT')
    const texts = record.kind === 'found' ? record.records.flatMap(one => (one.type === 'TXT' ? [one.text] : [])) : []
    const id = stsRecordId(texts)
    if (id === undefined) return good
    if (kept?.id !== id) return await renew(domain, id, kept)
    // The one that is kept is good meanwhile: mail need not wait for its renewal.
    if (now() - kept.fetchedAt >= STALE_MS) void renew(domain, id, kept)
    return good
  }

  async function renew(domain: string, id: string, kept: KeptPolicy | undefined): Promise<FoundStsPolicy> {
    const fetched = await fetchStsPolicy(domain, fetching)
    if (closing.signal.aborted) return { kind: 'none' }
    if (fetched.kind === 'failed') {
      log('dns', `MTA-STS of ${domain}: ${fetched.detail}${kept ? '; the one that is kept still holds' : ''}`)
      return kept ? { kind: 'policy', policy: kept.policy } : fetched
    }
    const { policy } = fetched
    attempting(() => rows.keep(domain, { id, policy, fetchedAt: now(), expiresAt: now() + policy.maxAgeSeconds * 1_000 }))
    return { kind: 'policy', policy }
  }

  return {
    policyOf(domain) {
      const known = remembered.get(domain)
      if (known && known.until > now()) return known.answer
      if (remembered.size >= MAX_REMEMBERED) remembered.clear()
      const answer = find(domain)
      remembered.set(domain, { until: now() + BELIEVED_MS, answer })
      return answer
    },
    async close() {
      closing.abort()
    },
  }
}
