/** The NameServer port: our authoritative server over a zone in memory. Loaded when it is used. */
import type { Log } from '../base/log.ts'
import type { NameServer } from '../ports/name-server.ts'

export const createNameServer = (log: Log): NameServer => ({
  async serve({ host, port, apexes, records, server }) {
    const [{ startDnsServer }, { Zone }] = await Promise.all([import('../wire/dns-server.ts'), import('../wire/zone.ts')])
    const zone = new Zone({ apexes, server })
    zone.add(records)
    return await startDnsServer({ host, port, answer: question => zone.lookup(question), log })
  },
})
