/** `mailctl dkim show`: the keys of a domain and what each does. */
import { readKeys, type ShownKey } from '../../../operations/dkim.ts'
import { type IdentityView, identityView } from '../../../operations/identity-view.ts'
import { command } from '../../command.ts'
import { keyJson, showKeys } from '../../dkim-keys.ts'

interface Shown {
  readonly view: IdentityView
  readonly keys: readonly ShownKey[]
}

export default command<Shown>({
  path: 'dkim show',
  arguments: '<domain>',
  summary: 'Show the DKIM keys of a domain and what each does',
  details: 'Asks no DNS server and shows no private key.',
  examples: ['mailctl dkim show example.com', 'mailctl dkim show example.com --json'],
  fails: ['usage', 'bad-data', 'not-found', 'config', 'store-unavailable'],
  async run({ app }, [domain = '']) {
    const opened = await app()
    const { identity, keys } = await readKeys(opened, domain)
    return { view: identityView(identity, opened), keys }
  },
  json: ({ view, keys }) => ({ EmailIdentity: view.EmailIdentity, DkimAttributes: view.DkimAttributes, Keys: keys.map(keyJson) }),
  show: (io, { keys }) => showKeys(io, keys),
})
