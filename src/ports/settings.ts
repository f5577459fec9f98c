/** Settings as the inside sees them: read once, validated, frozen. Where each came from is known to `config.ts` alone. */

export type Network = 'lab' | 'relay' | 'live'

/** A smarthost. The password comes from a file or the environment, never from the URL. */
export interface Smarthost {
  readonly scheme: 'smtp' | 'smtps'
  readonly host: string
  readonly port: number
  readonly user?: string
  readonly password?: string
}

export interface Settings {
  readonly network: Network
  /** The host name we speak under: EHLO, default return path, reports. */
  readonly hostname: string
  readonly region: string
  /** In order of preference; used in relay mode only. */
  readonly relay: readonly Smarthost[]
  /** Waits between tries, in milliseconds: after the first, the second, …; the last one repeats. At least one. */
  readonly retry: readonly number[]
  /** Sending pools by name: the local addresses that mail leaves from, at most one of a family. */
  readonly pools: ReadonlyMap<string, readonly string[]>
  /** By the name of a provider of `delivery/shaping.json`, `relay`, `other`, or a name that a site's mail hosts have or are below. */
  readonly shaping: ReadonlyMap<string, OwnLimits>
  /** `http://host:port` or `https://…` under which recipients reach our HTTP door: links in mail begin with it. No path. */
  readonly publicUrl: string
  /** Hosts, addresses and ranges that events may be sent to, beside those that are allowed in any case. */
  readonly webhooks: readonly string[]
  /** One message of the lab stands for so many, where its receivers count. At least 1. */
  readonly labScale: number
}

/** What a site may bear otherwise than we know by ourselves; what is absent stays as it is. */
export interface OwnLimits {
  /** Attempts at once. */
  readonly concurrency?: number
  /** Messages in one session. */
  readonly perConnection?: number
  /** Attempts begun in a second. */
  readonly perSecond?: number
}

export const SETTING_KEYS = [
  'network',
  'relay',
  'hostname',
  'resolver',
  'region',
  'retry',
  'pools',
  'shaping',
  'public-url',
  'webhooks',
  'lab-scale',
  'store',
] as const
export type SettingKey = (typeof SETTING_KEYS)[number]
export type SettingOrigin = 'flag' | 'environment' | 'config' | 'default'

export interface Config {
  /** Absolute path of the account's folder. */
  readonly home: string
  readonly profile: string
  /** `ip` or `ip:port`; undefined: the system's. */
  readonly resolver: string | undefined
  /** The key that stored secrets are sealed with; may lie outside the home. */
  readonly masterKeyFile: string
  readonly settings: Settings
  /** Every key with its value as text (passwords masked) and what won. */
  readonly origins: Readonly<Record<SettingKey, { readonly value: string | null; readonly origin: SettingOrigin }>>
  /** `config.json`. */
  readonly file: string
  /** What is stored there in vain, in words; empty unless it was read in order to mend it. */
  readonly wrong: ReadonlyMap<SettingKey, string>
  /** Whether a value may be stored. @throws MailctlError usage */
  check(key: SettingKey, value: string): void
  /** Checks and stores one setting. @throws MailctlError usage, bad-data, store-unavailable */
  set(key: SettingKey, value: string): Promise<void>
  /** Keeps the relay's password in `keys/relay-password`, mode 0600. @throws MailctlError store-unavailable */
  setRelayPassword(password: string): Promise<void>
}
