/** What the account is and may do: reading it, leaving the sandbox, pausing and resuming. SES facts: GetAccount, PutAccountSendingAttributes. */
import type { Account } from '../account/account.ts'
import { PRODUCTION } from '../account/account.ts'
import { MailctlError } from '../base/errors.ts'
import type { App } from './app.ts'

export interface AccountState {
  readonly account: Account
  /** Recipients in the last 24 hours, those of the mailbox simulator not counted. */
  readonly sentLast24Hours: number
}

export async function readAccountState({ store, clock }: Pick<App, 'store' | 'clock'>): Promise<AccountState> {
  const account = await store.account()
  const { sentLast24Hours } = await store.usage(clock.now())
  return { account, sentLast24Hours }
}

export async function pauseSending(app: Pick<App, 'store' | 'clock'>): Promise<AccountState> {
  await app.store.saveAccount({ ...(await app.store.account()), sendingEnabled: false })
  return await readAccountState(app)
}

/** @throws MailctlError sending-paused when enforcement, not the owner, stopped the account */
export async function resumeSending(app: Pick<App, 'store' | 'clock'>): Promise<AccountState> {
  const account = await app.store.account()
  if (account.enforcementStatus === 'SHUTDOWN')
    throw new MailctlError('sending-paused', 'sending is suspended for this account', {
      hint: 'Its reputation stopped it; see mailctl account show.',
    })
  await app.store.saveAccount({ ...account, sendingEnabled: true })
  return await readAccountState(app)
}

export interface ProductionRequest {
  /** Decided by the caller: no check of identities. */
  readonly decision: 'approve' | 'review'
  /** Recipients per rolling 24 hours, -1 unlimited. */
  readonly max24HourSend?: number
  /** Recipients per second. */
  readonly maxSendRate?: number
}

export interface ProductionDecision extends AccountState {
  readonly status: 'GRANTED' | 'DENIED'
  /** What stands in the way, one sentence each; empty when granted. */
  readonly missing: readonly string[]
}

/**
 * Takes the account out of the sandbox. A review grants it to an account with at least one domain that is verified and signs with DKIM
 * (SES asks people; this is the part of their checklist that can be seen). An account that is out already gets the new limits.
 */
export async function requestProduction(app: Pick<App, 'store' | 'clock'>, request: ProductionRequest): Promise<ProductionDecision> {
  const missing = request.decision === 'approve' ? [] : await missingForProduction(app)
  if (missing.length > 0) return { ...(await readAccountState(app)), status: 'DENIED', missing }
  const account = await app.store.account()
  const granted = account.productionAccess ? account : { ...account, ...PRODUCTION }
  await app.store.saveAccount({
    ...granted,
    productionAccess: true,
    max24HourSend: request.max24HourSend ?? granted.max24HourSend,
    maxSendRate: request.maxSendRate ?? granted.maxSendRate,
  })
  return { ...(await readAccountState(app)), status: 'GRANTED', missing: [] }
}

async function missingForProduction({ store }: Pick<App, 'store'>): Promise<string[]> {
  const domains = (await store.identities()).filter(({ type }) => type === 'DOMAIN')
  if (domains.some(({ verification, dkim }) => verification.status === 'SUCCESS' && dkim.status === 'SUCCESS' && dkim.signingEnabled))
    return []
  if (domains.length === 0) return ['No domain identity: mailctl verify domain DOMAIN']
  return domains.map(({ name, verification, dkim }) => {
    if (verification.status !== 'SUCCESS') return `${name} is not verified (${verification.status}): mailctl verify domain ${name}`
    if (dkim.status !== 'SUCCESS') return `DKIM of ${name} is not proved (${dkim.status}): mailctl verify domain ${name}`
    return `${name} does not sign with DKIM: mailctl identity set ${name} turns it on`
  })
}
