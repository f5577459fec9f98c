/**
 * Configuration sets: named rules for the messages that carry their name. So far the options of delivery. SES facts: api-v2,
 * "Configuration sets" (names, texts verbatim, brackets included) and concepts §11.
 */
import { MailctlError } from '../base/errors.ts'
import { printable } from '../base/redact.ts'

export interface ConfigurationSet {
  readonly name: string
  readonly createdAt: number
  readonly delivery: DeliveryOptions
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
