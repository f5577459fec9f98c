/** `mailctl account request-production`: SES PutAccountDetails with ProductionAccessEnabled, decided here and at once. */
import { MailctlError } from '../../../base/errors.ts'
import { type ProductionDecision, requestProduction } from '../../../operations/account-state.ts'
import { accountJson } from '../../account-json.ts'
import { quotaText, rateText, showFacts } from '../../account-text.ts'
import { command, type Flags } from '../../command.ts'
import { parseNumber, textFlag } from '../../moments.ts'

interface Reviewed extends ProductionDecision {
  /** SES `Details`, as far as given. */
  readonly details: Readonly<Record<string, string>>
}

export default command<Reviewed>({
  path: 'account request-production',
  summary: 'Ask to leave the sandbox',
  details:
    'With --approve it is granted at once and no other flag is needed. Without it the request is reviewed: --mail-type and --website-url ' +
    'are required, and it is granted when a domain is verified and signs with DKIM; otherwise it says what is missing.',
  examples: [
    'mailctl account request-production --approve',
    'mailctl account request-production --approve --max-24h-send 100000 --max-send-rate 50',
    'mailctl account request-production --mail-type TRANSACTIONAL --website-url https://example.com',
  ],
  options: [
    { flags: '--approve', summary: 'grant it without review' },
    { flags: '--mail-type <type>', summary: 'what will be sent', choices: ['TRANSACTIONAL', 'MARKETING'] },
    { flags: '--website-url <url>', summary: 'the website the mail is about' },
    { flags: '--use-case <text>', summary: 'how recipients are chosen, how bounces and opt-outs are handled' },
    { flags: '--contact-language <language>', summary: 'language of answers', choices: ['EN', 'JA'] },
    { flags: '--max-24h-send <n>', summary: 'recipients in 24 hours, -1 for unlimited (default: 50000)' },
    { flags: '--max-send-rate <n>', summary: 'recipients a second (default: 14)' },
  ],
  fails: ['usage', 'config', 'store-unavailable'],
  results: { 1: 'denied; what is missing is listed' },
  async run({ app }, _args, flags) {
    const details = detailsOf(flags)
    const approve = flags['approve'] === true
    if (!approve) requireDetails(details)
    const max24HourSend = textFlag(flags, 'max24hSend')
    const maxSendRate = textFlag(flags, 'maxSendRate')
    const request = {
      decision: approve ? ('approve' as const) : ('review' as const),
      ...(max24HourSend !== undefined && { max24HourSend: quota(max24HourSend) }),
      ...(maxSendRate !== undefined && {
        maxSendRate: parseNumber(maxSendRate, { flag: '--max-send-rate', min: 0.001, max: 1_000_000, whole: false }),
      }),
    }
    return { ...(await requestProduction(await app(), request)), details }
  },
  json: decision => ({
    ...accountJson(decision),
    Details: { ...decision.details, ReviewDetails: { Status: decision.status } },
    Missing: decision.missing,
  }),
  show(io, decision) {
    if (decision.status === 'DENIED') {
      io.line(`${io.colour.red('Denied.')} The account stays in the sandbox:`)
      for (const reason of decision.missing) io.line(`  - ${reason}`)
      return
    }
    io.line(`${io.colour.green('Granted.')} The account may send to any recipient.`)
    showFacts(io, [
      ['Quota', quotaText(io, decision)],
      ['Rate', rateText(decision)],
    ])
  },
  exit: ({ status }) => (status === 'GRANTED' ? 0 : 1),
})

/** SES facts: URL up to 1,000 characters, use case up to 5,000.  @throws MailctlError usage */
function detailsOf(flags: Flags): Readonly<Record<string, string>> {
  const url = textFlag(flags, 'websiteUrl')
  if (url !== undefined && (url.length > 1_000 || !/^https?:\/\/[^\s/]+\S*$/i.test(url)))
    throw new MailctlError('usage', `'${url.slice(0, 100)}' is not a value of --website-url`, { hint: 'Write https://example.com.' })
  const useCase = textFlag(flags, 'useCase')
  if (useCase !== undefined && useCase.length > 5_000)
    throw new MailctlError('usage', '--use-case is longer than 5,000 characters', { hint: 'Shorten it.' })
  const given = {
    MailType: textFlag(flags, 'mailType'),
    WebsiteURL: url,
    UseCaseDescription: useCase,
    ContactLanguage: textFlag(flags, 'contactLanguage'),
  }
  return Object.fromEntries(Object.entries(given).filter((pair): pair is [string, string] => pair[1] !== undefined))
}

function requireDetails(details: Readonly<Record<string, string>>): void {
  const missing = [...(details['MailType'] ? [] : ['--mail-type']), ...(details['WebsiteURL'] ? [] : ['--website-url'])]
  if (missing.length > 0)
    throw new MailctlError('usage', `a review needs ${missing.join(' and ')}`, { hint: 'Or grant it without review: --approve.' })
}

function quota(text: string): number {
  return text.trim() === '-1' ? -1 : parseNumber(text, { flag: '--max-24h-send', min: 1, max: 1_000_000_000, whole: true })
}
