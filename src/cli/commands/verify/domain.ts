/** `mailctl verify domain`: creates the identity if it is new, publishes where asked, looks, and says record by record what was found. */
import { parseDuration } from '../../../base/duration.ts'
import { checkedView, type IdentityView, identityView } from '../../../operations/identity-view.ts'
import { isSettled, type VerifiedDomain, verifyDomain } from '../../../operations/verify-identity.ts'
import { command } from '../../command.ts'
import { DKIM_FLAGS, dkimChoice } from '../../dkim-flags.ts'
import { noticeHostname } from '../../hostname-notice.ts'
import { showChecked, showIdentity } from '../../identity-text.ts'
import { textFlag } from '../../moments.ts'
import { PUBLISH_FLAGS, publishTarget, RESOLVER_FLAG } from '../../publish-flags.ts'
import { noticeRefused } from '../../publish-notice.ts'

interface Shown {
  readonly done: VerifiedDomain
  readonly view: IdentityView
}

/** A timer holds 31 bits. */
const timeUp = (ms: number): AbortSignal => AbortSignal.timeout(Math.min(ms, 2 ** 31 - 1))

export default command<Shown>({
  path: 'verify domain',
  arguments: '<domain>',
  summary: 'Prove a domain by its DNS records',
  details:
    'Creates the identity with three DKIM keys if it is new, looks at once, and says record by record what was found. In the lab the ' +
    'records are published to the lab by default. Without --resolver the servers of the zone itself are asked, not a cache.',
  examples: [
    'mailctl verify domain example.com',
    'mailctl verify domain example.com --mail-from bounce --wait --timeout 1h',
    'mailctl verify domain example.com --publish rfc2136://ns1.example.com --tsig-file mailctl.key',
  ],
  options: [
    ...DKIM_FLAGS,
    { flags: '--mail-from <subdomain>', summary: 'custom MAIL FROM domain: bounce or bounce.example.com' },
    ...PUBLISH_FLAGS,
    RESOLVER_FLAG,
    { flags: '--wait', summary: 'look again until it is verified' },
    { flags: '--timeout <duration>', summary: 'stop waiting, for a silent DNS server too, after this long (default: 10m)' },
  ],
  fails: [
    'usage',
    'bad-data',
    'no-input',
    'unreachable',
    'forbidden',
    'conflict',
    'limit-exceeded',
    'config',
    'store-unavailable',
    'interrupted',
  ],
  results: { 0: 'verified', 1: 'not verified yet', 75: 'timed out waiting' },
  async run({ app, config, io, signal, progress, notice }, [domain = ''], flags) {
    const dkim = await dkimChoice(flags, io)
    const publish = await publishTarget(flags)
    const mailFrom = textFlag(flags, 'mailFrom')
    const timeout = textFlag(flags, 'timeout')
    const timeoutMs = parseDuration(timeout ?? '10m')
    const onCheck = (): void => progress('Not there yet; looking again')
    const opened = await app()
    noticeHostname({ notice }, opened.settings)
    progress(`Looking at the records of ${domain}`)
    const done = await verifyDomain(opened, {
      domain,
      ...(dkim && { dkim }),
      ...(publish && { publish }),
      ...(mailFrom !== undefined && { mailFrom }),
      resolver: config.resolver,
      limit: AbortSignal.any([signal, ...(timeout === undefined || opened.clock.kind === 'virtual' ? [] : [timeUp(timeoutMs)])]),
      ...(flags['wait'] === true && { wait: { timeoutMs, signal, onCheck } }),
    })
    for (const text of done.notices) notice(text)
    noticeRefused({ notice }, done.published)
    return { done, view: identityView(done.identity, opened) }
  },
  json: ({ done, view }) => ({ ...view, DnsRecords: done.records.map(checkedView) }),
  async show(io, { done }) {
    showIdentity(io, done.identity)
    io.line()
    await showChecked(io, done.records)
    if (isSettled(done.identity)) return
    io.line()
    io.line(`Next: publish what is missing (mailctl dns plan ${done.identity.name}), then look again.`)
  },
  exit: ({ done }) => (done.timedOut ? 75 : isSettled(done.identity) ? 0 : 1),
})
