/** `mailctl account request-production`: SES PutAccountDetails with ProductionAccessEnabled, decided here and at once. */
import type { AccountDetails, AskedLimits, Finding } from '../../../account/production-access.ts'
import { MailctlError } from '../../../base/errors.ts'
import { printable } from '../../../base/redact.ts'
import { accountView } from '../../../operations/account-view.ts'
import { checkGiven, type ProductionDecision, requestProduction } from '../../../operations/request-production.ts'
import { quotaText, rateText, showFacts } from '../../account-text.ts'
import { command, type Flags } from '../../command.ts'
import type { Io } from '../../io.ts'
import { parseNumber, textFlag } from '../../moments.ts'
import { agree, askText, choose } from '../../prompts.ts'

export default command<ProductionDecision>({
  path: 'account request-production',
  summary: 'Ask to leave the sandbox',
  details:
    'With --approve it is granted at once and no other flag is needed. Without it the request is reviewed against a checklist: a domain that ' +
    'is verified and signs with DKIM, its SPF and DMARC records, bounces and complaints that are forwarded and were seen to come back from ' +
    'the mailbox simulator, a suppression list for both, a use case. What is missing is listed with the command that mends it. ' +
    '--mail-type and --website-url are required; on a terminal what is not given is asked for.',
  examples: [
    'mailctl account request-production --approve',
    'mailctl account request-production --approve --max-24h-send 100000 --max-send-rate 50',
    "mailctl account request-production --mail-type TRANSACTIONAL --website-url https://example.com --use-case 'Receipts for orders in our shop; …'",
  ],
  options: [
    { flags: '--approve', summary: 'grant it without review' },
    { flags: '--mail-type <type>', summary: 'what will be sent', choices: ['TRANSACTIONAL', 'MARKETING'] },
    { flags: '--website-url <url>', summary: 'the website the mail is about, up to 1,000 characters' },
    { flags: '--use-case <text>', summary: 'how recipients are chosen, how bounces and opt-outs are handled; up to 5,000 characters' },
    { flags: '--contact-language <language>', summary: 'language of answers', choices: ['EN', 'JA'] },
    { flags: '--additional-contact <address>', summary: 'who else hears of the review; up to four', repeat: true },
    { flags: '--max-24h-send <n>', summary: 'recipients in 24 hours, -1 for unlimited (default: 50000)' },
    { flags: '--max-send-rate <n>', summary: 'recipients a second (default: 14)' },
  ],
  fails: ['usage', 'bad-data', 'conflict', 'config', 'store-unavailable'],
  results: { 1: 'denied, or a record could not be looked up; what is missing is listed' },
  async run({ app, io, progress }, _args, flags) {
    const asked = limitsOf(flags)
    const given = detailsOf(flags)
    const opened = await app()
    if (flags['approve'] === true) return await requestProduction(opened, { details: given, asked, decide: 'approve' })
    const stored = (await opened.store.productionCase())?.details
    const details = io.interactive ? await completed(io, given, stored) : given
    requireDetails({ ...stored, ...details })
    progress('Going through the checklist')
    return await requestProduction(opened, { details, asked, decide: 'now' })
  },
  json: decision => ({ ...accountView(decision), Checks: decision.productionCase.review.findings.map(findingJson) }),
  show(io, decision) {
    const { status, by, findings } = decision.productionCase.review
    for (const finding of findings) showFinding(io, finding)
    if (findings.length > 0) io.line()
    if (status !== 'GRANTED') {
      const verdict = status === 'DENIED' ? io.colour.red('Denied.') : io.colour.yellow('Not decided: try again.')
      io.line(`${verdict} ${decision.account.productionAccess ? 'The account stays as it is.' : 'The account stays in the sandbox.'}`)
      if (findings.some(({ status: of }) => of === 'MISSING'))
        io.line('Next: the commands above, then this one again; what was told is kept.')
      return
    }
    const how = by === 'owner' ? ' Nothing was reviewed, since --approve was given.' : ''
    io.line(`${io.colour.green('Granted.')} The account may send to any recipient.${how}`)
    showFacts(io, [
      ['Quota', quotaText(io, decision)],
      ['Rate', rateText(decision)],
    ])
    io.line()
    io.line('Next: mailctl status')
  },
  exit: ({ productionCase }) => (productionCase.review.status === 'GRANTED' ? 0 : 1),
})

