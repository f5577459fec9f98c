/** Rule packs: which checks a receiver makes, since when, by what source, with what reply. They are data with a version and a date. */
import type { CheckFacts } from './check-facts.ts'
import { CHECKS, type CheckName, type CheckResult, eightBitField, repeatedField } from './checks.ts'
import account from './rule-packs/account.json' with { type: 'json' }
import gmailYahoo from './rule-packs/gmail-yahoo.json' with { type: 'json' }
import hygiene from './rule-packs/hygiene.json' with { type: 'json' }
import microsoft from './rule-packs/microsoft.json' with { type: 'json' }
import rfc from './rule-packs/rfc.json' with { type: 'json' }

/** `rejection`: whoever has this rule refuses mail that breaks it. */
export type RuleLevel = 'rejection' | 'warning' | 'note'

export interface Rule {
  readonly id: string
  readonly check: CheckName
  readonly title: string
  readonly level: RuleLevel
  /** Asked only of who sends 5,000 messages a day or more to the provider; of others a warning. */
  readonly bulk?: boolean
  readonly source: string
  /** What the receiver says, with `{domain}` and the like; null: nothing, it files the mail as spam or takes note. */
  readonly reply: string | null
  /** A command, or what to do. */
  readonly fix: string | null
}

export interface RulePack {
  readonly name: string
  readonly title: string
  readonly version: string
  readonly date: string
  readonly rules: readonly Rule[]
}

export const RULE_PACKS = [account, rfc, gmailYahoo, microsoft, hygiene] as readonly RulePack[]

export interface CheckFinding extends CheckResult {
  readonly rule: Rule
  readonly pack: string
  /** With `bulk` taken into account. */
  readonly level: RuleLevel
  /** Null unless it failed. */
  readonly predictedReply: string | null
  readonly fix: string | null
}

export function judgeMessage(facts: CheckFacts, { bulk }: { readonly bulk: boolean }): CheckFinding[] {
  const words = wordsOf(facts)
  const filled = (text: string | null): string | null => text?.replace(/\{(\w+)\}/g, (whole, name: string) => words[name] ?? whole) ?? null
  return RULE_PACKS.flatMap(({ name, rules }) =>
    rules.map((rule): CheckFinding => {
      const result = CHECKS[rule.check](facts)
      const level = rule.bulk === true && !bulk && rule.level === 'rejection' ? 'warning' : rule.level
      const isFailed = result.status === 'FAILED'
      return {
        ...result,
        rule,
        pack: name,
        level,
        predictedReply: isFailed ? filled(rule.reply) : null,
        fix: isFailed ? filled(rule.fix) : null,
      }
    }),
  )
}

export const isRejected = (findings: readonly CheckFinding[]): boolean =>
  findings.some(({ status, level }) => status === 'FAILED' && level === 'rejection')

function wordsOf(facts: CheckFacts): Readonly<Record<string, string>> {
  const domain = facts.from[0]?.split('@').at(-1) ?? 'example.com'
  return {
    domain,
    spfDomain: facts.spf?.domain || domain,
    ip: facts.client?.ip ?? 'the address',
    host: facts.hostname,
    field: repeatedField(facts) ?? eightBitField(facts) ?? 'the',
    list: facts.lists.find(({ answer }) => typeof answer === 'string')?.zone ?? '',
    refusal: `Message rejected: ${facts.refusal ?? ''}`,
  }
}
