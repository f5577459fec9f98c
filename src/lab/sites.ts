/**
 * Who receives mail in the box: domains, their MX hosts, and how the hosts behave. Domains that are not listed here share one receiver
 * that accepts everything.
 */

import { SIMULATOR_DOMAIN } from '../mail/mailbox-simulator.ts'
import { ACCEPT_ALL, type Policy } from './policy.ts'
import { PROVIDERS, type Provider } from './provider.ts'
import { simulatorPolicy } from './simulator.ts'
import * as test from './test-policies.ts'

export interface MxHost {
  readonly preference: number
  /** `''` is the null MX. RFC 7505 */
  readonly host: string
}

export interface Site {
  readonly mx: readonly MxHost[]
  readonly policy: Policy
  /** What follows the code in the greeting; the host name and `ESMTP` when absent. */
  readonly banner?: string
}

/** The receiver of everybody who is not listed. */
export const EVERYBODY: Site = { mx: [{ preference: 10, host: 'mx.everybody.test' }], policy: ACCEPT_ALL }

const providerSites = (provider: Provider): [domain: string, site: Site][] =>
  Object.entries(provider.mx).map(([domain, hosts]) => [
    domain,
    {
      mx: hosts.map(([preference, host]) => ({ preference: Number(preference), host: String(host) })),
      policy: { tls: 'modern', provider },
      banner: provider.banner,
    },
  ])

const one = (domain: string, policy: Policy): [domain: string, site: Site] => [
  domain,
  { mx: [{ preference: 10, host: `mx.${domain}` }], policy },
]

export const SITES: ReadonlyMap<string, Site> = new Map([
  ...PROVIDERS.flatMap(providerSites),
  [SIMULATOR_DOMAIN, { mx: [{ preference: 10, host: SIMULATOR_DOMAIN }], policy: simulatorPolicy }],
  one('greylist.test', test.greylist),
  one('mailboxfull.test', test.mailboxFull),
  one('nouser.test', test.noUser),
  one('slow.test', test.slow),
  one('notls.test', test.noTls),
  one('badtls.test', test.badTls),
  one('oldtls.test', test.oldTls),
  one('down.test', test.down),
  ['nullmx.test', { mx: [{ preference: 0, host: '' }], policy: test.down }],
  one('drop-after-data.test', test.dropAfterData),
  one('spamtrap.test', test.spamtrap),
  one('busy.test', test.busy),
  [
    'second-mx.test',
    {
      mx: [
        { preference: 10, host: 'mx1.second-mx.test' },
        { preference: 20, host: 'mx2.second-mx.test' },
      ],
      policy: test.secondMx,
    },
  ],
  one('ipv6.test', test.ipv6),
])

const byHost = new Map<string, Site>()
for (const [domain, site] of SITES) for (const name of [domain, ...site.mx.map(({ host }) => host)]) if (name !== '') byHost.set(name, site)

/** The receiver behind a host name: an MX host, or a listed domain itself. @returns the name it goes by, and its site */
export function siteBehind(hostName: string): { readonly host: string; readonly site: Site } {
  const name = hostName.toLowerCase()
  const site = byHost.get(name)
  if (site !== undefined) return { host: name, site }
  return { host: EVERYBODY.mx[0]?.host ?? name, site: EVERYBODY }
}
