/** `dns serve`: our own zone, which CNAME-style DKIM records point into, and the records planned for each domain. */
import { dkimRecordText } from '../account/dns-plan.ts'
import { signingHostedZone } from '../account/identity.ts'
import { plannedToRecord } from '../account/publication.ts'
import type { DnsRecord } from '../mail/dns-record.ts'
import type { App } from './app.ts'
import { planFor } from './dns-plan.ts'

const TTL = 300

/** @throws MailctlError unreachable, when the address cannot be listened on */
export async function serveDns(
  app: Pick<App, 'store' | 'keys' | 'settings' | 'nameServer'>,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<{ readonly address: string; readonly port: number; readonly zones: readonly string[]; close(): Promise<void> }> {
  const hosted = signingHostedZone(app.settings.network, app.settings.hostname)
  const domains = (await app.store.identities()).filter(({ type }) => type === 'DOMAIN')
  const records: DnsRecord[] = []
  for (const identity of domains) {
    for (const record of await planFor(app, identity)) records.push(plannedToRecord(record))
    if (identity.dkim.origin !== 'AWS_SES') continue
    for (const token of identity.dkim.tokens)
      records.push({
        type: 'TXT',
        name: `${token}.${hosted}`,
        ttl: TTL,
        text: dkimRecordText(await app.keys.publicKey(token, identity.name)),
      })
  }
  const zones = [hosted, ...domains.map(({ name }) => name)]
  const server = await app.nameServer.serve({ host, port, apexes: zones, records, server: app.settings.hostname })
  return { address: server.address, port: server.port, zones, close: () => server.close() }
}
