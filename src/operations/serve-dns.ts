/** `dns serve`: our own zone, which CNAME-style DKIM records point into, and the records planned for each domain. */
import { keyRoles } from '../account/dkim-keys.ts'
import { dkimRecordText } from '../account/dns-plan.ts'
import { type Identity, signingHostedZone } from '../account/identity.ts'
import { plannedToRecord } from '../account/publication.ts'
import type { DnsRecord } from '../mail/dns-record.ts'
import type { ServedZones } from '../ports/name-server.ts'
import type { App } from './app.ts'
import { planFor } from './dns-plan.ts'

const TTL = 300

type ServingApp = Pick<App, 'store' | 'keys' | 'settings' | 'nameServer'>

export interface ServingDns {
  readonly address: string
  readonly port: number
  readonly zones: readonly string[]
  /** Serves what the account plans now: domains come, go and change their keys while it runs. @throws MailctlError store-unavailable */
  refresh(): Promise<void>
  close(): Promise<void>
}

/** @throws MailctlError unreachable, when the address cannot be listened on; forbidden, when the lab would leave loopback; store-unavailable */
export async function serveDns(app: ServingApp, at: { readonly host: string; readonly port: number }): Promise<ServingDns> {
  let identities = await domains(app)
  const first = await plannedZones(app, identities)
  const server = await app.nameServer.serve(at, first)
  return {
    address: server.address,
    port: server.port,
    zones: first.apexes,
    async refresh() {
      const now = await domains(app)
      if (fingerprint(now) === fingerprint(identities)) return
      server.replace(await plannedZones(app, now))
      identities = now
    },
    close: () => server.close(),
  }
}

const domains = async ({ store }: ServingApp): Promise<Identity[]> => (await store.identities()).filter(({ type }) => type === 'DOMAIN')

/** What the records follow from. */
const fingerprint = (identities: readonly Identity[]): string =>
  JSON.stringify(identities.map(({ name, dkim, mailFrom }) => [name, keyRoles(dkim), mailFrom?.domain]))

async function plannedZones(app: ServingApp, identities: readonly Identity[]): Promise<ServedZones> {
  const hosted = signingHostedZone(app.settings.network, app.settings.hostname)
  const records: DnsRecord[] = []
  for (const identity of identities) {
    for (const record of await planFor(app, identity)) records.push(plannedToRecord(record))
    for (const { token, method } of keyRoles(identity.dkim)) {
      if (method === 'byo') continue
      records.push({
        type: 'TXT',
        name: `${token}.${hosted}`,
        ttl: TTL,
        text: dkimRecordText(await app.keys.publicKey(token, identity.name)),
      })
    }
  }
  return { apexes: [hosted, ...identities.map(({ name }) => name)], records, server: app.settings.hostname }
}
