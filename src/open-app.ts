/**
 * The one place that knows every technology: settings → adapters → `App`. What a command may not need is opened by its first use: the lab
 * with its database and listeners, the resolver's and transport's sockets, the verifier.
 */
import { join } from 'node:path'
import type { Account } from './account/account.ts'
import { createAuthenticator } from './adapters/authenticator.ts'
import { files } from './adapters/files.ts'
import { openKeys } from './adapters/keys.ts'
import { createNameServer } from './adapters/name-server.ts'
import { createPublisher } from './adapters/publisher.ts'
import { createResolver } from './adapters/resolver.ts'
import { createAccount as createAccountFile, openAccount } from './adapters/sqlite/account-file.ts'
import { openDatabase } from './adapters/sqlite/driver.ts'
import { openRenderer } from './adapters/template-renderer.ts'
import { createTransport } from './adapters/transport.ts'
import type { Database } from './base/database.ts'
import type { Log } from './base/log.ts'
import type { OpenLab } from './lab/lab.ts'
import type { App } from './operations/app.ts'
import type { Lab } from './ports/lab.ts'
import type { Config, Network } from './ports/settings.ts'

export interface OpenedApp extends App {
  /** Ends listeners and sessions, gives leases back, closes the databases. */
  close(): Promise<void>
}

export interface OpenAppOptions {
  readonly log: Log
}

/** @throws MailctlError config when the home has no account or is newer than this program, store-unavailable */
export async function openApp(config: Config, { log }: OpenAppOptions): Promise<OpenedApp> {
  const { home, settings } = config
  const { store, clock, ids } = openAccount(home, settings.network)
  const lab = new LazyLab({ home, network: settings.network, hostname: settings.hostname, now: () => clock.now(), log })
  const resolver = createResolver({ network: settings.network, resolver: config.resolver, labServer: () => lab.dns(), log })
  const transport = createTransport({ network: settings.network, lab })
  return {
    settings,
    store,
    clock,
    ids,
    keys: openKeys(join(home, 'keys')),
    resolver,
    transport,
    lab,
    publisher: target => createPublisher(target, { network: settings.network, labZone: () => lab.zone(), resolver, log }),
    nameServer: createNameServer(log),
    authenticator: createAuthenticator({ resolver, clock }),
    files,
    renderer: openRenderer(),
    log,
    async close() {
      await transport.close()
      await resolver.close()
      await lab.close()
      await store.close()
    },
  }
}

export interface NewAccountOptions {
  readonly clock: 'system' | 'virtual'
  readonly startAt?: number
  readonly seed?: number
  readonly region: string
}

/** Makes the account of this home, or finds the one that is there. @throws MailctlError store-unavailable, config */
export async function createAccount(
  { home }: Config,
  { clock, startAt, seed, region }: NewAccountOptions,
): Promise<{ readonly account: Account; readonly created: boolean }> {
  return createAccountFile({
    home,
    region,
    clock,
    ...(startAt !== undefined && { startAt }),
    ...(seed !== undefined && { seed: String(seed) }),
  })
}

interface LabPlace {
  readonly home: string
  readonly network: Network
  readonly hostname: string
  readonly now: () => number
  readonly log: Log
}

/** The lab, with its module and its database loaded when something first asks for it. */
class LazyLab implements Lab {
  readonly #place: LabPlace
  #open: Promise<{ readonly lab: OpenLab; readonly database: Database }> | undefined

  constructor(place: LabPlace) {
    this.#place = place
  }

  readonly inbox: Lab['inbox'] = {
    list: async filter => (await this.#lab()).inbox.list(filter),
    get: async id => (await this.#lab()).inbox.get(id),
    open: async id => (await this.#lab()).inbox.open(id),
    clear: async () => (await this.#lab()).inbox.clear(),
  }

  async dns(): ReturnType<Lab['dns']> {
    return (await this.#lab()).dns()
  }

  async door(hostName: string, address: string): ReturnType<Lab['door']> {
    return (await this.#lab()).door(hostName, address)
  }

  /** What was published to the lab's name server. */
  async zone(): Promise<OpenLab['zone']> {
    return (await this.#lab()).zone
  }

  async close(): Promise<void> {
    const opened = await this.#open?.catch(() => undefined)
    await opened?.lab.close()
    opened?.database.close()
  }

  async #lab(): Promise<OpenLab> {
    this.#open ??= this.#openLab()
    return (await this.#open).lab
  }

  async #openLab(): Promise<{ readonly lab: OpenLab; readonly database: Database }> {
    const { home, network, hostname, now, log } = this.#place
    const [{ openLab }, { LAB_MIGRATIONS }] = await Promise.all([import('./lab/lab.ts'), import('./lab/schema.ts')])
    const database = openDatabase(join(home, 'lab.db'), LAB_MIGRATIONS)
    return { database, lab: openLab({ database, now, hostname, scope: network === 'lab' ? 'internet' : 'simulator', log }) }
  }
}
