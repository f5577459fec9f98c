/**
 * The one place that knows every technology: settings → adapters → `App`. What a command may not need is opened by its first use: the lab
 * with its database and listeners, the resolver's and transport's sockets, the verifier.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Account, checkClock } from './account/account.ts'
import { files } from './adapters/files.ts'
import { openKeys } from './adapters/keys.ts'
import { createAccount as createAccountFile, openAccount } from './adapters/sqlite/account-file.ts'
import { openDatabase } from './adapters/sqlite/driver.ts'
import { openTlsReports } from './adapters/sqlite/tls-report-rows.ts'
import type { Database } from './base/database.ts'
import type { Log } from './base/log.ts'
import { RelayHealth } from './delivery/relay-health.ts'
import type { OpenLab } from './lab/lab.ts'
import type { App } from './operations/app.ts'
import { Bandwidth } from './operations/shape-acceptance.ts'
import type { Certificates } from './ports/certificates.ts'
import type { Credentials } from './ports/credentials.ts'
import type { EventPublisher } from './ports/event-publisher.ts'
import type { Lab } from './ports/lab.ts'
import type { Machine } from './ports/machine.ts'
import type { Renderer } from './ports/renderer.ts'
import type { Resolver } from './ports/resolver.ts'
import type { Config, Network } from './ports/settings.ts'
import type { StsPolicies } from './ports/sts-policies.ts'
import type { Transport } from './ports/transport.ts'
import type { Sockets } from './wire/sockets.ts'

export interface OpenedApp extends App {
  /** Ends listeners and sessions, gives leases back, closes the databases. */
  close(): Promise<void>
}

export interface OpenAppOptions {
  readonly log: Log
  /** How the lab and its visitors meet; with any but TCP names are looked up in its zone itself, and nothing listens anywhere. Lab only. */
  readonly sockets?: Sockets
}

/** @throws MailctlError config when the home has no account or is newer than this program, store-unavailable, forbidden (virtual clock outside the lab) */
export async function openApp(config: Config, { log, sockets }: OpenAppOptions): Promise<OpenedApp> {
  const { home, settings } = config
  const { network } = settings
  const { store, clock, ids, database } = openAccount(home, network, { region: settings.region })
  try {
    checkClock(clock.kind, network)
  } catch (error) {
    await store.close()
    throw error
  }
  const certificates = lazyCertificates(config)
  // Where the lab's receivers bring their reports to, whatever doors `serve` has open.
  const inbound = once(async () => {
    const [{ openInboundMx }, tls] = await Promise.all([import('./smtpd/inbound-mx.ts'), certificates.own()])
    const door = await openInboundMx(
      { store, clock, ids, settings },
      { host: '127.0.0.1', port: 0 },
      { tls, log, ...(sockets && { sockets }) },
    )
    door.unref()
    return door
  })
  const lab = new LazyLab({
    home,
    network,
    hostname: settings.hostname,
    scale: settings.labScale,
    now: () => clock.now(),
    inbound: inbound.get,
    log,
    sockets,
  })
  const resolver = lazyResolver(network, async () => {
    if (sockets) return zoneResolver(() => lab.zone())
    const { createResolver } = await import('./adapters/resolver.ts')
    return createResolver({ network, resolver: config.resolver, labServer: () => lab.dns(), log })
  })
  const transport = lazyTransport(async () =>
    (await import('./adapters/transport.ts')).createTransport({ network, lab, ...(sockets && { sockets }) }),
  )
  const tlsReports = openTlsReports(database, { now: () => clock.now(), log })
  // In the lab domains have no policies, and what TLS does there is no news; a relay reads the policies itself.
  const stsPolicies =
    network === 'live'
      ? lazyStsPolicies(async () => (await import('./adapters/sts-policies.ts')).openStsPolicies({ resolver, database, log }))
      : noStsPolicies
  const eventPublisher = lazyEventPublisher(async pages => {
    const [{ openEventPublisher }, { snsPage }] = await Promise.all([
      import('./adapters/destinations/event-publisher.ts'),
      import('./operations/sns-pages.ts'),
    ])
    const reach = { isLab: network === 'lab', allowed: settings.webhooks }
    const page = (url: URL): ReturnType<typeof snsPage> => snsPage({ store, eventPublisher }, url)
    return openEventPublisher({ keys: join(home, 'keys'), certificates, pages, page, ...reach })
  })
  return {
    settings,
    store,
    clock,
    ids,
    keys: openKeys(join(home, 'keys')),
    certificates,
    credentials: lazyCredentials(database, config.masterKeyFile),
    resolver,
    transport,
    stsPolicies,
    relayHealth: new RelayHealth(),
    bandwidth: new Bandwidth(),
    tlsReports: network === 'live' ? tlsReports : { ...tlsReports, note: () => {} },
    lab,
    async publisher(target) {
      const { createPublisher } = await import('./adapters/publisher.ts')
      return createPublisher(target, { network, labZone: () => lab.zone(), resolver, log })
    },
    nameServer: {
      serve: async (at, zones) => (await import('./adapters/name-server.ts')).createNameServer(network, log).serve(at, zones),
    },
    authenticator: {
      authenticate: async (message, query) =>
        (await import('./adapters/authenticator.ts')).createAuthenticator({ resolver, clock }).authenticate(message, query),
    },
    eventPublisher,
    files,
    renderer: lazyRenderer(async () => (await import('./adapters/template-renderer.ts')).openRenderer()),
    log,
    async close() {
      try {
        await eventPublisher.close()
        await transport.close()
        await stsPolicies.close()
        await tlsReports.close()
        await resolver.close()
        await lab.close()
        await (await inbound.opened())?.close(0)
      } finally {
        await store.close()
      }
    },
  }
}

