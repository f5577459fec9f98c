/** Configuration sets and their options; each `Put` replaces its whole object. SES facts: api-v2 "Configuration sets". */
import type { TlsPolicy } from '../../account/configuration-set.ts'
import type { SuppressionReason } from '../../account/suppression.ts'
import type { HttpsPolicy } from '../../account/tracking.ts'
import { MailctlError } from '../../base/errors.ts'
import {
  changeConfigurationSet,
  configurationSetView,
  createConfigurationSet,
  deleteConfigurationSet,
  listConfigurationSets,
  readConfigurationSet,
  type SetChange,
} from '../../operations/configuration-sets.ts'
import type { Members } from '../members.ts'
import { operation, type SesCall, type SesOperation } from './operation.ts'
import { pageAsked, pageOf } from './paging.ts'
import { tagsIn } from './tags.ts'
import { vdmIn } from './vdm.ts'

const LIST = 'configuration-sets'
const TLS_POLICIES = ['REQUIRE', 'OPTIONAL'] as const satisfies readonly TlsPolicy[]
const HTTPS_POLICIES = ['REQUIRE', 'REQUIRE_OPEN_ONLY', 'OPTIONAL'] as const satisfies readonly HttpsPolicy[]
const SUPPRESSION_REASONS = ['BOUNCE', 'COMPLAINT'] as const satisfies readonly SuppressionReason[]

/** What is left out is as in a new set. */
function deliveryIn(input: Members): SetChange {
  const pool = input.text('SendingPoolName')
  if (pool !== undefined && pool.trim() === '') throw new MailctlError('bad-data', "sendingPoolName can't be blank.")
  return {
    tlsPolicy: input.choice('TlsPolicy', TLS_POLICIES) ?? 'OPTIONAL',
    sendingPoolName: pool ?? null,
    maxDeliverySeconds: input.number('MaxDeliverySeconds', { min: 300, max: 50_400 }) ?? null,
  }
}

function trackingIn(input: Members): SetChange {
  const httpsPolicy = input.choice('HttpsPolicy', HTTPS_POLICIES)
  return { tracking: { customRedirectDomain: input.text('CustomRedirectDomain') ?? null, ...(httpsPolicy && { httpsPolicy }) } }
}

const reputationIn = (input: Members): SetChange => ({ metricsEnabled: input.flag('ReputationMetricsEnabled') ?? false })
const sendingIn = (input: Members, absent: boolean): SetChange => ({ sendingEnabled: input.flag('SendingEnabled') ?? absent })

/** An empty list suppresses nobody; none at all is the account's. */
const suppressionIn = (input: Members): SetChange => ({ suppressedReasons: input.texts('SuppressedReasons')?.map(reasonOf) ?? null })

function reasonOf(text: string): SuppressionReason {
  const known = SUPPRESSION_REASONS.find(reason => reason === text)
  if (known === undefined)
    throw new MailctlError('bad-data', `Reason ${text} is invalid, must be one of [${SUPPRESSION_REASONS.join(', ')}].`)
  return known
}

async function create({ app, input }: SesCall): Promise<object> {
  const part = (name: string, read: (part: Members) => SetChange): SetChange => {
    const given = input.part(name)
    return given === undefined ? {} : read(given)
  }
  const tags = tagsIn(input)
  await createConfigurationSet(app, input.must.text('ConfigurationSetName'), {
    ...part('DeliveryOptions', deliveryIn),
    ...part('TrackingOptions', trackingIn),
    ...part('ReputationOptions', reputationIn),
    ...part('SendingOptions', sending => sendingIn(sending, true)),
    ...part('SuppressionOptions', suppressionIn),
    ...part('VdmOptions', options => ({ vdm: vdmIn(options, { dashboard: 'DashboardOptions', guardian: 'GuardianOptions' }) })),
    ...(tags.length > 0 && { tags: { added: tags, removed: [] } }),
  })
  return {}
}

async function list({ app, input }: SesCall): Promise<object> {
  const page = pageOf(LIST, pageAsked(LIST, input), { entries: await listConfigurationSets(app), keyOf: ({ name }) => name })
  return { ConfigurationSets: page.entries.map(({ name }) => name), NextToken: page.NextToken }
}

const put = (name: string, path: string, read: (input: Members) => SetChange): SesOperation =>
  operation(name, `PUT /configuration-sets/{ConfigurationSetName}/${path}`, async ({ app, input }) => {
    await changeConfigurationSet(app, input.must.text('ConfigurationSetName'), read(input))
    return {}
  })

export const configurationSetOperations: readonly SesOperation[] = [
  operation('CreateConfigurationSet', 'POST /configuration-sets', create),
  operation('GetConfigurationSet', 'GET /configuration-sets/{ConfigurationSetName}', async ({ app, input }) =>
    configurationSetView(await readConfigurationSet(app, input.must.text('ConfigurationSetName'))),
  ),
  operation('ListConfigurationSets', ['POST /list-configuration-sets', 'GET /configuration-sets'], list),
  operation('DeleteConfigurationSet', 'DELETE /configuration-sets/{ConfigurationSetName}', async ({ app, input }) => {
    await deleteConfigurationSet(app, input.must.text('ConfigurationSetName'))
    return {}
  }),
  put('PutConfigurationSetDeliveryOptions', 'delivery-options', deliveryIn),
  put('PutConfigurationSetTrackingOptions', 'tracking-options', trackingIn),
  put('PutConfigurationSetReputationOptions', 'reputation-options', reputationIn),
  put('PutConfigurationSetSendingOptions', 'sending', input => sendingIn(input, false)),
  put('PutConfigurationSetSuppressionOptions', 'suppression-options', suppressionIn),
  put('PutConfigurationSetVdmOptions', 'vdm-options', input => {
    const options = input.part('VdmOptions')
    return { vdm: options ? vdmIn(options, { dashboard: 'DashboardOptions', guardian: 'GuardianOptions' }) : null }
  }),
]
