/** `mailctl dkim import`: a key of the caller's own signs once it is found in DNS. */
import { type ImportPreview, importKey, previewImport } from '../../../operations/dkim.ts'
import { checkedView, type IdentityView, identityView } from '../../../operations/identity-view.ts'
import type { VerifiedDomain } from '../../../operations/verify-identity.ts'
import { command } from '../../command.ts'
import { noticeHostname } from '../../hostname-notice.ts'
import { showChecked, showIdentity } from '../../identity-text.ts'
import { requiredText } from '../../moments.ts'
import { PUBLISH_FLAGS, publishTarget, RESOLVER_FLAG } from '../../publish-flags.ts'
import { noticeRefused } from '../../publish-notice.ts'
import { readInput } from '../../values.ts'

/** What was done, or what would be. */
type Shown = { readonly done: VerifiedDomain; readonly view: IdentityView } | { readonly would: ImportPreview }

export default command<Shown>({
  path: 'dkim import',
  arguments: '<domain>',
  summary: 'Sign with a key of your own',
  details:
    'An RSA key of 1024 to 2048 bits, as PEM or as its base64 text, without a passphrase. It signs once its record is found in DNS; the key that ' +
    'signs now goes on until then. To change a key of your own, import the next one under a new selector.',
  examples: [
    'mailctl dkim import example.com --selector mail2026 --key-file private.pem',
    'openssl genrsa 2048 | mailctl dkim import example.com --selector mail2026 --key-file -',
  ],
  options: [
    { flags: '--selector <name>', summary: 'letters, digits and hyphens, 1 to 63 (required)' },
    { flags: '--key-file <file>', summary: 'the private key; - reads it from stdin (required)', path: true },
    ...PUBLISH_FLAGS,
    RESOLVER_FLAG,
    { flags: '-n, --dry-run', summary: 'look at the key and show its record, and store nothing' },
  ],
  fails: [
    'usage',
    'bad-data',
    'no-input',
    'too-large',
    'not-found',
    'conflict',
    'unreachable',
    'forbidden',
    'config',
    'store-unavailable',
    'interrupted',
  ],
  results: { 0: 'it signs, or would be taken', 1: 'it was stored and is not found in DNS yet' },
  async run({ app, config, io, signal, progress, notice }, [domain = ''], flags) {
    const selector = requiredText(flags, 'selector')
    const pem = (await readInput(requiredText(flags, 'keyFile'), io)).toString('latin1')
    const publish = await publishTarget(flags)
    const opened = await app()
    if (flags['dryRun'] === true) return { would: await previewImport(opened, { domain, key: { kind: 'byo', selector, pem } }) }
    noticeHostname({ notice }, opened.settings)
    progress(`Looking for the key of ${domain}`)
    const look = { resolver: config.resolver, limit: signal }
    const done = await importKey(opened, { domain, key: { kind: 'byo', selector, pem }, ...(publish && { publish }), ...look })
    for (const text of done.notices) notice(text)
    noticeRefused({ notice }, done.published)
    return { done, view: identityView(done.identity, opened) }
  },
  json: shown =>
    'would' in shown
      ? {
          DryRun: true,
          EmailIdentity: shown.would.domain,
          Selector: shown.would.selector,
          KeyLength: shown.would.length,
          DnsRecords: [{ Type: 'TXT', Name: shown.would.record.name, Value: shown.would.record.value }],
        }
      : { ...shown.view, DnsRecords: shown.done.records.map(checkedView) },
  async show(io, shown) {
    if ('would' in shown) {
      const { domain, selector, length, record } = shown.would
      io.line(`${domain} would sign with ${selector} (${length}) once this stands in DNS; nothing was stored.`)
      io.line(`${record.name}  TXT  ${record.value}`)
      return
    }
    showIdentity(io, shown.done.identity)
    io.line()
    await showChecked(io, shown.done.records)
  },
  exit: shown => ('would' in shown || shown.done.identity.dkim.signing?.token === shown.done.identity.dkim.tokens[0] ? 0 : 1),
})
