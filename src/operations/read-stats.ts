/** What happened day by day, and how TLS went with the domains that mail went to. Read from what was counted as it happened. */
import type { TlsPolicyType, TlsResult } from '../mail/tls-result.ts'
import type { App } from './app.ts'

const DAY_MS = 86_400_000

export interface DayStats {
  /** `2026-01-31`, UTC. */
  readonly day: string
  /** By SES's `eventType`; `Send` is every message that was accepted. */
  readonly events: Readonly<Record<string, number>>
}

export interface TlsStats {
  /** The recipient domain. */
  readonly domain: string
  readonly policy: TlsPolicyType
  readonly result: TlsResult
  readonly sessions: number
}

export interface Stats {
  /** Newest first; a day without events is left out. */
  readonly days: readonly DayStats[]
  /** In order of domain, policy and result. */
  readonly tls: readonly TlsStats[]
}

/** @param since the day that it lies in is the first  @throws MailctlError store-unavailable */
export async function readStats({ store, clock, tlsReports }: Pick<App, 'store' | 'clock' | 'tlsReports'>, since: number): Promise<Stats> {
  const from = Math.floor(since / DAY_MS) * DAY_MS
  const days = new Map<string, Record<string, number>>()
  for (const { at, type, events } of await store.activity({ from, until: clock.now() + 1, spanMs: DAY_MS })) {
    const day = dayOf(at)
    days.set(day, { ...days.get(day), [type]: events })
  }
  const tls = new Map<string, TlsStats>()
  for (const { day, domain, policy, result, count } of await tlsReports.counted()) {
    if (day < dayOf(from)) continue
    const key = `${domain} ${policy} ${result}`
    tls.set(key, { domain, policy, result, sessions: (tls.get(key)?.sessions ?? 0) + count })
  }
  return {
    days: [...days].map(([day, events]) => ({ day, events })).sort((a, b) => (a.day < b.day ? 1 : -1)),
    tls: [...tls].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one),
  }
}

const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10)
