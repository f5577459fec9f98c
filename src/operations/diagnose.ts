/** Everything that sending from this machine depends on, looked at once. What cannot be looked at is said to be so; nothing is changed. */
import { MailctlError } from '../base/errors.ts'
import type { Machine } from '../ports/machine.ts'
import type { App } from './app.ts'
import {
  diagnoseCertificate,
  diagnoseClock,
  diagnoseDisk,
  diagnoseEngine,
  diagnoseHome,
  diagnoseKeys,
  diagnoseStore,
} from './diagnose-home.ts'
import { diagnoseHostname, diagnoseIpv6, diagnoseOutbound, diagnosePtr, diagnoseResolver, type NetworkApp } from './diagnose-network.ts'
import { cannotTell, type Diagnosis, type DoctorCheck, fail } from './diagnosis.ts'

/** Mail hosts that are there and have addresses of both families. */
export const DEFAULT_DOMAIN = 'gmail.com'

type DiagnosedApp = NetworkApp & Pick<App, 'keys' | 'certificates'>

export interface DiagnoseAsk {
  readonly home: string
  readonly machine: Machine
  /** The account, or why it cannot be opened. */
  readonly app: DiagnosedApp | MailctlError
  /** Whose mail hosts are asked; absent: `DEFAULT_DOMAIN`. */
  readonly domain?: string
  /** Whom to ask the time; absent: nobody. */
  readonly ntp?: { readonly host: string; readonly port: number }
  /** Read every page of a large store too. */
  readonly full: boolean
  readonly signal: AbortSignal
}

const NEEDS_ACCOUNT: readonly DoctorCheck[] = ['KEYS', 'CERTIFICATE', 'ENGINE', 'RESOLVER', 'HOSTNAME', 'PTR', 'OUTBOUND', 'IPV6']

/** In the order in which things depend on each other. @throws MailctlError interrupted */
export async function diagnose({ home, machine, app, domain = DEFAULT_DOMAIN, ntp, full, signal }: DiagnoseAsk): Promise<Diagnosis[]> {
  const ground = [await diagnoseHome(machine, home), await diagnoseDisk(machine)]
  const clock = await diagnoseClock({ machine, ntp, signal })
  if (app instanceof MailctlError) {
    const store = fail('STORE', app.message, app.hint ?? 'mailctl doctor --debug store says more.')
    return [...ground, store, clock, ...NEEDS_ACCOUNT.map(check => cannotTell(check, 'the account cannot be opened'))]
  }
  const inside = [
    await diagnoseStore(app, full),
    await diagnoseKeys(app),
    await diagnoseCertificate(app, Date.now()),
    clock,
    await diagnoseEngine(app),
  ]
  const resolver = await diagnoseResolver(app, domain)
  const { diagnosis: hostname, addresses } = await diagnoseHostname(app)
  const outside = await Promise.all([
    diagnosePtr(app, addresses),
    diagnoseOutbound(app, domain, signal),
    diagnoseIpv6(app, machine, { domain, signal }),
  ])
  return [...ground, ...inside, resolver, hostname, ...outside]
}
