/**
 * What a call of the API leaves to be done in the lab: the records of a domain are published there, as `verify domain` does on the terminal, and
 * looked for at once. Elsewhere the caller publishes them, and `serve` looks for them in its time.
 */
import type { Identity } from '../account/identity.ts'
import type { App } from './app.ts'
import { publishIdentity } from './publish-dns.ts'
import { type CheckingApp, checkDomain } from './verify-identity.ts'

/** The lab's name server is this process or one beside it. */
const LOOK_MS = 5_000

/** @throws MailctlError store-unavailable, unreachable */
export async function publishInLab(app: CheckingApp & Pick<App, 'publisher'>, identity: Identity): Promise<void> {
  if (app.settings.network !== 'lab' || identity.type !== 'DOMAIN') return
  await publishIdentity(app, identity, { target: { kind: 'lab' }, dryRun: false })
  await checkDomain(app, identity, { resolver: undefined, limit: AbortSignal.timeout(LOOK_MS) })
}
