/** Dedicated addresses and their pools. SES facts: api-v2 "Dedicated IPs", concepts §10. */
import type { ScalingMode } from '../../account/dedicated-ip-pool.ts'
import { MailctlError } from '../../base/errors.ts'
import {
  checkIpInPool,
  createPool,
  type DedicatedIp,
  deletePool,
  listDedicatedIps,
  listPools,
  readDedicatedIp,
  readPool,
  scalePool,
} from '../../operations/dedicated-ip-pools.ts'
import type { Members } from '../members.ts'
import { notHere, operation, type SesCall, type SesOperation } from './operation.ts'
import { pageAsked, pageOf } from './paging.ts'
import { tagsIn } from './tags.ts'

const POOLS = 'dedicated-ip-pools'
const IPS = 'dedicated-ips'
const SCALING_MODES = ['STANDARD', 'MANAGED'] as const satisfies readonly ScalingMode[]

function scalingModeIn(input: Members): ScalingMode | undefined {
  const given = input.text('ScalingMode')
  const mode = SCALING_MODES.find(one => one === given)
  if (given !== undefined && mode === undefined) throw new MailctlError('bad-data', 'The ScalingMode parameter is invalid.')
  return mode
}

/** Nothing warms addresses up here, so that all of them are done. */
const ipView = ({ ip, pool }: DedicatedIp) => ({ Ip: ip, WarmupStatus: 'DONE', WarmupPercentage: 100, PoolName: pool })

async function pools({ app, input }: SesCall): Promise<object> {
  const page = pageOf(POOLS, pageAsked(POOLS, input), { entries: await listPools(app), keyOf: name => name })
  return { DedicatedIpPools: page.entries, NextToken: page.NextToken }
}

async function ips({ app, input }: SesCall): Promise<object> {
  const entries = await listDedicatedIps(app, input.text('PoolName'))
  const page = pageOf(IPS, pageAsked(IPS, input), { entries, keyOf: ({ pool, ip }) => `${pool} ${ip}` })
  return { DedicatedIps: page.entries.map(ipView), NextToken: page.NextToken }
}

async function warmUp({ app, input }: SesCall): Promise<object> {
  const { ip } = await readDedicatedIp(app, input.must.text('Ip'))
  if (input.must.number('WarmupPercentage', { min: 0, max: 100 }) === 100) return {}
  return notHere(`${ip} is warmed up: nothing here sends less from an address because it is new.`)
}

export const dedicatedIpOperations: readonly SesOperation[] = [
  operation('CreateDedicatedIpPool', 'POST /dedicated-ip-pools', async ({ app, input }) => {
    const scalingMode = scalingModeIn(input) ?? 'STANDARD'
    await createPool(app, { name: input.must.text('PoolName'), scalingMode, tags: tagsIn(input) })
    return {}
  }),
  operation('GetDedicatedIpPool', 'GET /dedicated-ip-pools/{PoolName}', async ({ app, input }) => {
    const { name, scalingMode } = await readPool(app, input.must.text('PoolName'))
    return { DedicatedIpPool: { PoolName: name, ScalingMode: scalingMode } }
  }),
  operation('ListDedicatedIpPools', 'GET /dedicated-ip-pools', pools),
  operation('DeleteDedicatedIpPool', 'DELETE /dedicated-ip-pools/{PoolName}', async ({ app, input }) => {
    await deletePool(app, input.must.text('PoolName'))
    return {}
  }),
  operation('PutDedicatedIpPoolScalingAttributes', 'PUT /dedicated-ip-pools/{PoolName}/scaling', async ({ app, input }) => {
    const mode = scalingModeIn(input)
    await scalePool(app, input.must.text('PoolName'), mode ?? input.must.choice('ScalingMode', SCALING_MODES))
    return {}
  }),
  operation('GetDedicatedIp', 'GET /dedicated-ips/{Ip}', async ({ app, input }) => ({
    DedicatedIp: ipView(await readDedicatedIp(app, input.must.text('Ip'))),
  })),
  operation('GetDedicatedIps', 'GET /dedicated-ips', ips),
  operation(
    'PutDedicatedIpInPool',
    'PUT /dedicated-ips/{Ip}/pool',
    async ({ app, input }) => {
      await checkIpInPool(app, input.must.text('Ip'), input.must.text('DestinationPoolName'))
      return {}
    },
    'answers',
  ),
  operation('PutDedicatedIpWarmupAttributes', 'PUT /dedicated-ips/{Ip}/warmup', warmUp, 'answers'),
]
