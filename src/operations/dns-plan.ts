/** The DNS records an identity needs, as data and as text for other tools. Asks no server. */
import { keyRoles } from '../account/dkim-keys.ts'
import { octodns, PLAN_FORMATS, type PlanFormat, route53, terraform, zoneFile } from '../account/dns-formats.ts'
import { type PlannedRecord, planRecords } from '../account/dns-plan.ts'
import type { Identity } from '../account/identity.ts'
import { MailctlError } from '../base/errors.ts'
import type { App } from './app.ts'
import { readIdentity } from './read-identity.ts'

export { PLAN_FORMATS, type PlanFormat }

/** @throws MailctlError store-unavailable, when a key is gone */
export async function planFor({ keys, settings }: Pick<App, 'keys' | 'settings'>, identity: Identity): Promise<PlannedRecord[]> {
  const publicKeys = new Map<string, string>()
  for (const { token } of keyRoles(identity.dkim)) publicKeys.set(token, await keys.publicKey(token, identity.name))
  return planRecords(identity, publicKeys, settings)
}

/** @throws MailctlError not-found; usage for an address */
export async function dnsPlan(
  app: Pick<App, 'store' | 'keys' | 'settings'>,
  name: string,
): Promise<{ readonly identity: Identity; readonly records: readonly PlannedRecord[] }> {
  const identity = await readIdentity(app, name)
  if (identity.type !== 'DOMAIN')
    throw new MailctlError('usage', `${identity.name} is an address, and addresses need no DNS records`, {
      hint: `Name a domain, such as ${identity.name.slice(identity.name.lastIndexOf('@') + 1)}.`,
    })
  return { identity, records: await planFor(app, identity) }
}

/** @param domain the zone that octoDNS names are relative to */
export function renderPlan(records: readonly PlannedRecord[], format: Exclude<PlanFormat, 'table'>, domain: string): string {
  switch (format) {
    case 'zone':
      return zoneFile(records)
    case 'route53':
      return route53(records)
    case 'terraform':
      return terraform(records)
    case 'octodns':
      return octodns(records, domain)
  }
}
