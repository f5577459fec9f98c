/** Everything an operation may use: ports and settings, built once by `open-app.ts` and passed as the first argument. */
import type { Log } from '../base/log.ts'
import type { RelayHealth } from '../delivery/relay-health.ts'
import type { Authenticator } from '../ports/authenticator.ts'
import type { Certificates } from '../ports/certificates.ts'
import type { Clock, Ids } from '../ports/clock.ts'
import type { Credentials } from '../ports/credentials.ts'
import type { EventPublisher } from '../ports/event-publisher.ts'
import type { Files } from '../ports/files.ts'
import type { Keys } from '../ports/keys.ts'
import type { Lab } from '../ports/lab.ts'
import type { NameServer } from '../ports/name-server.ts'
import type { Publisher, PublishTarget } from '../ports/publisher.ts'
import type { Renderer } from '../ports/renderer.ts'
import type { Resolver } from '../ports/resolver.ts'
import type { Settings } from '../ports/settings.ts'
import type { Store } from '../ports/store.ts'
import type { StsPolicies } from '../ports/sts-policies.ts'
import type { TlsReports } from '../ports/tls-reports.ts'
import type { Transport } from '../ports/transport.ts'
import type { Bandwidth } from './shape-acceptance.ts'

export interface App {
  readonly settings: Settings
  readonly store: Store
  readonly clock: Clock
  readonly ids: Ids
  readonly keys: Keys
  readonly certificates: Certificates
  readonly credentials: Credentials
  readonly resolver: Resolver
  readonly transport: Transport
  readonly stsPolicies: StsPolicies
  readonly tlsReports: TlsReports
  readonly relayHealth: RelayHealth
  readonly bandwidth: Bandwidth
  readonly lab: Lab
  readonly publisher: (target: PublishTarget) => Promise<Publisher>
  readonly nameServer: NameServer
  readonly eventPublisher: EventPublisher
  readonly authenticator: Authenticator
  /** Only files that the caller named. */
  readonly files: Files
  readonly renderer: Renderer
  readonly log: Log
}
