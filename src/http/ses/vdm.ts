/** Settings of Virtual Deliverability Manager as requests say them: `Attributes` of the account, `Options` of a configuration set. */
import type { Switch, VdmOptions } from '../../account/vdm.ts'
import type { Members } from '../members.ts'

export const SWITCHES = ['ENABLED', 'DISABLED'] as const satisfies readonly Switch[]

/** @param names of the two parts */
export function vdmIn(input: Members, names: { readonly dashboard: string; readonly guardian: string }): VdmOptions {
  const engagementMetrics = input.part(names.dashboard)?.choice('EngagementMetrics', SWITCHES)
  const optimizedSharedDelivery = input.part(names.guardian)?.choice('OptimizedSharedDelivery', SWITCHES)
  return { ...(engagementMetrics && { engagementMetrics }), ...(optimizedSharedDelivery && { optimizedSharedDelivery }) }
}
