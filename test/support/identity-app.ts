/** An account in a temporary home with everything that identities need: real store, keys, resolver, publishers, and a lab zone on loopback. */
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { openKeys } from '../../src/adapters/keys.ts'
import { createNameServer } from '../../src/adapters/name-server.ts'
import { createPublisher } from '../../src/adapters/publisher.ts'
import { createResolver } from '../../src/adapters/resolver.ts'
import { createAccount, openAccount } from '../../src/adapters/sqlite/account-file.ts'
import { silent } from '../../src/base/log.ts'
import type { App } from '../../src/operations/app.ts'
import type { Network } from '../../src/ports/settings.ts'
import { type DnsServer, startDnsServer } from '../../src/wire/dns-server.ts'
import { Zone } from '../../src/wire/zone.ts'
import { T0, tempFolder } from './account.ts'

export type IdentityApp = Pick<App, 'settings' | 'store' | 'clock' | 'ids' | 'keys' | 'resolver' | 'publisher' | 'nameServer' | 'log'>

export interface IdentityHome {
  readonly home: string
  readonly zone: Zone
  open(options?: { readonly network?: Network; readonly resolver?: string | undefined }): IdentityApp & { close(): Promise<void> }
}

/** One home; each `open` is another run of the program on it. */
export function identityHome(clock: 'system' | 'virtual' = 'virtual'): IdentityHome {
  const home = tempFolder()
  createAccount({ home, region: 'us-east-1', clock, ...(clock === 'virtual' ? { startAt: T0 } : {}) })
  const zone = new Zone({ apexes: [''], server: 'ns.lab.test' })
  let server: Promise<DnsServer> | undefined
  onTestFinished(async () => await (await server)?.close())
  const labServer = async (): Promise<DnsServer> => {
    server ??= startDnsServer({ host: '127.0.0.1', port: 0, answer: question => zone.lookup(question) })
    return await server
  }
  return {
    home,
    zone,
    open({ network = 'lab', resolver: given } = {}) {
      const { store, clock: opened, ids } = openAccount(home, network)
      const settings = {
        network,
        hostname: 'mta.mailctl.test',
        region: 'us-east-1',
        relay: [],
        retry: [60_000],
        pools: new Map(),
        shaping: new Map(),
        publicUrl: 'http://127.0.0.1:8025',
        webhooks: [],
        labScale: 1,
      }
      const resolver = createResolver({ network, resolver: given, labServer })
      const publisher: App['publisher'] = async target => createPublisher(target, { network, labZone: () => zone, resolver })
      const keys = openKeys(join(home, 'keys'))
      return {
        settings,
        store,
        clock: opened,
        ids,
        keys,
        resolver,
        publisher,
        nameServer: createNameServer(network, silent),
        log: silent,
        close: () => store.close(),
      }
    },
  }
}
