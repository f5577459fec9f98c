/** The NameServer port: our authoritative server over a zone in memory, in the lab on loopback only. Loaded when it is used. */
import { MailctlError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { NameServer, ServedZones } from '../ports/name-server.ts'
import type { Network } from '../ports/settings.ts'
import { isLoopback } from '../wire/loopback.ts'

export const createNameServer = (network: Network, log: Log): NameServer => ({
  async serve({ host, port }, zones) {
    if (network === 'lab' && !isLoopback(host))
      throw new MailctlError('forbidden', `the lab does not listen on ${host}: only loopback addresses are allowed`, {
        hint: 'Leave --dns out, or choose another mode: mailctl config set network relay (or live).',
      })
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
