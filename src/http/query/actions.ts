/** Every action of the SES v1 Query API, by noun; those about what this account has not answer with the error that SES has for it. */
import { MailctlError } from '../../base/errors.ts'
import { accountActions } from './account.ts'
import { action, type QueryAction } from './action.ts'
import { configurationSetActions } from './configuration-sets.ts'
import { identityActions } from './identities.ts'
import { sendingActions } from './sending.ts'
import { templateActions } from './templates.ts'

const refused = (what: string, names: readonly string[]): QueryAction[] =>
  names.map(name =>
    action(name, async () => {
      throw new MailctlError('bad-data', `This account has no ${what}.`)
    }),
  )

/** There are none of the kind. */
const empty = (name: string, member: string): QueryAction => action(name, async () => ({ [member]: [] }))

export const ACTIONS: ReadonlyMap<string, QueryAction> = new Map(
  [
    ...sendingActions,
    ...identityActions,
    ...accountActions,
    ...configurationSetActions,
    ...templateActions,
    empty('ListReceiptRuleSets', 'RuleSets'),
    empty('ListReceiptFilters', 'Filters'),
    empty('ListCustomVerificationEmailTemplates', 'CustomVerificationEmailTemplates'),
    action('DescribeActiveReceiptRuleSet', async () => ({})),
    ...refused('receipt rules', [
      'CloneReceiptRuleSet',
      'CreateReceiptFilter',
      'CreateReceiptRule',
      'CreateReceiptRuleSet',
      'DeleteReceiptFilter',
      'DeleteReceiptRule',
      'DeleteReceiptRuleSet',
      'DescribeReceiptRule',
      'DescribeReceiptRuleSet',
      'ReorderReceiptRuleSet',
      'SetActiveReceiptRuleSet',
      'SetReceiptRulePosition',
      'UpdateReceiptRule',
      'SendBounce',
    ]),
    ...refused('custom verification mail', [
      'CreateCustomVerificationEmailTemplate',
      'DeleteCustomVerificationEmailTemplate',
      'GetCustomVerificationEmailTemplate',
      'SendCustomVerificationEmail',
      'UpdateCustomVerificationEmailTemplate',
    ]),
    ...refused('sending authorization policies: only its owner sends', ['PutIdentityPolicy', 'DeleteIdentityPolicy']),
  ].map(one => [one.name, one]),
)
