/**
 * Settings: flag, else environment (`MAILCTL_*`), else `config.json`, else default; validated once and frozen. Reading parses the file
 * itself, which is 100 ms faster than loading `conf`; writing goes through `config-file.ts`. Secrets are never kept in `config.json`.
 */
import { readFileSync } from 'node:fs'
import { homedir, hostname as machineName } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'
import { MailctlError, messageOf } from './base/errors.ts'
import type { SettingFlags } from './cli/run-command.ts'
import type { Config, Network, SettingKey, SettingOrigin, Settings, Smarthost } from './ports/settings.ts'
import { SETTING_KEYS } from './ports/settings.ts'
import {
  checkOwnAddresses,
  checkSetting,
  parseLabScale,
  parsePools,
  parsePublicUrl,
  parseRelay,
  parseRetry,
  parseShaping,
  parseWebhooks,
  withoutPassword,
} from './setting-values.ts'

type Environment = Readonly<Record<string, string | undefined>>

interface Chosen {
  readonly value: string | null
  readonly origin: SettingOrigin
}

/** SES fact (concepts §11): early tries close together, then every two hours. */
const RETRY = '1m,5m,15m,30m,1h,2h'
/** Where `serve` opens its HTTP door unless it is told otherwise. */
const LOCAL_URL = 'http://127.0.0.1:8025'

/**
 * @param purpose `mend`: what `config.json` holds in vain gives way to the default and is told in `wrong`, so that it can be set anew
 * @throws MailctlError usage (a flag), config (`config.json` or an environment variable)
 */
export function loadConfig(flags: SettingFlags, env: Environment, purpose: 'use' | 'mend' = 'use'): Config {
  const { home, profile } = homeFolder(flags, env)
  const file = join(home, 'config.json')
  const wrong = new Map<SettingKey, string>()
  const sources: Sources = { flags, env, stored: readStored(file), file, ...(purpose === 'mend' && { wrong }) }
  const network = choose('network', 'lab', sources)
  const hostname = choose('hostname', network.value === 'lab' ? 'mta.mailctl.test' : ownName(), sources).value ?? ownName()
  const publicUrl = network.value === 'lab' ? LOCAL_URL : `https://${hostname}`
  const defaults: Readonly<Record<SettingKey, string | null>> = {
    network: 'lab',
    relay: null,
    hostname,
    resolver: null,
    region: 'us-east-1',
    retry: RETRY,
    pools: null,
    shaping: null,
    'public-url': publicUrl,
    webhooks: null,
    'lab-scale': '1',
    store: 'sqlite',
  }
  const chosen = Object.fromEntries(SETTING_KEYS.map(key => [key, choose(key, defaults[key], sources)])) as Record<SettingKey, Chosen>
  const settings: Settings = Object.freeze({
    network: network.value as Network,
    hostname,
    region: chosen.region.value ?? 'us-east-1',
    relay: Object.freeze(smarthosts(chosen.relay.value, network.value === 'relay' ? () => relayPassword(home, env) : () => undefined)),
    retry: Object.freeze(parseRetry(chosen.retry.value ?? RETRY)),
    pools: parsePools(chosen.pools.value ?? ''),
    shaping: parseShaping(chosen.shaping.value ?? ''),
    publicUrl: parsePublicUrl(chosen['public-url'].value ?? publicUrl),
    webhooks: Object.freeze(parseWebhooks(chosen.webhooks.value ?? '')),
    labScale: parseLabScale(chosen['lab-scale'].value ?? '1'),
  })
  return Object.freeze({
    home,
    profile,
    file,
    masterKeyFile: masterKeyFile(home, env),
    settings,
    resolver: chosen.resolver.value ?? undefined,
    wrong,
    origins: Object.freeze({ ...chosen, relay: { ...chosen.relay, value: chosen.relay.value && withoutPassword(chosen.relay.value) } }),
    check: checkSetting,
    async set(key: SettingKey, value: string): Promise<void> {
      if (value !== '') checkSetting(key, value)
      if (key === 'pools') checkOwnAddresses([...parsePools(value).values()].flat())
      const { storeSetting } = await import('./config-file.ts')
      await storeSetting(home, key, value === '' ? undefined : key === 'relay' ? value.split(',').map(url => url.trim()) : value)
    },
    async setRelayPassword(password: string): Promise<void> {
      const { storeRelayPassword } = await import('./config-file.ts')
      await storeRelayPassword(home, password)
    },
  })
}

/** `--home`, else MAILCTL_HOME, else the profile's folder among the user's data. */
function homeFolder(flags: SettingFlags, env: Environment): { home: string; profile: string } {
  const profile = flags.profile ?? (env['MAILCTL_PROFILE'] || 'default')
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(profile))
    throw new MailctlError('usage', `'${profile}' cannot be a profile's name`, {
      hint: 'Use up to 64 letters, digits, dots, dashes and underscores.',
    })
  if (flags.home === '') throw new MailctlError('usage', '--home is empty', { hint: 'Name a folder.' })
  const given = flags.home ?? env['MAILCTL_HOME']
  return { profile, home: given ? resolve(given) : join(userData(env), 'mailctl', profile) }
}

