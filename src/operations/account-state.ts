/** What the account is and may do: reading it, pausing and resuming. SES facts: GetAccount, PutAccountSendingAttributes. */
import type { Account } from '../account/account.ts'
import type { ProductionCase } from '../account/production-access.ts'
import { missingToResume, type Standing } from '../account/reputation.ts'
import type { VdmAttributes } from '../account/vdm.ts'
import { MailctlError } from '../base/errors.ts'
import type { App } from './app.ts'
import { reviewStanding } from './reputation.ts'

export interface AccountState {
  readonly account: Account
  /** Recipients in the last 24 hours, those of the mailbox simulator not counted. */
  readonly sentLast24Hours: number
  readonly standing: Standing
  /** Undefined: production access was never asked for. */
  readonly productionCase: ProductionCase | undefined
}

export async function readAccountState({ store, clock }: Pick<App, 'store' | 'clock'>): Promise<AccountState> {
  const account = await store.account()
  const { sentLast24Hours } = await store.usage(clock.now())
  return { account, sentLast24Hours, standing: await store.standing(), productionCase: await store.productionCase() }
}

/** The same, with enforcement up to date. */
export async function reviewAccountState(app: Pick<App, 'store' | 'clock'>): Promise<AccountState> {
  await reviewStanding(app)
  return await readAccountState(app)
}

/** Kept and shown; nothing is collected by them. Replaces what was set before. */
export const setVdm = ({ store }: Pick<App, 'store'>, vdm: VdmAttributes): Promise<void> => store.changeAccount({ vdm })

export const setAutoWarmup = ({ store }: Pick<App, 'store'>, autoWarmup: boolean): Promise<void> => store.changeAccount({ autoWarmup })

export async function pauseSending(app: Pick<App, 'store' | 'clock'>): Promise<AccountState> {
  await app.store.changeAccount({ sendingEnabled: false })
  return await readAccountState(app)
}

/**
 * Ends the owner's pause, and a suspension too, where what has to be true for that is true, or its owner decides so.
 * @throws MailctlError sending-paused, naming what must be true first
 */
export async function resumeSending(app: Pick<App, 'store' | 'clock'>, decision: 'approve' | 'review'): Promise<AccountState> {
  const { store, clock } = app
  const standing = await reviewStanding(app)
  if (standing.status !== 'SHUTDOWN') {
    await store.changeAccount({ sendingEnabled: true })
    return await readAccountState(app)
  }
  const { suppressedReasons, enforcementReason } = await store.account()
  const missing = decision === 'approve' ? [] : missingToResume(standing, suppressedReasons, clock.now())
  if (missing.length > 0)
    throw new MailctlError('sending-paused', `sending is suspended for this account: ${missing.join('; ')}`, {
      hint: enforcementReason ?? 'mailctl reputation shows what led to it.',
    })
  await store.endSuspension(clock.now())
  return await readAccountState(app)
}
