/** `mailctl verify domain`: creates the identity if it is new, publishes where asked, looks, and says record by record what was found. */
import { parseDuration } from '../../../base/duration.ts'
import { MailctlError } from '../../../base/errors.ts'
import { domainName, mailFromDomain } from '../../../operations/create-identity.ts'
import { checkedView, type IdentityView, identityView } from '../../../operations/identity-view.ts'
import { isSettled, type VerifiedDomain, verifyDomain } from '../../../operations/verify-identity.ts'
import { command } from '../../command.ts'
import { DKIM_FLAGS, dkimChoice } from '../../dkim-flags.ts'
import { noticeHostname } from '../../hostname-notice.ts'
import { showChecked, showIdentity } from '../../identity-text.ts'
import type { Io } from '../../io.ts'
import { textFlag } from '../../moments.ts'
import { agree, askText } from '../../prompts.ts'
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
  arguments: '[domain]',
  summary: 'Prove a domain by its DNS records',
  details:
    'Creates the identity with three DKIM keys if it is new (on a terminal, without a domain, it asks which), looks at once, and says record by record what was found. In the lab the ' +
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
  async run({ app, config, io, signal, progress, notice }, [given], flags) {
    // Before anything is asked: without an account no answer would help.
    const opened = await app()
    const { domain, mailFrom } = await wanted(io, {
      domain: given,
      mailFrom: textFlag(flags, 'mailFrom'),
      network: config.settings.network,
    })
    const dkim = await dkimChoice(flags, io)
    const publish = await publishTarget(flags)
    const timeout = textFlag(flags, 'timeout')
    const timeoutMs = parseDuration(timeout ?? '10m')
    const onCheck = (): void => progress('Not there yet; looking again')
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
    io.line()
    const { name } = done.identity
    if (isSettled(done.identity)) io.line(`Next: mailctl send --from hello@${name} --to ${TRY} --subject Hello --text 'It works.'`)
    else io.line(`Next: publish what is missing (mailctl dns plan ${name}), then look again.`)
  },
  exit: ({ done }) => (done.timedOut ? 75 : isSettled(done.identity) ? 0 : 1),
})

/** May be written to from the sandbox too. */
const TRY = 'success@simulator.amazonses.com'

interface Wanted {
  readonly domain: string
  readonly mailFrom: string | undefined
}

/** What was given, or is answered on a terminal when no domain was. @throws MailctlError usage, interrupted */
async function wanted(
  io: Io,
  { domain, mailFrom, network }: { readonly domain: string | undefined; readonly mailFrom: string | undefined; readonly network: string },
): Promise<Wanted> {
  if (domain !== undefined) return { domain, mailFrom }
  if (!io.interactive) throw new MailctlError('usage', 'a domain is missing', { hint: 'mailctl verify domain example.com' })
  const asked = await askText(io, {
    message: 'Which domain do you send from?',
    flag: 'the domain',
    ...(network === 'lab' && { default: 'example.com' }),
    check: text => void domainName(text),
  })
  const sub =
    mailFrom ??
    (await askText(io, {
      message: 'Its own MAIL FROM domain, for bounces? (such as bounce; nothing: none)',
      flag: '--mail-from',
      check: text => void (text === '' || mailFromDomain(text, domainName(asked))),
    }))
  await agree(
    io,
    {
      message: network === 'lab' ? 'Publish its records in the lab and verify it?' : 'Make it and look for its records?',
      flag: 'the domain',
    },
    [
      ['Domain', domainName(asked)],
      ['MAIL FROM', sub === '' ? 'none' : mailFromDomain(sub, domainName(asked))],
      ['DKIM', 'three new keys: one signs, two wait'],
    ],
  )
  return { domain: asked, mailFrom: sub === '' ? undefined : sub }
}
