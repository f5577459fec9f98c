/** What the commands of `config-set` have in common: flags of the options, and how a set looks on a terminal. */
import type { ConfigurationSet } from '../account/configuration-set.ts'
import type { HttpsPolicy } from '../account/tracking.ts'
import { formatDuration, parseDuration } from '../base/duration.ts'
import { printable } from '../base/redact.ts'
import type { SetChange } from '../operations/configuration-sets.ts'
import { parseReasons } from '../operations/suppression.ts'
import { reasonsText, showFacts } from './account-text.ts'
import type { Flags, OptionSpec } from './command.ts'
import type { Io } from './io.ts'
import { showTime, textFlag } from './moments.ts'
import { resourceTags, TAG_FLAG } from './resource-tags.ts'

export const SET_FLAGS: readonly OptionSpec[] = [
  {
    flags: '--tls-policy <policy>',
    summary: 'clear text where TLS fails, or a bounce: OPTIONAL or REQUIRE',
    choices: ['OPTIONAL', 'REQUIRE'],
  },
  { flags: '--max-delivery <duration>', summary: "how long delivery is tried, 5m to 14h; '' for the account's own" },
  { flags: '--sending-pool <name>', summary: "pool of addresses it leaves from, one of config get pools; '' for any" },
  { flags: '--sending <state>', summary: 'whether its messages may be sent: on or off', choices: ['on', 'off'] },
  {
    flags: '--reputation-metrics <state>',
    summary: 'count its bounces and complaints by themselves too: on or off (default: off)',
    choices: ['on', 'off'],
  },
  { flags: '--redirect-domain <domain>', summary: "a verified domain that links of opens and clicks lead to; '' for none" },
  {
    flags: '--https-policy <policy>',
    summary: 'whether these links are https (default: OPTIONAL)',
    choices: ['REQUIRE', 'REQUIRE_OPEN_ONLY', 'OPTIONAL'],
  },
  {
    flags: '--suppressed-reasons <reasons>',
    summary: "who gets nothing: BOUNCE, COMPLAINT, both with a comma, or none; '' for the account's setting",
  },
  TAG_FLAG,
]

/** Only what was given. @throws MailctlError usage, bad-data */
export function setChange(flags: Flags): SetChange {
  const policy = textFlag(flags, 'tlsPolicy')
  const longest = textFlag(flags, 'maxDelivery')
  const pool = textFlag(flags, 'sendingPool')
  const reasons = textFlag(flags, 'suppressedReasons')
  const sending = textFlag(flags, 'sending')
  const metrics = textFlag(flags, 'reputationMetrics')
  return {
    ...(policy !== undefined && { tlsPolicy: policy === 'REQUIRE' ? 'REQUIRE' : 'OPTIONAL' }),
    ...(longest !== undefined && { maxDeliverySeconds: longest === '' ? null : parseDuration(longest) / 1_000 }),
    ...(pool !== undefined && { sendingPoolName: pool === '' ? null : pool }),
    ...(reasons !== undefined && { suppressedReasons: reasons === '' ? null : parseReasons(reasons) }),
    ...(sending !== undefined && { sendingEnabled: sending === 'on' }),
    ...(metrics !== undefined && { metricsEnabled: metrics === 'on' }),
    ...trackingChange(flags),
    ...tagChange(flags),
  }
}

const textsOf = (given: Flags[string]): readonly string[] => (Array.isArray(given) ? given : [])

function tagChange({ tag, untag }: Flags): Pick<SetChange, 'tags'> {
  const [added, removed] = [resourceTags(tag), textsOf(untag)]
  if (added.length === 0 && removed.length === 0) return {}
  return {
    tags: {
      added,
      removed,
    },
  }
}

function trackingChange(flags: Flags): Pick<SetChange, 'tracking'> {
  const domain = textFlag(flags, 'redirectDomain')
  const policy = textFlag(flags, 'httpsPolicy') as HttpsPolicy | undefined
  if (domain === undefined && policy === undefined) return {}
  return {
    tracking: {
      ...(domain !== undefined && { customRedirectDomain: domain === '' ? null : domain }),
      ...(policy !== undefined && { httpsPolicy: policy }),
    },
  }
}

export function showConfigurationSet(
  io: Io,
  { name, delivery, reputation, sendingEnabled, tracking, suppressedReasons, tags = [] }: ConfigurationSet,
): void {
  const { tlsPolicy, maxDeliverySeconds, sendingPoolName } = delivery
  showFacts(io, [
    ['Configuration set', name],
    ['TLS', tlsPolicy === 'REQUIRE' ? 'REQUIRE: a message that cannot go under TLS bounces' : 'OPTIONAL: in the clear where TLS fails'],
    [
      'Delivery is tried',
      maxDeliverySeconds === null ? 'as long as the account does' : `for ${formatDuration(maxDeliverySeconds * 1_000)}`,
    ],
    ['Leaves from', sendingPoolName === null ? 'any address of this machine' : `the pool ${sendingPoolName}`],
    ['Sending', sendingEnabled ? 'on' : io.colour.red('off: its messages are refused')],
    ['Own rates', reputationText(reputation)],
    ...(tracking ? [['Tracking by', `${tracking.customRedirectDomain}, HTTPS ${tracking.httpsPolicy}`] as const] : []),
    ['Suppresses for', suppressedReasons === undefined ? 'the reasons of the account' : reasonsText(suppressedReasons)],
    ...tags.map(({ key, value }) => ['Tag', `${printable(key)}=${printable(value)}`] as const),
  ])
}

function reputationText({ metricsEnabled, lastFreshStartAt }: ConfigurationSet['reputation']): string {
  if (!metricsEnabled) return 'not counted'
  return lastFreshStartAt === null ? 'counted' : `counted since ${showTime(lastFreshStartAt)}`
}