/** What was given, unchecked: the operation knows the rules. */
function detailsOf(flags: Flags): Partial<AccountDetails> {
  const mailType = textFlag(flags, 'mailType')
  const language = textFlag(flags, 'contactLanguage')
  const websiteUrl = textFlag(flags, 'websiteUrl')
  const useCase = textFlag(flags, 'useCase')
  const contacts = flags['additionalContact']
  return {
    ...(mailType !== undefined && { mailType: mailType === 'MARKETING' ? 'MARKETING' : 'TRANSACTIONAL' }),
    ...(language !== undefined && { contactLanguage: language === 'JA' ? 'JA' : 'EN' }),
    ...(websiteUrl !== undefined && { websiteUrl }),
    ...(useCase !== undefined && { useCase }),
    ...(Array.isArray(contacts) && { additionalContacts: contacts }),
  }
}

/** @throws MailctlError usage */
function limitsOf(flags: Flags): AskedLimits {
  const quota = textFlag(flags, 'max24hSend')
  const rate = textFlag(flags, 'maxSendRate')
  return {
    ...(quota !== undefined && {
      max24HourSend: quota.trim() === '-1' ? -1 : parseNumber(quota, { flag: '--max-24h-send', min: 1, max: 1_000_000_000, whole: true }),
    }),
    ...(rate !== undefined && { maxSendRate: parseNumber(rate, { flag: '--max-send-rate', min: 0.001, max: 1_000_000, whole: false }) }),
  }
}

/** Asks for what was neither given nor told before. */
async function completed(io: Io, given: Partial<AccountDetails>, stored: AccountDetails | undefined): Promise<Partial<AccountDetails>> {
  const known = { ...stored, ...given }
  const mailType =
    known.mailType ??
    (await choose(io, {
      message: 'What will be sent?',
      flag: '--mail-type',
      choices: [
        { value: 'TRANSACTIONAL' as const, name: 'transactional: answers to what somebody did, such as receipts' },
        { value: 'MARKETING' as const, name: 'marketing: newsletters and offers' },
      ],
    }))
  const websiteUrl =
    known.websiteUrl ??
    (await askText(io, {
      message: 'Which website is it about? (https://…)',
      flag: '--website-url',
      check: text => checkGiven({ websiteUrl: text }),
    }))
  const useCase =
    known.useCase ??
    (await askText(io, {
      message: 'How are recipients chosen, how are bounces, complaints and opt-outs handled?',
      flag: '--use-case',
      check: text => checkGiven({ useCase: text }),
    }))
  const contactLanguage =
    known.contactLanguage ??
    (await choose(io, {
      message: 'In which language shall answers be?',
      flag: '--contact-language',
      choices: [
        { value: 'EN' as const, name: 'English' },
        { value: 'JA' as const, name: 'Japanese' },
      ],
    }))
  const contacts = known.additionalContacts ?? (await askContacts(io))
  const details = { mailType, websiteUrl, useCase, contactLanguage, additionalContacts: contacts }
  if (Object.entries(details).every(([name, told]) => known[name as keyof AccountDetails] === told)) return details
  await agree(io, { message: 'Ask for production access with this?', flag: '--no-input' }, [
    ['Mail', mailType],
    ['Website', websiteUrl],
    ['Use case', useCase === '' ? 'nothing said' : useCase],
    ['Language', contactLanguage],
    ['Contacts', contacts.length === 0 ? 'none' : contacts.join(', ')],
  ])
  return details
}

async function askContacts(io: Io): Promise<string[]> {
  const typed = await askText(io, {
    message: 'Who else shall hear of the review? (addresses with commas between, or nothing)',
    flag: '--additional-contact',
    check: text => checkGiven({ additionalContacts: addressesOf(text) }),
  })
  return addressesOf(typed)
}

const addressesOf = (typed: string): string[] =>
  typed
    .split(',')
    .map(address => address.trim())
    .filter(address => address !== '')

/** @throws MailctlError usage */
function requireDetails({ mailType = null, websiteUrl = null }: Partial<AccountDetails>): void {
  const missing = [...(mailType === null ? ['--mail-type'] : []), ...(websiteUrl === null ? ['--website-url'] : [])]
  if (missing.length > 0)
    throw new MailctlError('usage', `a review needs ${missing.join(' and ')}`, { hint: 'Or grant it without review: --approve.' })
}

const findingJson = ({ check, status, detail, fix }: Finding) => ({ Check: check, Status: status, Detail: detail, Fix: fix ?? undefined })

function showFinding(io: Io, { status, detail, fix }: Finding): void {
  const mark = { PASSED: io.colour.green('ok     '), MISSING: io.colour.red('missing'), UNKNOWN: io.colour.yellow('unknown') }[status]
  io.line(`${mark}  ${printable(detail)}`)
  if (fix !== null) io.line(`         ${printable(fix)}`)
}
