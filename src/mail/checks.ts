/** What can be checked about a message before it leaves, each a function of the facts. Which of them a provider cares about is in rule-packs/. */
import type { CheckFacts } from './check-facts.ts'
import { htmlFacts, type Link } from './html-facts.ts'

export interface CheckResult {
  /** `UNKNOWN`: it could not be learned. `SKIPPED`: it does not apply. */
  readonly status: 'PASSED' | 'FAILED' | 'UNKNOWN' | 'SKIPPED'
  readonly evidence: string
}

const passed = (evidence: string): CheckResult => ({ status: 'PASSED', evidence })
const failed = (evidence: string): CheckResult => ({ status: 'FAILED', evidence })
const unknown = (evidence: string): CheckResult => ({ status: 'UNKNOWN', evidence })
const skipped = (evidence: string): CheckResult => ({ status: 'SKIPPED', evidence })
const either = (holds: boolean, evidence: string): CheckResult => (holds ? passed(evidence) : failed(evidence))

/** RFC 5322 §3.6: fields of which there is at most one. */
export const SINGLE = [
  'from',
  'sender',
  'reply-to',
  'to',
  'cc',
  'message-id',
  'in-reply-to',
  'references',
  'subject',
  'date',
  'mime-version',
  'content-type',
]
/** Octets at which Gmail cuts an HTML part. */
export const GMAIL_CUTS_AT = 102 * 1024
/** HTML with pictures and fewer characters than this says nothing without them. */
const LITTLE_TEXT = 40
/** Mailbox providers that publish a DMARC policy against mail from elsewhere. */
const MAILBOXES = /^(gmail\.com|googlemail\.com|yahoo\.[a-z.]+|aol\.com|outlook\.com|hotmail\.[a-z.]+|live\.com|msn\.com|icloud\.com)$/

const valuesOf = ({ fields }: CheckFacts, name: string): string[] =>
  fields.filter(([found]) => found.toLowerCase() === name).map(([, value]) => value)
export const repeatedField = ({ fields }: CheckFacts): string | undefined => {
  const names = fields.map(([name]) => name.toLowerCase())
  return SINGLE.find(name => names.filter(found => found === name).length > 1)
}
export const eightBitField = ({ fields }: CheckFacts): string | undefined => fields.find(([, value]) => /[^\x00-\x7f]/.test(value))?.[0]

const spf = ({ spf: found }: CheckFacts): CheckResult => {
  if (found === null) return unknown('The address that it leaves from is not known: give --ip')
  const evidence = `SPF of ${found.domain}: ${found.result}${found.detail === '' ? '' : ` (${found.detail})`}`
  return found.result === 'temperror' ? unknown(evidence) : either(found.result === 'pass', evidence)
}
const dkim = ({ dkim: found }: CheckFacts): CheckResult => {
  if (found.length === 0) return failed('No signature, and no verified domain that would sign')
  const evidence = found
    .map(({ domain, selector, result, detail }) => `d=${domain} s=${selector}: ${result}${detail === '' ? '' : ` (${detail})`}`)
    .join('; ')
  const isOpen = found.some(({ result }) => result === 'temperror') && !found.some(({ result }) => result === 'pass')
  if (isOpen) return unknown(evidence)
  return either(
    found.some(({ result }) => result === 'pass'),
    evidence,
  )
}
const dmarcRecord = ({ dmarc }: CheckFacts): CheckResult => {
  if (dmarc === null) return unknown('From names no domain')
  if (dmarc.result === 'temperror') return unknown(`DNS did not answer for _dmarc.${dmarc.domain}`)
  return either(
    dmarc.result !== 'none' && dmarc.result !== 'permerror',
    `DMARC of ${dmarc.domain}: ${dmarc.policy === '' ? 'no record' : `p=${dmarc.policy}`}`,
  )
}
const aligned = (facts: CheckFacts): CheckResult => {
  const { dmarc } = facts
  if (dmarc === null || dmarc.result === 'temperror') return dmarcRecord(facts)
  if (dmarc.result === 'none' || dmarc.result === 'permerror')
    return failed(`Nothing to be aligned with: ${dmarc.domain} has no DMARC record`)
  return either(dmarc.result === 'pass', `DMARC of ${dmarc.domain}: ${dmarc.result}`)
}
const unsubscribeUrl = (facts: CheckFacts): string | undefined =>
  /<(https:[^>]+)>/i.exec(valuesOf(facts, 'list-unsubscribe').join(' '))?.[1]

