/** The NameServer port: our authoritative server over a zone in memory. Loaded when it is used. */
import type { Log } from '../base/log.ts'
import type { NameServer, ServedZones } from '../ports/name-server.ts'

export const createNameServer = (log: Log): NameServer => ({
  async serve({ host, port }, zones) {
    const [{ startDnsServer }, { Zone }] = await Promise.all([import('../wire/dns-server.ts'), import('../wire/zone.ts')])
    const load = ({ apexes, records, server }: ServedZones): InstanceType<typeof Zone> => {
      const made = new Zone({ apexes, server })
      made.add(records)
      return made
    }
    let zone = load(zones)
    const running = await startDnsServer({ host, port, answer: question => zone.lookup(question), log })
    return {
      address: running.address,
      port: running.port,
      replace(fresh) {
        zone = load(fresh)
      },
      close: () => running.close(),
    }
  },
})
