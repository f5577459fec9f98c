/**
 * Event destinations of configuration sets. A topic, bus or stream leads where a destination made on the terminal says: by the API nobody
 * names a URL, a file or a command of this machine. SES facts: api-v2 "Configuration sets", events "Destinations".
 */
import { MailctlError } from '../../base/errors.ts'
import { readConfigurationSet } from '../../operations/configuration-sets.ts'
import {
  changeDestination,
  createDestination,
  deleteDestination,
  destinationView,
  listDestinations,
  readDestination,
  type ServiceAsk,
} from '../../operations/event-destinations.ts'
import type { Members } from '../members.ts'
import { operation, type SesCall, type SesOperation } from './operation.ts'

const PATH = '/configuration-sets/{ConfigurationSetName}/event-destinations'
const KINDS = [
  'SnsDestination',
  'EventBridgeDestination',
  'KinesisFirehoseDestination',
  'CloudWatchDestination',
  'PinpointDestination',
] as const

interface Definition {
  readonly enabled: boolean
  readonly eventTypes: readonly string[]
  readonly service: ServiceAsk
}

function definitionIn(input: Members): Definition {
  const definition = input.must.part('EventDestination')
  const eventTypes = definition.texts('MatchingEventTypes') ?? []
  if (eventTypes.length === 0) throw new MailctlError('bad-data', 'At least one event type must be specified.')
  return { enabled: definition.flag('Enabled') ?? false, eventTypes, service: serviceIn(definition) }
}

function serviceIn(definition: Members): ServiceAsk {
  const [kind, ...others] = KINDS.filter(name => definition.has(name))
  if (kind === undefined || others.length > 0)
    throw new MailctlError('bad-data', 'An event destination has exactly one of SNS, EventBridge, Firehose and CloudWatch.')
  const place = definition.must.part(kind)
  if (kind === 'SnsDestination') return { kind: 'sns', arn: place.must.text('TopicArn') }
  if (kind === 'EventBridgeDestination') return { kind: 'eventbridge', arn: place.must.text('EventBusArn') }
  if (kind === 'KinesisFirehoseDestination')
    return { kind: 'firehose', arn: place.must.text('DeliveryStreamArn'), roleArn: place.must.text('IamRoleArn') }
  throw new MailctlError('bad-data', `${kind} does not exist here: use SNS, EventBridge or Firehose.`)
}

const ownerOf = ({ input }: SesCall) => ({ kind: 'set', name: input.must.text('ConfigurationSetName') }) as const

const MEMBERS = ['Name', 'Enabled', 'MatchingEventTypes', 'SnsDestination', 'EventBridgeDestination', 'KinesisFirehoseDestination'] as const

async function list(call: SesCall): Promise<object> {
  const destinations = await listDestinations(call.app, ownerOf(call))
  return {
    EventDestinations: destinations.map(destinationView).map(view => Object.fromEntries(MEMBERS.map(member => [member, view[member]]))),
  }
}

async function find(call: SesCall) {
  const owner = ownerOf(call)
  await readConfigurationSet(call.app, owner.name)
  return await readDestination(call.app, owner, call.input.must.text('EventDestinationName'))
}

export const eventDestinationOperations: readonly SesOperation[] = [
  operation('CreateConfigurationSetEventDestination', `POST ${PATH}`, async call => {
    const { app, input } = call
    const owner = ownerOf(call)
    await readConfigurationSet(app, owner.name)
    await createDestination(app, { owner, name: input.must.text('EventDestinationName'), ...definitionIn(input) })
    return {}
  }),
  operation('GetConfigurationSetEventDestinations', `GET ${PATH}`, list),
  operation('UpdateConfigurationSetEventDestination', `PUT ${PATH}/{EventDestinationName}`, async call => {
    const { owner, name } = await find(call)
    await changeDestination(call.app, { owner, name }, definitionIn(call.input))
    return {}
  }),
  operation('DeleteConfigurationSetEventDestination', `DELETE ${PATH}/{EventDestinationName}`, async call => {
    await deleteDestination(call.app, await find(call))
    return {}
  }),
]
