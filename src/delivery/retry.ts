/**
 * When to try again, and when to stop. RFC 5321 §4.5.4; SES fact (concepts §11): 14 hours in all, early tries close together.
 * Pure functions of moments in epoch milliseconds.
 */
import type { Outcome } from '../mail/outcome.ts'

const MINUTE = 60_000
/** How long delivery is tried, unless a configuration set says shorter. */
export const DELIVERY_PERIOD_MS = 14 * 60 * MINUTE
/** Up to this part of a wait is added, so that what failed together does not come back together. */
const JITTER = 0.1

export interface RetryQuestion {
  /** Tries made so far, at least 1. */
  readonly attempts: number
  readonly now: number
  readonly expiresAt: number
  /** 0 ≤ x < 1. */
  readonly chance: number
  /** `Settings.retry`: milliseconds after the first try, the second, …; the last one repeats. At least one. */
  readonly waits: readonly number[]
}

/** @returns the moment of the next try; null when the time is over. A wait that would end too late ends at the last moment instead. */
export function nextAttemptAt({ attempts, now, expiresAt, chance, waits }: RetryQuestion): number | null {
  if (now >= expiresAt) return null
  const waitMs = waits[Math.min(attempts, waits.length) - 1] ?? MINUTE
  return Math.min(now + Math.round(waitMs * (1 + JITTER * chance)), expiresAt)
}

/** No try is put off for longer, with all that chance can add. */
export const longestWaitMs = (waits: readonly number[]): number => Math.ceil(Math.max(MINUTE, ...waits) * (1 + JITTER))

/** What a recipient gets whose time is over; the last reply stays readable in it. @param periodMs how long it was tried */
export function gaveUp(last: Outcome, periodMs: number): Outcome {
  const reply = `554 4.4.7 Message expired: unable to deliver in ${Math.round(periodMs / MINUTE)} minutes.<${last.reply}>`
  return { ...last, action: 'failed', status: '4.4.7', reply }
}
