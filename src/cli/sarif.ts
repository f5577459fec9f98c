/**
 * Findings of `check` as a SARIF 2.1.0 log, which code hosts and editors read: one run, one rule each, one result a finding. The type is made
 * from the schema: members, their kinds and their words are held to it by the compiler.
 */
import type { Log } from 'sarif'
import { type CheckFinding, RULE_PACKS } from '../mail/check-rules.ts'

const LEVELS = { rejection: 'error', warning: 'warning', note: 'note' } as const
/** SARIF 3.27.9: whatever is no failure has the level none. */
const KINDS = { PASSED: 'pass', UNKNOWN: 'open', SKIPPED: 'notApplicable' } as const

export interface CheckedMessage {
  /** As it was named; null: made of flags. */
  readonly file: string | null
  readonly findings: readonly CheckFinding[]
}

export function sarifLog({ file, findings }: CheckedMessage, version: string): Log {
  const rules = RULE_PACKS.flatMap(pack => pack.rules.map(rule => ({ pack, rule })))
  return {
    $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'mailctl check',
            semanticVersion: version,
            rules: rules.map(({ pack, rule }) => ({
              id: rule.id,
              shortDescription: { text: rule.title },
              ...(/^https:\S+$/.test(rule.source) && { helpUri: rule.source }),
              ...(rule.fix !== null && { help: { text: rule.fix } }),
              defaultConfiguration: { level: LEVELS[rule.level] },
              properties: { pack: `${pack.name} ${pack.version}`, date: pack.date, source: rule.source },
            })),
          },
        },
        results: findings.map(({ rule, status, level, evidence, predictedReply, fix }) => ({
          ruleId: rule.id,
          ruleIndex: rules.findIndex(one => one.rule.id === rule.id),
          ...(status === 'FAILED' ? { kind: 'fail', level: LEVELS[level] } : { kind: KINDS[status], level: 'none' }),
          message: { text: `${rule.title}: ${evidence}` },
          ...(file !== null && file !== '-' && { locations: [{ physicalLocation: { artifactLocation: { uri: uriOf(file) } } }] }),
          properties: { ...(predictedReply !== null && { predictedReply }), ...(fix !== null && { fix }) },
        })),
        columnKind: 'utf16CodeUnits',
      },
    ],
  }
}

/** A relative reference: a path's colons and spaces would make it something else. */
const uriOf = (file: string): string => file.replaceAll('\\', '/').split('/').map(encodeURIComponent).join('/')
