/** `mailctl config get`: one setting as it applies now. */
import { MailctlError } from '../../../base/errors.ts'
import { printable } from '../../../base/redact.ts'
import { command } from '../../command.ts'
import { settingKey } from '../../setting-key.ts'

interface Setting {
  readonly Key: string
  readonly Value: string
  readonly Origin: string
}

export default command<Setting>({
  path: 'config get',
  arguments: '<key>',
  summary: 'Print a setting',
  details: 'Keys: network, relay, hostname, resolver, region, retry, pools, shaping, public-url, webhooks, lab-scale, store.',
  examples: ['mailctl config get network', 'mailctl config get relay --json'],
  fails: ['usage', 'not-found', 'config'],
  async run({ config }, [typed = '']) {
    const key = settingKey(typed, Object.keys(config.origins))
    const { value, origin } = config.origins[key]
    if (value === null) throw new MailctlError('not-found', `${key} is not set`, { hint: `mailctl config set ${key} VALUE` })
    return { Key: key, Value: value, Origin: origin }
  },
  show: (io, { Value }) => io.line(printable(Value)),
})
