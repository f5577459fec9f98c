/** What the commands of `config-set` have in common: flags of the delivery options, and how a set looks on a terminal. */
import type { ConfigurationSet, DeliveryOptions } from '../account/configuration-set.ts'
import { formatDuration, parseDuration } from '../base/duration.ts'
import { showFacts } from './account-text.ts'
import type { Flags, OptionSpec } from './command.ts'
import type { Io } from './io.ts'
import { textFlag } from './moments.ts'

export const DELIVERY_FLAGS: readonly OptionSpec[] = [
  {
    flags: '--tls-policy <policy>',
    summary: 'clear text where TLS fails, or a bounce: OPTIONAL or REQUIRE',
    choices: ['OPTIONAL', 'REQUIRE'],
  },
  { flags: '--max-delivery <duration>', summary: "how long delivery is tried, 5m to 14h; '' for the account's own" },
  { flags: '--sending-pool <name>', summary: "pool of addresses it leaves from, one of config get pools; '' for any" },
]

/** Only what was given. @throws MailctlError usage */
export function deliveryChange(flags: Flags): Partial<DeliveryOptions> {
  const policy = textFlag(flags, 'tlsPolicy')
  const longest = textFlag(flags, 'maxDelivery')
  const pool = textFlag(flags, 'sendingPool')
  return {
    ...(policy !== undefined && { tlsPolicy: policy === 'REQUIRE' ? 'REQUIRE' : 'OPTIONAL' }),
    ...(longest !== undefined && { maxDeliverySeconds: longest === '' ? null : parseDuration(longest) / 1_000 }),
    ...(pool !== undefined && { sendingPoolName: pool === '' ? null : pool }),
  }
}

export function showConfigurationSet(io: Io, { name, delivery }: ConfigurationSet): void {
  const { tlsPolicy, maxDeliverySeconds, sendingPoolName } = delivery
  showFacts(io, [
    ['Configuration set', name],
    ['TLS', tlsPolicy === 'REQUIRE' ? 'REQUIRE: a message that cannot go under TLS bounces' : 'OPTIONAL: in the clear where TLS fails'],
    [
      'Delivery is tried',
      maxDeliverySeconds === null ? 'as long as the account does' : `for ${formatDuration(maxDeliverySeconds * 1_000)}`,
    ],
    ['Leaves from', sendingPoolName === null ? 'any address of this machine' : `the pool ${sendingPoolName}`],
  ])
}
