/** `mailctl identity set`: signing, keys, MAIL FROM, default configuration set, feedback forwarding, tags. */
import type { Identity } from '../../../account/identity.ts'
import { MailctlError } from '../../../base/errors.ts'
import { type IdentityView, identityView } from '../../../operations/identity-view.ts'
import { type IdentityChange, setIdentity } from '../../../operations/set-identity.ts'
import { command, type Flags } from '../../command.ts'
import { DKIM_FLAGS, dkimChoice } from '../../dkim-flags.ts'
import { showIdentity } from '../../identity-text.ts'
import { textFlag } from '../../moments.ts'

interface Shown {
  readonly identity: Identity
  readonly view: IdentityView
}

const onOff = (flags: Flags, name: string): 'on' | 'off' | undefined => {
  const value = textFlag(flags, name)
  return value === 'on' || value === 'off' ? value : undefined
}

const textsOf = (flags: Flags, name: string): readonly string[] => {
  const value = flags[name]
  return Array.isArray(value) ? value : []
}

/** `key=value`; without the sign the value is empty. */
function keyAndValue(text: string): readonly [key: string, value: string] {
  const equals = text.indexOf('=')
  return equals < 0 ? [text, ''] : [text.slice(0, equals), text.slice(equals + 1)]
}

export default command<Shown>({
  path: 'identity set',
  arguments: '<identity>',
  summary: 'Change what an identity does',
  details:
    'With --feedback off the sender still hears of bounces and complaints by mail as long as no event destination tells of both. ' +
    "An empty value clears: --mail-from '' goes back to the default return path. New keys sign once they are found in DNS; until then the key that " +
    'signs now goes on. The key length changes at most once in 24 hours, but for one change to rsa1024.',
  examples: [
    'mailctl identity set example.com --mail-from bounce',
    'mailctl identity set example.com --signing off',
    'mailctl identity set example.com --dkim byo:mail2026:private.pem',
    'mailctl identity set example.com --tag team=shop --tag stage=test --untag old',
  ],
  options: [
    { flags: '--signing <state>', summary: 'DKIM signing: on or off', choices: ['on', 'off'] },
    ...DKIM_FLAGS,
    { flags: '--mail-from <subdomain>', summary: "custom MAIL FROM domain; '' for none" },
    { flags: '--on-mx-failure <behaviour>', summary: 'when its MX is missing: default or reject', choices: ['default', 'reject'] },
    { flags: '--config-set <name>', summary: "default configuration set; '' for none" },
    { flags: '--feedback <state>', summary: 'forward bounces and complaints by mail: on or off', choices: ['on', 'off'] },
    { flags: '--tag <key=value>', summary: 'add a tag, or give it another value; 50 at most', repeat: true },
    { flags: '--untag <key>', summary: 'remove a tag', repeat: true },
  ],
  fails: ['usage', 'bad-data', 'no-input', 'not-found', 'conflict', 'limit-exceeded', 'config', 'store-unavailable'],
  async run({ app, io }, [name = ''], flags) {
    const dkim = await dkimChoice(flags, io)
    const [mailFrom, configurationSet] = [textFlag(flags, 'mailFrom'), textFlag(flags, 'configSet')]
    const [signing, feedbackForwarding] = [onOff(flags, 'signing'), onOff(flags, 'feedback')]
    const tags = textsOf(flags, 'tag').map(keyAndValue)
    const removedTags = textsOf(flags, 'untag')
    const behaviour = textFlag(flags, 'onMxFailure')
    const change: IdentityChange = {
      ...(signing && { signing }),
      ...(dkim && { dkim }),
      ...(mailFrom !== undefined && { mailFrom }),
      ...(behaviour !== undefined && { onMxFailure: behaviour === 'reject' ? 'REJECT_MESSAGE' : 'USE_DEFAULT_VALUE' }),
      ...(configurationSet !== undefined && { configurationSet }),
      ...(feedbackForwarding && { feedbackForwarding }),
      ...(tags.length > 0 && { tags }),
      ...(removedTags.length > 0 && { removedTags }),
    }
    if (Object.keys(change).length === 0)
      throw new MailctlError('usage', 'nothing to change was given', { hint: 'See: mailctl identity set --help' })
    const opened = await app()
    const identity = await setIdentity(opened, name, change)
    return { identity, view: identityView(identity, opened) }
  },
  json: ({ view }) => view,
  show: (io, { identity }) => showIdentity(io, identity),
})
