/** The account itself. SES facts: api-v2 "Account". */

import { pauseSending, readAccountState, resumeSending, setAutoWarmup, setVdm } from '../../operations/account-state.ts'
import { accountView } from '../../operations/account-view.ts'
import { requestProduction } from '../../operations/request-production.ts'
import { parseReasons, setSuppressedReasons } from '../../operations/suppression.ts'
import { notHere, operation, type SesCall, type SesOperation } from './operation.ts'
import { SWITCHES, vdmIn } from './vdm.ts'

async function getAccount({ app }: SesCall): Promise<object> {
  // What SES has no word for is for people.
  const { EnforcementReason: _reason, AccountId: _id, Region: _region, ...view } = accountView(await readAccountState(app))
  return view
}

async function putDetails({ app, input }: SesCall): Promise<object> {
  const details = {
    mailType: input.must.choice('MailType', ['MARKETING', 'TRANSACTIONAL']),
    websiteUrl: input.must.text('WebsiteURL'),
    contactLanguage: input.choice('ContactLanguage', ['EN', 'JA']) ?? null,
    useCase: input.text('UseCaseDescription') ?? null,
    additionalContacts: input.texts('AdditionalContactEmailAddresses') ?? [],
  }
  if (input.flag('ProductionAccessEnabled') === false)
    return notHere('Details are kept with a request for production access: leave ProductionAccessEnabled out, or set it to true.')
  await requestProduction(app, { details, asked: {}, decide: 'later' })
  return {}
}

async function putSending({ app, input }: SesCall): Promise<object> {
  if (input.flag('SendingEnabled') ?? false) await resumeSending(app, 'review')
  else await pauseSending(app)
  return {}
}

async function putSuppression({ app, input }: SesCall): Promise<object> {
  const reasons = input.texts('SuppressedReasons') ?? []
  await setSuppressedReasons(app, reasons.length === 0 ? [] : parseReasons(reasons.join(',')))
  return {}
}

async function putVdm({ app, input }: SesCall): Promise<object> {
  const attributes = input.must.part('VdmAttributes')
  const enabled = attributes.must.choice('VdmEnabled', SWITCHES)
  await setVdm(app, { enabled, ...vdmIn(attributes, { dashboard: 'DashboardAttributes', guardian: 'GuardianAttributes' }) })
  return {}
}

async function putWarmup({ app, input }: SesCall): Promise<object> {
  await setAutoWarmup(app, input.flag('AutoWarmupEnabled') ?? false)
  return {}
}

export const accountOperations: readonly SesOperation[] = [
  operation('GetAccount', 'GET /account', getAccount),
  operation('PutAccountDetails', 'POST /account/details', putDetails),
  operation('PutAccountSendingAttributes', 'PUT /account/sending', putSending),
  operation('PutAccountSuppressionAttributes', 'PUT /account/suppression', putSuppression),
  operation('PutAccountVdmAttributes', 'PUT /account/vdm', putVdm),
  operation('PutAccountDedicatedIpWarmupAttributes', 'PUT /account/dedicated-ips/warmup', putWarmup),
]