function oneClick(facts: CheckFacts): CheckResult {
  if (valuesOf(facts, 'list-unsubscribe').length === 0) return failed('No List-Unsubscribe field')
  if (unsubscribeUrl(facts) === undefined) return failed('List-Unsubscribe has no https URL')
  const posted = valuesOf(facts, 'list-unsubscribe-post').some(value => /^\s*List-Unsubscribe=One-Click\s*$/i.test(value))
  return either(
    posted,
    posted ? 'List-Unsubscribe and List-Unsubscribe-Post are there' : 'No List-Unsubscribe-Post: List-Unsubscribe=One-Click',
  )
}

/** Host of a text that is an address of the web by itself. */
const hostIn = (text: string): string | undefined =>
  /^(?:https?:\/\/)?((?:[a-z0-9-]{1,63}\.){1,10}[a-z]{2,24})(?:[/?#:]\S*)?$/i.exec(text)?.[1]?.toLowerCase()
const hostOf = (href: string): string | undefined => {
  try {
    const url = new URL(href)
    return /^https?:$/.test(url.protocol) ? url.hostname : undefined
  } catch {
    return undefined
  }
}
const bare = (host: string): string => host.replace(/^www\./, '')
function misleads({ href, text }: Link): boolean {
  const [said, real] = [hostIn(text), hostOf(href)]
  if (said === undefined || real === undefined) return false
  return bare(said) !== bare(real) && !real.endsWith(`.${bare(said)}`)
}
const links = ({ html }: CheckFacts): readonly Link[] => (html === null ? [] : htmlFacts(html).links)
const isAddress = (host: string): boolean => /^(\d{1,3}(\.\d{1,3}){3}|\[.*\])$/.test(host)

export const CHECKS = {
  accepted: ({ refusal }: CheckFacts) => either(refusal === null, refusal ?? 'Accepted'),
  oneFrom: (facts: CheckFacts) =>
    either(valuesOf(facts, 'from').length === 1 && facts.from.length === 1, `From: ${facts.from.join(', ') || 'nobody'}`),
  fieldsOnce: (facts: CheckFacts) =>
    either(
      repeatedField(facts) === undefined,
      repeatedField(facts) === undefined ? 'No field is repeated' : `${repeatedField(facts)} stands more than once`,
    ),
  asciiHeader: (facts: CheckFacts) =>
    either(
      eightBitField(facts) === undefined,
      eightBitField(facts) === undefined ? 'All fields are ASCII' : `${eightBitField(facts)} holds raw 8-bit text`,
    ),
  visibleRecipient: (facts: CheckFacts) => {
    const to = [...valuesOf(facts, 'to'), ...valuesOf(facts, 'cc')]
    return either(
      to.some(value => value.includes('@')),
      to.length === 0 ? 'No To and no Cc' : `To: ${to.join(', ')}`,
    )
  },
  spf,
  dkim,
  dmarcRecord,
  aligned,
  dmarcAligned: (facts: CheckFacts) => (dmarcRecord(facts).status === 'PASSED' ? aligned(facts) : dmarcRecord(facts)),
  spfOrDkim: (facts: CheckFacts) => {
    const results = [spf(facts), dkim(facts)]
    const evidence = results.map(({ evidence: one }) => one).join('; ')
    if (results.some(({ status }) => status === 'PASSED')) return passed(evidence)
    return results.some(({ status }) => status === 'UNKNOWN') ? unknown(evidence) : failed(evidence)
  },
  dmarcPolicy: ({ dmarc }: CheckFacts) => {
    if (dmarc === null) return unknown('From names no domain')
    const stops = dmarc.result === 'fail' && (dmarc.policy === 'reject' || dmarc.policy === 'quarantine')
    return either(!stops, `DMARC of ${dmarc.domain}: ${dmarc.result}${dmarc.policy === '' ? '' : `, p=${dmarc.policy}`}`)
  },
  reverseDns: ({ client }: CheckFacts) => {
    if (client === null) return unknown('The address that it leaves from is not known: give --ip')
    if (client.name === undefined) return unknown(`DNS did not answer for the name of ${client.ip}`)
    if (client.name === null) return failed(`${client.ip} has no PTR record`)
    return either(
      client.leadsBack,
      `${client.ip} is ${client.name}, which ${client.leadsBack ? 'leads back to it' : 'does not have that address'}`,
    )
  },
  tls: ({ tlsPolicy, isRelayed }: CheckFacts) =>
    isRelayed ? unknown('The relay decides that') : passed(`TLS is used wherever it is offered; policy ${tlsPolicy}`),
  oneClick,
  oneClickSigned: (facts: CheckFacts) => {
    if (oneClick(facts).status !== 'PASSED') return skipped('There is no one-click unsubscribe')
    const missing = ['list-unsubscribe', 'list-unsubscribe-post'].filter(name => !facts.signedFields.includes(name))
    return either(missing.length === 0, missing.length === 0 ? 'Both fields are signed' : `Not signed: ${missing.join(', ')}`)
  },
  unsubscribe: (facts: CheckFacts) =>
    either(valuesOf(facts, 'list-unsubscribe').length > 0, valuesOf(facts, 'list-unsubscribe')[0] ?? 'No List-Unsubscribe field'),
  ownDomain: ({ from }: CheckFacts) => {
    const domain = from[0]?.split('@').at(-1) ?? ''
    return either(!MAILBOXES.test(domain), `From is at ${domain || 'no domain'}`)
  },
  subject: ({ subject }: CheckFacts) => either(subject.trim() !== '', subject.trim() === '' ? 'No subject' : subject),
  htmlSize: ({ html }: CheckFacts) => {
    if (html === null) return skipped('No HTML')
    const octets = Buffer.byteLength(html)
    return either(octets < GMAIL_CUTS_AT, `${octets} octets of HTML`)
  },
  textPart: ({ html, text }: CheckFacts) =>
    html === null ? skipped('No HTML') : either(text !== null && text.trim() !== '', text === null ? 'HTML alone' : 'Plain text and HTML'),
  imageOnly: ({ html }: CheckFacts) => {
    if (html === null) return skipped('No HTML')
    const { images, text } = htmlFacts(html)
    return either(images === 0 || text.length >= LITTLE_TEXT, `${images} pictures, ${text.length} characters of text`)
  },
  linkHost: (facts: CheckFacts) => {
    const wrong = links(facts).find(misleads)
    return either(
      wrong === undefined,
      wrong === undefined ? `${links(facts).length} links` : `'${wrong.text}' leads to ${hostOf(wrong.href)}`,
    )
  },
  linkAddress: (facts: CheckFacts) => {
    const wrong = links(facts).find(({ href }) => isAddress(hostOf(href) ?? ''))
    return either(wrong === undefined, wrong === undefined ? `${links(facts).length} links` : wrong.href)
  },
  dnsbl: ({ lists, client }: CheckFacts) => {
    if (lists.length === 0) return skipped('No block list was asked: --dnsbl ZONE')
    if (client === null) return unknown('The address that it leaves from is not known: give --ip')
    const listed = lists.filter(({ answer }) => typeof answer === 'string')
    if (listed.length > 0) return failed(listed.map(({ zone, answer }) => `${client.ip} is on ${zone} (${answer})`).join('; '))
    const silent = lists.filter(({ answer }) => answer === undefined)
    return silent.length > 0
      ? unknown(`No answer from ${silent.map(({ zone }) => zone).join(', ')}`)
      : passed(`Not on ${lists.map(({ zone }) => zone).join(', ')}`)
  },
} as const satisfies Record<string, (facts: CheckFacts) => CheckResult>

export type CheckName = keyof typeof CHECKS
