/** `mailctl config set`: stores a setting in config.json, or a relay's password in its own file. */
import { existsSync } from 'node:fs'
import { MailctlError } from '../../../base/errors.ts'
import { namesToProve } from '../../../operations/leave-lab.ts'
import type { Config, SettingKey } from '../../../ports/settings.ts'
import { type CommandContext, command } from '../../command.ts'
import { confirm } from '../../prompts.ts'
import { settingKey } from '../../setting-key.ts'
import { readInput } from '../../values.ts'

interface Stored {
  readonly Key: SettingKey
  readonly Value: string | null
  /** Identities without a proof from real DNS; only when the network becomes `live`. */
  readonly VerifyAgain?: readonly string[]
}

export default command<Stored>({
  path: 'config set',
  arguments: '<key> <value...>',
  summary: 'Store a setting',
  details:
    'Keys: network, relay, hostname, resolver, region, retry, pools, shaping, public-url, webhooks, lab-scale, store. Several relays are given one after the other or separated by commas and are tried ' +
    "in that order. retry holds the waits between a message's tries; the last one repeats. pools names the addresses of this machine that mail may leave from. shaping says how much a site may bear. public-url is where links in mail lead to. webhooks names hosts that events may be sent to though they are not public, or this is the lab. lab-scale is for how many messages one of the lab stands, where its receivers count. An empty value ('') brings the default back. " +
    'A stored setting gives way to a flag or an environment variable.',
  examples: [
    'mailctl config set network relay',
    'mailctl config set relay smtp://user@mail.example.com:587 --password-file secret.txt',
    'mailctl config set retry 1m,5m,15m,30m,1h,2h',
    'mailctl config set shaping google=concurrency:2+per-second:5,relay=concurrency:50',
    'mailctl config set pools marketing=192.0.2.10+2001:db8::10,receipts=192.0.2.11',
    'mailctl config set network live --yes',
  ],
  options: [
    { flags: '--password-file <file>', summary: "the relay's password, kept in keys/relay-password; - for stdin", path: true },
    { flags: '--yes', summary: 'go live, though identities must be verified again' },
  ],
  mendsConfig: true,
  fails: ['usage', 'bad-data', 'no-input', 'forbidden', 'config', 'store-unavailable', 'interrupted'],
  async run(context, [typed = '', ...values], flags) {
    const { config } = context
    const key = settingKey(typed, Object.keys(config.origins))
    if (!existsSync(config.home))
      throw new MailctlError('config', `there is no account in ${config.home}`, { hint: 'Make one: mailctl init.' })
    const value = oneValue(key, values)
    const passwordFile = flags['passwordFile']
    if (passwordFile !== undefined && key !== 'relay')
      throw new MailctlError('usage', '--password-file goes with relay only', { hint: 'mailctl config set relay URL --password-file FILE' })
    const outside = key === 'network' && (value === 'relay' || value === 'live') ? value : undefined
    const verifyAgain = outside && (await leaveLab(context, outside, flags['yes'] === true))
    await config.set(key, value)
    for (const [other, text] of config.wrong) if (other !== key) context.notice(text)
    if (typeof passwordFile === 'string') await storePassword(config, await readInput(passwordFile, context.io))
    return { Key: key, Value: value === '' ? null : value, ...(verifyAgain && { VerifyAgain: verifyAgain }) }
  },
  show(io, { Key, Value, VerifyAgain = [] }) {
    io.line(Value === null ? `${Key} is the default again` : `${Key}=${Value}`)
    for (const name of VerifyAgain) io.line(`verify again: ${name}`)
  },
})

/** @throws MailctlError usage */
function oneValue(key: SettingKey, values: readonly string[]): string {
  if (values.length > 1 && key !== 'relay')
    throw new MailctlError('usage', `${key} takes one value, ${values.length} were given`, { hint: 'Quote a value that holds spaces.' })
  return values.join(',')
}

/** @returns names to verify again, when it goes live  @throws MailctlError forbidden (virtual clock), usage (no --yes) */
async function leaveLab(
  { app, io, notice }: CommandContext,
  network: 'relay' | 'live',
  agreed: boolean,
): Promise<readonly string[] | undefined> {
  const names = await namesToProve(await app(), network)
  if (network === 'relay') return undefined
  if (agreed) return names
  for (const name of names) notice(`${name} was proved in the lab only and must be verified again before it may send live`)
  const again = names.length === 0 ? '' : ` with ${names.length} identities to verify again`
  if (await confirm(io, { message: `Go live${again}: mail then leaves for its real recipients?`, flag: '--yes' })) return names
  throw new MailctlError('interrupted', 'the network was left as it is')
}

async function storePassword(config: Config, bytes: Buffer): Promise<void> {
  const password = bytes.toString('utf8').replace(/\r?\n$/, '')
  if (password === '' || /[\r\n\0]/.test(password))
    throw new MailctlError('bad-data', 'the password file does not hold one line', { hint: 'Put the password alone into it.' })
  await config.setRelayPassword(password)
}
