/** Writing an identity's planned records into DNS; what stands at a name and is not ours is left and reported. */
import { isIP } from 'node:net'
import type { PlannedRecord } from '../account/dns-plan.ts'
import type { Identity } from '../account/identity.ts'
import { MailctlError } from '../base/errors.ts'
import { domainToALabels } from '../mail/idna.ts'
import type { PublishResult, PublishTarget } from '../ports/publisher.ts'
import type { App } from './app.ts'
import { dnsPlan, planFor } from './dns-plan.ts'

/** `lab`, `rfc2136://HOST[:PORT]`. @throws MailctlError usage */
export function parsePublishTarget(text: string, tsigFile: string | undefined): PublishTarget {
  const refuse = (): MailctlError =>
    new MailctlError('usage', `'${text}' is no place to publish to`, { hint: 'Write lab, or rfc2136://HOST[:PORT] with --tsig-file FILE.' })
  if (text === 'lab') {
    if (tsigFile === undefined) return { kind: 'lab' }
    throw new MailctlError('usage', 'the lab takes no TSIG key', { hint: 'Leave --tsig-file out.' })
  }
  const match = /^rfc2136:\/\/(?:\[([^\]]+)\]|([^:/[\]]+))(?::(\d{1,5}))?\/?$/.exec(text)
  const typed = match?.[1] ?? match?.[2] ?? ''
  const host = isIP(typed) !== 0 ? typed : domainToALabels(typed)
  const port = Number(match?.[3] ?? 53)
  if (host === undefined || (match?.[1] !== undefined && isIP(host) !== 6) || port < 1 || port > 65_535) throw refuse()
  return { kind: 'rfc2136', host, port, ...(tsigFile === undefined ? {} : { tsigFile }) }
}

/** In the lab we host the provider's zone, so keys behind CNAMEs are published there as well. */
function hostedKeys(records: readonly PlannedRecord[]): PlannedRecord[] {
  return records.flatMap(({ type, value, text }) =>
    type === 'CNAME' && text !== undefined ? [{ purpose: 'DKIM', type: 'TXT', name: value, value: text, required: true } as const] : [],
  )
}

export interface Published {
  /** Where to, for people. */
  readonly target: string
  readonly results: readonly PublishResult[]
}

/** @throws MailctlError usage (the lab outside lab mode), unreachable, config, forbidden, conflict, no-input, bad-data */
export async function publishIdentity(
  app: Pick<App, 'keys' | 'settings' | 'publisher'>,
  identity: Identity,
  { target, dryRun }: { readonly target: PublishTarget; readonly dryRun: boolean },
): Promise<Published> {
  if (target.kind === 'lab' && app.settings.network !== 'lab')
    throw new MailctlError('usage', `records cannot be published to the lab in ${app.settings.network} mode`, {
      hint: 'Publish with rfc2136://HOST, or enter what `mailctl dns plan` prints.',
    })
  const publisher = await app.publisher(target)
  const records = await planFor(app, identity)
  const results = await publisher.publish(records, { dryRun })
  if (target.kind === 'lab') await publisher.publish(hostedKeys(records), { dryRun })
  return { target: publisher.target, results }
}

/** @throws as `publishIdentity`; not-found */
export async function publishDns(
  app: Pick<App, 'store' | 'keys' | 'settings' | 'publisher'>,
  { name, target, dryRun }: { readonly name: string; readonly target: PublishTarget; readonly dryRun: boolean },
): Promise<Published> {
  const { identity } = await dnsPlan(app, name)
  return await publishIdentity(app, identity, { target, dryRun })
}
