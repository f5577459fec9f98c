/** Configuration sets and their event destinations. SES facts: api-v1 "Config sets, templates", events "API enum names". */
import { MailctlError } from '../../base/errors.ts'
import {
  changeConfigurationSet,
  createConfigurationSet,
  deleteConfigurationSet,
  listConfigurationSets,
  readConfigurationSet,
} from '../../operations/configuration-sets.ts'
import {
  changeDestination,
  createDestination,
  deleteDestination,
  listDestinations,
  readDestination,
  type ServiceAsk,
} from '../../operations/event-destinations.ts'
import type { Members } from '../members.ts'
import type { SesCall } from '../ses/operation.ts'
import { pageOf } from '../ses/paging.ts'
import { action, type QueryAction } from './action.ts'
import { pageAsked } from './paging.ts'

const LIST = 'configuration-sets'

const setName = ({ input }: SesCall): string => input.must.text('ConfigurationSetName')

/** `renderingFailure` ↔ `RENDERING_FAILURE`. */
const typeIn = (word: string): string => word.replace(/[A-Z]/g, letter => `_${letter}`).toUpperCase()
const typeOut = (name: string): string => name.toLowerCase().replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())

interface Definition {
  readonly name: string
  readonly enabled: boolean
  readonly eventTypes: readonly string[]
  readonly service: ServiceAsk
}

function definitionIn(input: Members): Definition {
  const definition = input.must.part('EventDestination')
  const eventTypes = (definition.texts('MatchingEventTypes') ?? []).map(typeIn)
  if (eventTypes.length === 0) throw new MailctlError('bad-data', 'At least one event type must be specified.')
  const sns = definition.part('SNSDestination')
  const firehose = definition.part('KinesisFirehoseDestination')
  if ((sns === undefined) === (firehose === undefined))
    throw new MailctlError('bad-data', 'An event destination has exactly one of SNSDestination and KinesisFirehoseDestination here.')
  const service: ServiceAsk = sns
    ? { kind: 'sns', arn: sns.must.text('TopicARN') }
    : { kind: 'firehose', arn: firehose?.text('DeliveryStreamARN') ?? '', roleArn: firehose?.text('IAMRoleARN') ?? '' }
  return { name: definition.must.text('Name'), enabled: definition.flag('Enabled') ?? false, eventTypes, service }
}

async function describe(call: SesCall): Promise<object> {
  const { app, input } = call
  const set = await readConfigurationSet(app, setName(call))
  const wanted = new Set(input.texts('ConfigurationSetAttributeNames') ?? [])
  const destinations = wanted.has('eventDestinations') ? await listDestinations(app, { kind: 'set', name: set.name }) : []
  return {
    ConfigurationSet: { Name: set.name },
    EventDestinations: wanted.has('eventDestinations')
      ? destinations.map(({ name, enabled, eventTypes, service }) => ({
          Name: name,
          Enabled: enabled,
          MatchingEventTypes: eventTypes.map(typeOut),
          SNSDestination: service.kind === 'sns' ? { TopicARN: service.topicArn } : undefined,
          KinesisFirehoseDestination:
            service.kind === 'firehose' ? { IAMRoleARN: service.roleArn, DeliveryStreamARN: service.streamArn } : undefined,
        }))
      : undefined,
    TrackingOptions:
      wanted.has('trackingOptions') && set.tracking ? { CustomRedirectDomain: set.tracking.customRedirectDomain } : undefined,
    DeliveryOptions: wanted.has('deliveryOptions')
      ? { TlsPolicy: set.delivery.tlsPolicy === 'REQUIRE' ? 'Require' : 'Optional' }
      : undefined,
    ReputationOptions: wanted.has('reputationOptions')
      ? {
          SendingEnabled: set.sendingEnabled,
          ReputationMetricsEnabled: set.reputation.metricsEnabled,
          LastFreshStart: set.reputation.lastFreshStartAt === null ? undefined : new Date(set.reputation.lastFreshStartAt),
        }
      : undefined,
  }
}

async function setTracking(call: SesCall): Promise<object> {
  const customRedirectDomain = call.input.must.part('TrackingOptions').must.text('CustomRedirectDomain')
  await changeConfigurationSet(call.app, setName(call), { tracking: { customRedirectDomain } })
  return {}
}

export const configurationSetActions: readonly QueryAction[] = [
  action('CreateConfigurationSet', async ({ app, input }) => {
    await createConfigurationSet(app, input.must.part('ConfigurationSet').must.text('Name'), {})
    return {}
  }),
  action('DescribeConfigurationSet', describe),
  action('ListConfigurationSets', async ({ app, input }) => {
    const page = pageOf(LIST, pageAsked(LIST, input), { entries: await listConfigurationSets(app), keyOf: ({ name }) => name })
    return { ConfigurationSets: page.entries.map(({ name }) => ({ Name: name })), NextToken: page.NextToken }
  }),
  action('DeleteConfigurationSet', async call => {
    await deleteConfigurationSet(call.app, setName(call))
    return {}
  }),
  action('CreateConfigurationSetEventDestination', async call => {
    const owner = { kind: 'set', name: setName(call) } as const
    await readConfigurationSet(call.app, owner.name)
    await createDestination(call.app, { owner, ...definitionIn(call.input) })
    return {}
  }),
  action('UpdateConfigurationSetEventDestination', async call => {
    const owner = { kind: 'set', name: setName(call) } as const
    await readConfigurationSet(call.app, owner.name)
    const { name, ...change } = definitionIn(call.input)
    await changeDestination(call.app, { owner, name }, change)
    return {}
  }),
  action('DeleteConfigurationSetEventDestination', async call => {
    const owner = { kind: 'set', name: setName(call) } as const
    await readConfigurationSet(call.app, owner.name)
    await deleteDestination(call.app, await readDestination(call.app, owner, call.input.must.text('EventDestinationName')))
    return {}
  }),
  action('CreateConfigurationSetTrackingOptions', setTracking),
  action('UpdateConfigurationSetTrackingOptions', setTracking),
  action('DeleteConfigurationSetTrackingOptions', async call => {
    const set = await readConfigurationSet(call.app, setName(call))
    if (!set.tracking) throw new MailctlError('bad-data', `There are no tracking options for configuration set <${set.name}>`)
    await changeConfigurationSet(call.app, set.name, { tracking: { customRedirectDomain: null } })
    return {}
  }),
  action('PutConfigurationSetDeliveryOptions', async call => {
    const policy = call.input.part('DeliveryOptions')?.choice('TlsPolicy', ['Require', 'Optional'])
    await changeConfigurationSet(call.app, setName(call), { tlsPolicy: policy === 'Require' ? 'REQUIRE' : 'OPTIONAL' })
    return {}
  }),
  action('UpdateConfigurationSetSendingEnabled', async call => {
    await changeConfigurationSet(call.app, setName(call), { sendingEnabled: call.input.flag('Enabled') ?? false })
    return null
  }),
  action('UpdateConfigurationSetReputationMetricsEnabled', async call => {
    await changeConfigurationSet(call.app, setName(call), { metricsEnabled: call.input.flag('Enabled') ?? false })
    return null
  }),
]
