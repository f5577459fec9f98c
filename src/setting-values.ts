/** What each setting may be. Every check says what was wrong and what would be right. */
import { BlockList, isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import { parseDuration } from './base/duration.ts'
import { MailctlError } from './base/errors.ts'
import { redactUrl } from './base/redact.ts'
import { SITE_NAMES } from './delivery/shaping.ts'
import type { OwnLimits, SettingKey, Smarthost } from './ports/settings.ts'

/** @throws MailctlError usage */
export function checkSetting(key: SettingKey, value: string): void {
  checks[key](value)
}

const checks: Readonly<Record<SettingKey, (value: string) => void>> = {
  network: value => {
    if (!['lab', 'relay', 'live'].includes(value)) throw wrong('network', value, 'Use lab, relay or live.')
  },
  relay: value => {
    for (const url of value.split(',')) parseRelay(url)
  },
  hostname: value => {
    const labels = value.split('.')
    if (value.length > 253 || !labels.every(label => /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i.test(label)))
      throw wrong('hostname', value, 'Use a DNS name such as mta.example.com.')
  },
  resolver: value => {
    if (!isResolver(value))
      throw wrong('resolver', value, 'Use an address, with a port if it is not 53: 192.0.2.1, 127.0.0.1:5353, [2001:db8::1]:53.')
  },
  region: value => {
    if (!/^[a-z]{2,}(-[a-z]+)+-\d{1,2}$/.test(value)) throw wrong('region', value, 'Use a region name such as us-east-1.')
  },
  retry: value => {
    parseRetry(value)
  },
  pools: value => {
    parsePools(value)
  },
  shaping: value => {
    parseShaping(value)
  },
  'public-url': value => {
    parsePublicUrl(value)
  },
  'lab-scale': value => {
    parseLabScale(value)
  },
  webhooks: value => {
    parseWebhooks(value)
  },
  store: value => {
    if (value !== 'sqlite') throw wrong('store', redactUrl(value), 'Use sqlite.')
  },
}

const wrong = (key: SettingKey, value: string, hint: string): MailctlError =>
  new MailctlError('usage', `'${value}' is not a value of ${key}`, { hint })

function isResolver(value: string): boolean {
  if (isIP(value)) return true
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(value)
  if (!match) return false
  const [, six, four, port] = match
  const address = six === undefined ? isIP(four ?? '') === 4 : isIP(six) === 6
  return address && (port === undefined || (Number(port) >= 1 && Number(port) <= 65_535))
}

/**
 * `smtp://[user@]host[:port]` or `smtps://…`. Ports when none is given: 465 for smtps; for smtp 587 with a user (submission), else 25.
 * @throws MailctlError usage; a password in the URL is refused, whatever else is right
 */
export function parseRelay(text: string): Smarthost {
  const shown = redactUrl(text.trim())
  let url: URL
  try {
    url = new URL(text.trim())
  } catch {
    throw wrong('relay', shown, 'Write smtp://user@host:587 or smtps://host, several separated by commas.')
  }
  if (url.password !== '')
    throw new MailctlError('usage', 'a relay URL must not hold a password', {
      hint: 'Leave it out and give --password-file FILE, or set MAILCTL_RELAY_PASSWORD_FILE.',
    })
  const scheme = url.protocol.slice(0, -1)
  const rest = url.pathname.replace(/^\//, '') + url.search + url.hash
  if ((scheme !== 'smtp' && scheme !== 'smtps') || url.hostname === '' || rest !== '')
    throw wrong('relay', shown, 'Write smtp://user@host:587 or smtps://host, several separated by commas.')
  const user = url.username === '' ? undefined : decodeURIComponent(url.username)
  const port = url.port === '' ? (scheme === 'smtps' ? 465 : user === undefined ? 25 : 587) : Number(url.port)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  return user === undefined ? { scheme, host, port } : { scheme, host, port, user }
}

/** SES fact (concepts §11): delivery ends after 14 hours at the latest, so no wait is longer. */
const MAX_WAIT_MS = 14 * 3_600_000
const MAX_WAITS = 20

/** `1m,5m,15m`: the waits between tries, each a second at least. @returns milliseconds  @throws MailctlError usage */
export function parseRetry(text: string): number[] {
  const waits = text.split(',').map(wait => {
    const match = /^\s*(\d+)\s*(s|m|h)\s*$/.exec(wait)
    return match ? parseDuration(`${match[1]}${match[2]}`) : Number.NaN
  })
  if (waits.length <= MAX_WAITS && waits.every(ms => ms >= 1_000 && ms <= MAX_WAIT_MS)) return waits
  throw wrong(
    'retry',
    text,
    `Write up to ${MAX_WAITS} waits from 1s to 14h, separated by commas: 1m,5m,15m,30m,1h,2h. The last one repeats.`,
  )
}

/** `marketing=192.0.2.1+2001:db8::1,receipts=192.0.2.2`; `''` has none. @throws MailctlError usage */
export function parsePools(text: string): Map<string, readonly string[]> {
  const pools = new Map<string, readonly string[]>()
  for (const pool of text === '' ? [] : text.split(',')) {
    const [, name = '', list = ''] = /^\s*([A-Za-z0-9_-]{1,64})=([^=]*)$/.exec(pool) ?? []
    const addresses = list.split('+').map(address => address.trim())
    const families = new Set(addresses.map(isIP))
    if (name === '' || families.has(0) || families.size !== addresses.length || pools.has(name))
      throw wrong('pools', text, 'Write NAME=ADDRESS, or NAME=IPV4+IPV6, several separated by commas.')
    pools.set(name, Object.freeze(addresses))
  }
  return pools
}

/** What each limit may be; as many attempts at once as `serve` makes in all. */
const LIMITS = {
  concurrency: { field: 'concurrency', least: 1, most: 400, whole: true },
  'per-session': { field: 'perConnection', least: 1, most: 100, whole: true },
  'per-second': { field: 'perSecond', least: 0.01, most: 10_000, whole: false },
} as const
const MAX_SITES = 100

/** `google=concurrency:2+per-second:0.5,mx.example.com=per-session:1`; `''` has none. @throws MailctlError usage */
export function parseShaping(text: string): Map<string, OwnLimits> {
  const sites = new Map<string, OwnLimits>()
  for (const part of text === '' ? [] : text.split(',')) {
    const [, site = '', list = ''] = /^\s*([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*)=([^=]*)$/.exec(part) ?? []
    const limits = Object.fromEntries(list.split('+').map(limit => limitIn(limit.trim()) ?? wrongShaping(text)))
    const key = site.toLowerCase()
    if (site === '' || sites.has(key) || Object.keys(limits).length !== list.split('+').length) wrongShaping(text)
    if (!key.includes('.') && !SITE_NAMES.includes(key))
      throw new MailctlError('usage', `'${site}' is no site that has limits of its own`, {
        hint: `Use ${SITE_NAMES.join(', ')}, or the name of a mail host.`,
      })
    sites.set(key, Object.freeze(limits))
  }
  if (sites.size > MAX_SITES) wrongShaping(text)
  return sites
}

function limitIn(text: string): [field: string, value: number] | undefined {
  const [, name = '', digits = ''] = /^([a-z-]+):(\d{1,5}(?:\.\d{1,3})?)$/.exec(text) ?? []
  const limit = Object.hasOwn(LIMITS, name) ? LIMITS[name as keyof typeof LIMITS] : undefined
  const value = Number(digits)
  if (limit === undefined || value < limit.least || value > limit.most || (limit.whole && !Number.isInteger(value))) return undefined
  return [limit.field, value]
}

function wrongShaping(text: string): never {
  throw wrong(
    'shaping',
    text,
    `Write SITE=LIMIT:NUMBER+LIMIT:NUMBER, up to ${MAX_SITES} separated by commas, with the limits concurrency (1 to 400), per-session (1 to 100) and ` +
      'per-second (0.01 to 10000): google=concurrency:2+per-second:5,relay=concurrency:50.',
  )
}

/** `https://mail.example.com` or `http://127.0.0.1:8025`: no path, no login. @throws MailctlError usage */
export function parsePublicUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`) return url.origin
  throw wrong('public-url', redactUrl(text), 'Write https://mail.example.com or http://127.0.0.1:8025, without a path.')
}

const MAX_WEBHOOKS = 200

/** `hooks.example.com,10.0.0.0/8`; `''` has none. @throws MailctlError usage */
export function parseWebhooks(text: string): string[] {
  const entries = text === '' ? [] : text.split(',').map(entry => entry.trim())
  if (entries.length <= MAX_WEBHOOKS && entries.every(isReachEntry)) return entries
  throw wrong('webhooks', text, 'Write host names, addresses or ranges separated by commas: hooks.example.com,10.0.0.0/8,192.168.1.5.')
}

/** A host name, an IP literal, or a range: `hooks.example.com`, `10.1.2.3`, `10.0.0.0/8`, `fd00::/8`. */
function isReachEntry(text: string): boolean {
  const [address = '', length, ...rest] = text.split('/')
  if (rest.length > 0) return false
  const family = isIP(address)
  if (length !== undefined) return family !== 0 && /^\d{1,3}$/.test(length) && Number(length) <= (family === 6 ? 128 : 32)
  return family !== 0 || /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]*[a-z0-9])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9])?)*$/i.test(text)
}

/** Mail cannot leave from an address of another machine. @throws MailctlError bad-data */
export function checkOwnAddresses(addresses: readonly string[]): void {
  const own = Object.values(networkInterfaces()).flatMap(list => list ?? [])
  const mine = new BlockList()
  for (const { address, family } of own) mine.addAddress(address, family === 'IPv6' ? 'ipv6' : 'ipv4')
  // All of 127.0.0.0/8 is this machine, though only one of it is listed.
  mine.addSubnet('127.0.0.0', 8, 'ipv4')
  const foreign = addresses.filter(address => !mine.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4'))
  if (foreign.length === 0) return
  throw new MailctlError('bad-data', `this machine does not have the address ${foreign.join(', ')}`, {
    hint: `It has ${own.map(({ address }) => address).join(', ')}.`,
  })
}

export const withoutPassword = (relay: string): string => relay.split(',').map(redactUrl).join(',')

/** @throws MailctlError usage */
export function parseLabScale(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text)
  throw wrong('lab-scale', text, 'Write a whole number from 1 to 999999: for how many messages one of the lab stands.')
}
