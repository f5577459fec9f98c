/** The account as a record: what SES calls GetAccount. Rules about it are in `admit.ts`. */
import { MailctlError } from '../base/errors.ts'
import type { SuppressionReason } from './suppression.ts'
import type { VdmAttributes } from './vdm.ts'

export interface Account {
  /** 12 digits. */
  readonly accountId: string
  readonly region: string
  readonly createdAt: number
  /** false: sandbox. */
  readonly productionAccess: boolean
  /** Recipients per rolling 24 hours; -1 is unlimited. */
  readonly max24HourSend: number
  /** Recipients per second. */
  readonly maxSendRate: number
  readonly sendingEnabled: boolean
  readonly enforcementStatus: 'HEALTHY' | 'PROBATION' | 'SHUTDOWN'
  /** Why it is not healthy, and the way out, where that is on record. Follows from its standing; not written with the account. */
  readonly enforcementReason?: string
  /** For which reasons addresses go onto its suppression list and get no mail. Empty: its list is not used. */
  readonly suppressedReasons: readonly SuppressionReason[]
  /** Absent: never set. */
  readonly vdm?: VdmAttributes
  /** Whether new dedicated addresses would be warmed up. Absent: yes. */
  readonly autoWarmup?: boolean
}

/** A virtual clock lives in the lab: outside, time passes for everybody else. @throws MailctlError forbidden */
export function checkClock(clock: 'system' | 'virtual', network: 'lab' | 'relay' | 'live'): void {
  if (clock === 'system' || network === 'lab') return
  throw new MailctlError('forbidden', `an account with a virtual clock stays in the lab; it cannot use the network ${network}`, {
    hint: 'mailctl config set network lab brings it back; mailctl init --home FOLDER makes another account.',
  })
}

/** SES fact: concepts §1, sandbox quota and rate. */
export const SANDBOX = { max24HourSend: 200, maxSendRate: 1 } as const
/** What `request-production --approve` grants when no numbers are given. */
export const PRODUCTION = { max24HourSend: 50_000, maxSendRate: 14 } as const

/** Counters that the store keeps beside the account. */
export interface SendingUsage {
  /** Recipients accepted in the last 24 hours, simulator recipients not counted. */
  readonly sentLast24Hours: number
  /** Tokens in the rate bucket at `tokensAt`; may be negative. */
  readonly tokens: number
  /** Epoch milliseconds. */
  readonly tokensAt: number
}
