/** `mailctl dkim rotate`: the next key signs, the one before stays published, a new one waits. */
import { type Rotation, readKeys, rotateKeys, type ShownKey } from '../../../operations/dkim.ts'
import { checkedView, type IdentityView, identityView } from '../../../operations/identity-view.ts'
import { command } from '../../command.ts'
import { keyJson, showKeys } from '../../dkim-keys.ts'
import { noticeHostname } from '../../hostname-notice.ts'
import { PUBLISH_FLAGS, publishTarget, RESOLVER_FLAG } from '../../publish-flags.ts'
import { noticeRefused } from '../../publish-notice.ts'

interface Shown {
  readonly rotation: Rotation
  readonly view: IdentityView
  readonly keys: readonly ShownKey[]
}

export default command<Shown>({
  path: 'dkim rotate',
  arguments: '<domain>',
  summary: 'Let the next DKIM key sign',
  details:
    'The next key signs from now on, if its record is found in DNS at this moment; otherwise nothing changes. The key before stays published ' +
    'for seven days, and a new one is made that must be published before its turn comes. In the lab that is done by default.',
  examples: [
    'mailctl dkim rotate example.com',
    'mailctl dkim rotate example.com --publish rfc2136://ns1.example.com --tsig-file mailctl.key',
  ],
  options: [...PUBLISH_FLAGS, RESOLVER_FLAG],
  fails: [
    'usage',
    'bad-data',
    'no-input',
    'not-found',
    'conflict',
    'limit-exceeded',
    'unreachable',
    'forbidden',
    'config',
    'store-unavailable',
    'interrupted',
  ],
  async run({ app, config, signal, progress, notice }, [domain = ''], flags) {
    const publish = await publishTarget(flags)
    const opened = await app()
    noticeHostname({ notice }, opened.settings)
    progress(`Looking for the next key of ${domain}`)
    const rotation = await rotateKeys(opened, { domain, ...(publish && { publish }), resolver: config.resolver, limit: signal })
    for (const text of rotation.notices) notice(text)
    noticeRefused({ notice }, rotation.published)
    const { keys } = await readKeys(opened, rotation.identity.name)
    return { rotation, view: identityView(rotation.identity, opened), keys }
  },
  json: ({ rotation, view, keys }) => ({
    EmailIdentity: view.EmailIdentity,
    DkimAttributes: view.DkimAttributes,
    Keys: keys.map(keyJson),
    DnsRecords: rotation.records.map(checkedView),
  }),
  async show(io, { rotation, keys }) {
    const { identity, signing, retired, added } = rotation
    io.line(`${signing} signs for ${identity.name} now, ${retired} no more`)
    io.line()
    await showKeys(io, keys)
    if (!identity.dkim.unproved.includes(added)) return
    io.line()
    io.line(`Next: publish ${added} (mailctl dns plan ${identity.name}) before its turn comes.`)
  },
})
