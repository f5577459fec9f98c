/**
 * One client's session at a look-alike: what is found out about it at each step, the rule that fits, the provider's reply. What a visit
 * leaves behind is the sender's history; a triple that was put off is known when it comes again.
 */
import { mailboxesOf } from '../mail/address.ts'
import { findField, findFields, type Header } from '../mail/header.ts'
import { checkSpf, type Lookup } from '../mail/mailauth.ts'
import { type Reply, replyOf } from '../mail/reply.ts'
import { isPutOff, type Memory, putOff, type Visit, type VisitedMessage, type VisitOutcome, type Visitor } from './policy.ts'
import { type Provider, type ProviderRule, providerReply, type Step } from './provider.ts'
import { type Facts, firstRule } from './provider-rules.ts'
import { hasReverseDns } from './reverse-dns.ts'
import { SenderHistory, type SenderRecord } from './sender-history.ts'
import type { Verdicts } from './verdicts.ts'

/** Limits that are numbers of messages, made smaller by the lab's scale. */
const COUNTS: ReadonlySet<string> = new Set(['bulk', 'sample', 'perHour'])

/** @param scale one message here stands for so many */
export function limitsAt(scale: number, { limits }: Provider): Readonly<Record<keyof Provider['limits'], number>> {
  return Object.fromEntries(
    Object.entries(limits).map(([name, { value }]) => [name, COUNTS.has(name) ? Math.max(1, Math.ceil(value / scale)) : value]),
  ) as Record<keyof Provider['limits'], number>
}

export interface VisitTools {
  readonly memory: Memory
  readonly lookup: Lookup
  readonly scale: number
}

export function visitProvider(provider: Provider, visitor: Visitor, { memory, lookup, scale }: VisitTools): Visit {
  const limits = limitsAt(scale, provider)
  const history = new SenderHistory(memory, provider.name, limits)
  const { rules, replies, suffix } = provider
  const { ip } = visitor
  let named: Promise<boolean> | undefined
  let spf: { readonly from: string; readonly result: Promise<string> } | undefined

  const reverseDns = (): Promise<boolean> => (named ??= hasReverseDns(ip, lookup))
  const spfOf = (from: string): Promise<string> => {
    if (spf?.from !== from)
      spf = { from, result: checkSpf({ ip, helo: visitor.helo(), mailFrom: from }, lookup).then(({ result }) => result) }
    return spf.result
  }
  const match = (step: Step, facts: Facts): ProviderRule | undefined => firstRule(rules[step] ?? [], facts, limits)
  const refusal = (rule: ProviderRule | undefined, values: Readonly<Record<string, string>>): Reply | undefined => {
    const reply = rule && replies[rule.gives]
    return reply && providerReply(reply, { ip, ...values }, suffix)
  }
  const rate = (count: number, { taken, unknown }: SenderRecord): number =>
    taken + unknown >= limits.sample ? count / Math.max(1, taken + unknown) : 0

  return {
    async greeting() {
      if (rules.greeting === undefined) return undefined
      return refusal(match('greeting', { reverseDns: await reverseDns() }), {})
    },
    mail() {
      if (rules.mail === undefined) return undefined
      const record = history.of('ip', ip)
      const ipRate = record.allowance < 1 ? 'exceeded' : 'open'
      return refusal(match('mail', { ipRate, ipUnknownRate: rate(record.unknown, record) }), {})
    },
    async recipient(from, to) {
      if (rules.recipient === undefined) return undefined
      const triple = { receiver: provider.name, ip, from, to }
      const facts: Facts = { spf: await spfOf(from), triple: isPutOff(triple, memory) ? 'known' : 'new' }
      const rule = match('recipient', facts)
      const reply = refusal(rule, { from, to })
      if (reply !== undefined && reply.code < 500) putOff('once', triple, memory)
      return reply
    },
    async message({ from, to, header, verdicts, isPlayed, complaints }: VisitedMessage): Promise<VisitOutcome> {
      const domain = verdicts.dmarc.domain
      const record = history.of('domain', domain)
      const facts: Facts = {
        ...factsOf(header, verdicts),
        reverseDns: await reverseDns(),
        tls: visitor.isSecure(),
        bulk: record.isBulk,
        domainRate: record.allowance < 1 ? 'exceeded' : 'open',
        complaintRate: rate(record.complaints, record),
      }
      const rule = isPlayed ? undefined : match('message', facts)
      const mailFromDomain = from.slice(from.lastIndexOf('@') + 1) || visitor.helo()
      const refused = refusal(rule, { domain, from, to: to[0] ?? '', mailFromDomain })
      if (refused !== undefined) return { refusal: refused }
      return {
        folder: rule?.gives === 'to-spam' ? 'spam' : 'inbox',
        rules: rule === undefined ? [] : [`${provider.name}: ${rule.name}`],
        took() {
          history.took('ip', ip, to.length)
          if (domain !== '') history.took('domain', domain, to.length, complaints)
        },
        accepted: id => replyOf(250, [`2.0.0 ${provider.accepted.replace('{id}', id)}${suffix ?? ''}`]),
      }
    },
    unknown: () => history.refusedUnknown('ip', ip),
  }
}

function factsOf(header: Header, { spf, dkim, dmarc }: Verdicts): Facts {
  const has = (name: string): boolean => findField(header, name) !== undefined
  const post = findField(header, 'List-Unsubscribe-Post')?.value ?? ''
  return {
    spf: spf.result,
    dkim: dkim.some(({ result }) => result === 'pass') ? 'pass' : (dkim[0]?.result ?? 'none'),
    dmarc: dmarc.result,
    dmarcPolicy: dmarc.policy,
    authors: findFields(header, 'From').reduce((count, field) => count + authorsIn(field), 0),
    messageId: has('Message-ID'),
    marketing: has('List-Unsubscribe') || has('List-Id') || /bulk|list/i.test(findField(header, 'Precedence')?.value ?? ''),
    oneClick: /<https:/i.test(findField(header, 'List-Unsubscribe')?.value ?? '') && /^\s*List-Unsubscribe=One-Click\s*$/i.test(post),
  }
}

/** A field that cannot be read has no author. */
function authorsIn(field: Header[number]): number {
  try {
    return mailboxesOf(field).length
  } catch {
    return 0
  }
}