/** Runs `load` at the first call and keeps what it gave. */
function once<T>(load: () => Promise<T>): { get(): Promise<T>; opened(): Promise<T | undefined> } {
  let loaded: Promise<T> | undefined
  return {
    get() {
      loaded ??= load()
      return loaded
    },
    opened: async () => loaded?.catch(() => undefined),
  }
}

function lazyResolver(network: Network, load: () => Promise<Resolver>): Resolver {
  const resolver = once(load)
  let notices: () => string[] = () => []
  const loaded = async (): Promise<Resolver> => {
    const real = await resolver.get()
    notices = () => real.takeNotices()
    return real
  }
  return {
    lookup: async (name, type) => (await loaded()).lookup(name, type),
    lookupAuthoritative: async (name, type) => (await loaded()).lookupAuthoritative(name, type),
    proof: network === 'lab' ? 'lab' : 'dns',
    takeNotices: () => notices(),
    close: async () => (await resolver.opened())?.close(),
  }
}

/** The lab's names without its name server. */
function zoneResolver(zone: () => Promise<OpenLab['zone']>): Resolver {
  const lookup: Resolver['lookup'] = async (name, type) => (await zone()).resolve(name, type)
  return { lookup, lookupAuthoritative: lookup, proof: 'lab', takeNotices: () => [], close: async () => {} }
}

const noStsPolicies: StsPolicies = { policyOf: async () => ({ kind: 'none' }), close: async () => {} }

function lazyStsPolicies(load: () => Promise<StsPolicies>): StsPolicies {
  const policies = once(load)
  return {
    policyOf: async domain => (await policies.get()).policyOf(domain),
    close: async () => (await policies.opened())?.close(),
  }
}

function lazyCertificates({ home, settings }: Pick<Config, 'home' | 'settings'>): Certificates {
  const certificates = once(async () =>
    (await import('./adapters/certificates.ts')).openCertificates(join(home, 'keys'), settings.hostname),
  )
  return {
    own: async () => (await certificates.get()).own(),
    read: async (certificateFile, keyFile) => (await certificates.get()).read(certificateFile, keyFile),
  }
}

function lazyCredentials(database: Database, masterKeyFile: string): Credentials {
  const credentials = once(async () => {
    const [{ openCredentials }, { openVault }] = await Promise.all([
      import('./adapters/sqlite/credential-rows.ts'),
      import('./adapters/sqlite/vault.ts'),
    ])
    return openCredentials(database, openVault(database, masterKeyFile))
  })
  return {
    create: async (kind, at) => (await credentials.get()).create(kind, at),
    list: async kind => (await credentials.get()).list(kind),
    revoke: async (kind, id, at) => (await credentials.get()).revoke(kind, id, at),
    isInUse: async id => (await credentials.get()).isInUse(id),
    secretOf: async id => (await credentials.get()).secretOf(id),
  }
}

function lazyEventPublisher(load: (pages: () => string | undefined) => Promise<Omit<EventPublisher, 'pagesUnder'>>): EventPublisher {
  let pages: string | undefined
  const publisher = once(() => load(() => pages))
  return {
    pagesUnder(url) {
      pages = url
    },
    send: async (place, parcels, signal) => (await publisher.get()).send(place, parcels, signal),
    snsSigner: async () => (await publisher.get()).snsSigner(),
    close: async () => (await publisher.opened())?.close(),
  }
}

