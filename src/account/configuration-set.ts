/**
 * Configuration sets: named rules for the messages that carry their name: how they are delivered, whether they may be sent at all, whether
 * their rates are kept apart, who gets none of them. SES facts: api-v2, "Configuration sets" (names, texts verbatim, brackets included), concepts §1 and §11.
 */
import { MailctlError } from '../base/errors.ts'
import { printable } from '../base/redact.ts'
import type { ResourceTag } from './resource-tags.ts'
import type { SuppressionReason } from './suppression.ts'
import type { TrackingOptions } from './tracking.ts'
import type { VdmOptions } from './vdm.ts'

export interface ConfigurationSet {
  readonly name: string
  readonly createdAt: number
  readonly delivery: DeliveryOptions
  /** false: messages that follow the set are refused. */
  readonly sendingEnabled: boolean
  readonly reputation: ReputationOptions
  /** Instead of the account's; empty: nobody is suppressed. Absent: the account's. */
  readonly suppressedReasons?: readonly SuppressionReason[]
  /** Absent: never set, or cleared. */
  readonly tracking?: TrackingOptions
  /** Absent: as the account has it. */
  readonly vdm?: VdmOptions
  /** Absent: none. */
  readonly tags?: readonly ResourceTag[]
}

export interface ReputationOptions {
  /** Bounces and complaints of the set's messages are counted by themselves too. */
  readonly metricsEnabled: boolean
  /** When they began anew: sending was switched on again. Null: never. */
  readonly lastFreshStartAt: number | null
}

export interface DeliveryOptions {
  /** `OPTIONAL` takes clear text where TLS fails, `REQUIRE` bounces instead. */
  readonly tlsPolicy: TlsPolicy
  /** Which of our addresses it leaves from; null: whichever the system chooses. */
  readonly sendingPoolName: string | null
  /** How long delivery is tried; null: as long as the account does. */
  readonly maxDeliverySeconds: number | null
}

export const TLS_POLICIES = ['OPTIONAL', 'REQUIRE'] as const
export type TlsPolicy = (typeof TLS_POLICIES)[number]

/** What a message follows that names no set. */
export const DEFAULT_DELIVERY: DeliveryOptions = { tlsPolicy: 'OPTIONAL', sendingPoolName: null, maxDeliverySeconds: null }

/** Of a new set, as SES has it. */
export const NEW_SET: Pick<ConfigurationSet, 'delivery' | 'sendingEnabled' | 'reputation'> = {
  delivery: DEFAULT_DELIVERY,
  sendingEnabled: true,
  reputation: { metricsEnabled: false, lastFreshStartAt: null },
}

/** SES fact: a set whose sending is switched on again starts afresh. */
export function withSending(set: ConfigurationSet, sendingEnabled: boolean, now: number): ConfigurationSet {
  if (!sendingEnabled || set.sendingEnabled) return { ...set, sendingEnabled }
  return { ...set, sendingEnabled, reputation: { ...set.reputation, lastFreshStartAt: now } }
}

/** Text verbatim. @throws MailctlError sending-paused */
export function checkSetSending({ name, sendingEnabled }: ConfigurationSet): void {
  if (sendingEnabled) return
  throw new MailctlError('sending-paused', `Sending is paused for configuration set ${name}`, {
    hint: `mailctl config-set set ${name} --sending on lets its messages go again.`,
  })
}

/** SES fact: concepts, "Limits". */
export const MAX_CONFIGURATION_SETS = 10_000
/** SES fact: concepts §11, in seconds. */
const SHORTEST_DELIVERY = 300
const LONGEST_DELIVERY = 50_400

/** @throws MailctlError bad-data */
export function checkSetName(name: string): void {
  if (/^[A-Za-z0-9_-]{1,64}$/.test(name)) return
  throw new MailctlError('bad-data', `'${printable(name)}' cannot be the name of a configuration set`, {
    hint: 'Use 1 to 64 letters, digits, dashes and underscores.',
  })
}

/** @throws MailctlError bad-data */
export function checkDeliveryOptions({ maxDeliverySeconds }: DeliveryOptions): void {
  if (maxDeliverySeconds === null) return
  if (Number.isInteger(maxDeliverySeconds) && maxDeliverySeconds >= SHORTEST_DELIVERY && maxDeliverySeconds <= LONGEST_DELIVERY) return
  throw new MailctlError(
    'bad-data',
    `MaxDeliverySeconds must be from ${SHORTEST_DELIVERY} to ${LONGEST_DELIVERY}, not ${maxDeliverySeconds}`,
    {
      hint: 'Give --max-delivery from 5m to 14h.',
    },
  )
}

export const noSuchSet = (name: string): MailctlError =>
  new MailctlError('not-found', `Configuration set <${printable(name)}> does not exist.`, {
    hint: 'mailctl config-set list shows those there are; mailctl config-set create NAME makes one.',
  })