function userData(env: Environment): string {
  if (process.platform === 'win32') return env['LOCALAPPDATA'] || join(homedir(), 'AppData', 'Local')
  const xdg = env['XDG_DATA_HOME']
  // The XDG specification has relative paths ignored.
  return xdg && isAbsolute(xdg) ? xdg : join(env['HOME'] || homedir(), '.local', 'share')
}

/** @throws MailctlError config, when the file is there and cannot be used */
function readStored(file: string): Readonly<Record<string, unknown>> {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (thrown) {
    const code = (thrown as NodeJS.ErrnoException).code
    if (code === 'ENOENT') return {}
    throw new MailctlError('config', `cannot read ${file}: ${messageOf(thrown)}`, { hint: 'Check its permissions.', cause: thrown })
  }
  const hint = 'Correct it or move it away; every setting in it has a default.'
  try {
    const parsed: unknown = JSON.parse(text)
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed as Record<string, unknown>
  } catch (cause) {
    throw new MailctlError('config', `${file} is not JSON: ${messageOf(cause)}`, { hint, cause })
  }
  throw new MailctlError('config', `${file} does not hold a JSON object`, { hint })
}

interface Sources {
  readonly flags: SettingFlags
  readonly env: Environment
  readonly stored: Readonly<Record<string, unknown>>
  readonly file: string
  /** Where what is stored in vain is told; absent: it is thrown. */
  readonly wrong?: Map<SettingKey, string>
}

function choose(key: SettingKey, fallback: string | null, sources: Sources): Chosen {
  const { flags, env, wrong } = sources
  const flag = flags[key]
  if (flag !== undefined) {
    checkSetting(key, flag)
    return { value: flag, origin: 'flag' }
  }
  const variable = `MAILCTL_${key.toUpperCase().replaceAll('-', '_')}`
  const given = env[variable]
  if (given) return checked({ value: given, origin: 'environment' }, key, variable)
  try {
    return storedValue(key, sources) ?? { value: fallback, origin: 'default' }
  } catch (thrown) {
    if (wrong === undefined) throw thrown
    wrong.set(key, messageOf(thrown))
    return { value: fallback, origin: 'default' }
  }
}

/** @throws MailctlError config */
function storedValue(key: SettingKey, { stored, file }: Sources): Chosen | undefined {
  const own = Object.hasOwn(stored, key) ? stored[key] : undefined
  if (own === undefined) return undefined
  const hint = `mailctl config set ${key} VALUE replaces it; with '' the default is back.`
  const text = Array.isArray(own) && own.every(item => typeof item === 'string') ? own.join(',') : own
  if (typeof text !== 'string') throw new MailctlError('config', `'${key}' in ${file} is no text`, { hint })
  return checked({ value: text, origin: 'config' }, key, file, hint)
}

/** A wrong value from a file or the environment is a configuration to correct, not a command line. */
function checked(chosen: Chosen & { readonly value: string }, key: SettingKey, where: string, hint = ''): Chosen {
  try {
    checkSetting(key, chosen.value)
    return chosen
  } catch (thrown) {
    if (!(thrown instanceof MailctlError)) throw thrown
    throw new MailctlError('config', `${thrown.message}, in ${where}`, { hint: `${thrown.hint ?? ''} ${hint}`.trim() })
  }
}

const ownName = (): string => {
  const name = machineName().toLowerCase()
  return /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(name) ? name : 'localhost'
}

function smarthosts(relay: string | null, password: () => string | undefined): Smarthost[] {
  if (relay === null) return []
  return relay.split(',').map(url => {
    const host = parseRelay(url)
    const secret = host.user === undefined ? undefined : password()
    return Object.freeze(secret === undefined ? host : { ...host, password: secret })
  })
}

function masterKeyFile(home: string, env: Environment): string {
  const named = env['MAILCTL_MASTER_KEY_FILE']
  return named ? resolve(named) : join(home, 'keys', 'master.key')
}

/** One password for every relay that names a user: the environment, else the file it names, else `keys/relay-password`. */
function relayPassword(home: string, env: Environment): string | undefined {
  const given = env['MAILCTL_RELAY_PASSWORD']
  if (given) return given
  const named = env['MAILCTL_RELAY_PASSWORD_FILE']
  const file = named || join(home, 'keys', 'relay-password')
  try {
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '')
  } catch (thrown) {
    if (!named && (thrown as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new MailctlError('config', `cannot read the relay's password from ${file}: ${messageOf(thrown)}`, { cause: thrown })
  }
}