function lazyRenderer(load: () => Promise<Renderer>): Renderer {
  const renderer = once(load)
  return {
    starters: async () => (await renderer.get()).starters(),
    starter: async name => (await renderer.get()).starter(name),
    render: async (...filling) => (await renderer.get()).render(...filling),
  }
}

function lazyTransport(load: () => Promise<Transport>): Transport {
  const transport = once(load)
  return {
    attempt: async (hop, delivery, signal) => (await transport.get()).attempt(hop, delivery, signal),
    greet: async (hop, helloName, signal) => (await transport.get()).greet(hop, helloName, signal),
    close: async () => (await transport.opened())?.close(),
  }
}

/** The machine under a home, whether there is an account in it or not. */
export const openMachine = async ({ home }: Pick<Config, 'home'>): Promise<Machine> =>
  (await import('./adapters/machine.ts')).openMachine(home)

export interface NewAccountOptions {
  readonly clock: 'system' | 'virtual'
  readonly startAt?: number
  readonly seed?: number
  readonly region: string
}

/** Makes the account of this home with its TLS certificate, or finds the one that is there. @throws MailctlError store-unavailable, config */
export async function createAccount(
  config: Config,
  { clock, startAt, seed, region }: NewAccountOptions,
): Promise<{ readonly account: Account; readonly created: boolean }> {
  const made = createAccountFile({
    home: config.home,
    region,
    clock,
    ...(startAt !== undefined && { startAt }),
    ...(seed !== undefined && { seed: String(seed) }),
  })
  await lazyCertificates(config).own()
  return made
}

interface LabPlace {
  readonly home: string
  readonly network: Network
  readonly hostname: string
  readonly scale: number
  readonly now: () => number
  readonly inbound: () => Promise<{ readonly address: string; readonly port: number }>
  readonly log: Log
  readonly sockets: Sockets | undefined
}

/** The lab, with its module and its database loaded when something first asks for it. */
class LazyLab implements Lab {
  readonly #place: LabPlace
  readonly #opened = once(() => this.#openLab())

  constructor(place: LabPlace) {
    this.#place = place
  }

  readonly inbox: Lab['inbox'] = {
    list: async filter => (await this.#lab()).inbox.list(filter),
    get: async id => (await this.#lab()).inbox.get(id),
    open: async id => (await this.#lab()).inbox.open(id),
    clear: async () => (await this.#lab()).inbox.clear(),
    forgetSenders: async () => (await this.#lab()).inbox.forgetSenders(),
  }

  readonly reports: Lab['reports'] = {
    nextDueAt: async returnPath => (await this.#labIfAny())?.reports.nextDueAt(returnPath),
    setDelay: async (returnPath, ms) => (await this.#labIfAny())?.reports.setDelay(returnPath, ms),
    sendDue: async () => (await (await this.#labIfAny())?.reports.sendDue()) ?? 0,
  }

  async play(ask: Parameters<Lab['play']>[0]): Promise<void> {
    await (await this.#lab()).play(ask)
  }

  async addressAt(isp: string): Promise<string> {
    return (await this.#lab()).addressAt(isp)
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
    const opened = await this.#opened.opened()
    await opened?.lab.close()
    opened?.database.close()
  }

  /** Without making one. */
  async #labIfAny(): Promise<OpenLab | undefined> {
    return (await this.#opened.opened()) === undefined && !existsSync(this.#file) ? undefined : await this.#lab()
  }

  get #file(): string {
    return join(this.#place.home, 'lab.db')
  }

  async #lab(): Promise<OpenLab> {
    return (await this.#opened.get()).lab
  }

  async #openLab(): Promise<{ readonly lab: OpenLab; readonly database: Database }> {
    const { network, hostname, scale, now, inbound, log, sockets } = this.#place
    const [{ openLab }, { LAB_MIGRATIONS }] = await Promise.all([import('./lab/lab.ts'), import('./lab/schema.ts')])
    const database = openDatabase(this.#file, LAB_MIGRATIONS)
    const scope = network === 'lab' ? 'internet' : 'simulator'
    return { database, lab: openLab({ database, now, hostname, scale, scope, inbound, log, ...(sockets && { sockets }) }) }
  }
}
