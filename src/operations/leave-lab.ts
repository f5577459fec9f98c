/** Leaving the lab: whether the account may, and which identities will not count there. */
import { checkClock } from '../account/account.ts'
import type { App } from './app.ts'

/** @returns identities without a proof from real DNS, which alone counts live; in order of name  @throws MailctlError forbidden (virtual clock) */
export async function namesToProve({ store, clock }: Pick<App, 'store' | 'clock'>, network: 'relay' | 'live'): Promise<string[]> {
  checkClock(clock.kind, network)
  if (network === 'relay') return []
  return (await store.identities()).filter(({ verification }) => verification.proof !== 'dns').map(({ name }) => name)
}
