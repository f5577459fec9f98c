/** Settings of dedicated addresses and of Virtual Deliverability Manager, as the official client asks for them: kept, and answered as they are. */
import {
  CreateConfigurationSetCommand,
  CreateDedicatedIpPoolCommand,
  DeleteDedicatedIpPoolCommand,
  GetAccountCommand,
  GetConfigurationSetCommand,
  GetDedicatedIpCommand,
  GetDedicatedIpPoolCommand,
  GetDedicatedIpsCommand,
  ListDedicatedIpPoolsCommand,
  ListTagsForResourceCommand,
  PutAccountDedicatedIpWarmupAttributesCommand,
  PutAccountVdmAttributesCommand,
  PutConfigurationSetDeliveryOptionsCommand,
  PutConfigurationSetVdmOptionsCommand,
  PutDedicatedIpInPoolCommand,
  PutDedicatedIpPoolScalingAttributesCommand,
  PutDedicatedIpWarmupAttributesCommand,
  type ScalingMode,
  TagResourceCommand,
} from '@aws-sdk/client-sesv2'
import { expect, test } from 'vitest'
import { faultOf, openWithClient } from '../../support/ses-client.ts'

test('the account: VDM is shown once it was set, what belongs to it while it is on; warm-up can be switched off', async () => {
  const { client } = await openWithClient()
  const shown = async () => {
    const { VdmAttributes, DedicatedIpAutoWarmupEnabled } = await client.send(new GetAccountCommand({}))
    return [VdmAttributes, DedicatedIpAutoWarmupEnabled]
  }
  expect(await shown()).toEqual([undefined, true])
  const parts = {
    DashboardAttributes: { EngagementMetrics: 'ENABLED' },
    GuardianAttributes: { OptimizedSharedDelivery: 'DISABLED' },
  } as const
  await client.send(new PutAccountVdmAttributesCommand({ VdmAttributes: { VdmEnabled: 'ENABLED', ...parts } }))
  await client.send(new PutAccountDedicatedIpWarmupAttributesCommand({ AutoWarmupEnabled: false }))
  expect(await shown()).toEqual([{ VdmEnabled: 'ENABLED', ...parts }, false])
  await client.send(new PutAccountVdmAttributesCommand({ VdmAttributes: { VdmEnabled: 'DISABLED', ...parts } }))
  await client.send(new PutAccountDedicatedIpWarmupAttributesCommand({ AutoWarmupEnabled: true }))
  expect(await shown()).toEqual([{ VdmEnabled: 'DISABLED' }, true])
  expect(await faultOf(client.send(new PutAccountVdmAttributesCommand({ VdmAttributes: undefined })))).toMatchObject({ status: 400 })
})

test('a configuration set has VDM options of its own, until they are cleared', async () => {
  const { client } = await openWithClient()
  const name = { ConfigurationSetName: 'main' }
  const options = async () => (await client.send(new GetConfigurationSetCommand(name))).VdmOptions
  const both = { DashboardOptions: { EngagementMetrics: 'DISABLED' }, GuardianOptions: { OptimizedSharedDelivery: 'ENABLED' } } as const
  await client.send(new CreateConfigurationSetCommand({ ...name, VdmOptions: both }))
  expect(await options()).toEqual(both)
  await client.send(new PutConfigurationSetVdmOptionsCommand({ ...name, VdmOptions: { DashboardOptions: both.DashboardOptions } }))
  expect(await options()).toEqual({ DashboardOptions: both.DashboardOptions })
  await client.send(new PutConfigurationSetVdmOptionsCommand(name))
  expect(await options()).toBeUndefined()
  expect(await faultOf(client.send(new PutConfigurationSetVdmOptionsCommand({ ConfigurationSetName: 'none' })))).toMatchObject({
    name: 'NotFoundException',
  })
})

test('pools are made, read, listed in pages, scaled, tagged, used and deleted', async () => {
  const { client, app } = await openWithClient()
  const create = (PoolName: string, more: object = {}) => client.send(new CreateDedicatedIpPoolCommand({ PoolName, ...more }))
  const pool = async (PoolName: string) => (await client.send(new GetDedicatedIpPoolCommand({ PoolName }))).DedicatedIpPool
  await create('b.pool_1', { Tags: [{ Key: 'team', Value: 'mail' }] })
  await create('managed', { ScalingMode: 'MANAGED' })
  await create('a')
  expect(await pool('b.pool_1')).toEqual({ PoolName: 'b.pool_1', ScalingMode: 'STANDARD' })
  expect(await pool('managed')).toEqual({ PoolName: 'managed', ScalingMode: 'MANAGED' })
  const first = await client.send(new ListDedicatedIpPoolsCommand({ PageSize: 2 }))
  expect(first.DedicatedIpPools).toEqual(['a', 'b.pool_1'])
  const second = await client.send(new ListDedicatedIpPoolsCommand({ PageSize: 2, NextToken: first.NextToken }))
  expect([second.DedicatedIpPools, second.NextToken]).toEqual([['managed'], undefined])

  expect(await faultOf(create('a'))).toEqual({ name: 'AlreadyExistsException', status: 400, message: 'The pool <a> already exists.' })
  expect(await faultOf(create('ses-shared-pool'))).toMatchObject({ name: 'AlreadyExistsException' })
  expect(await faultOf(create('not a name'))).toMatchObject({ name: 'BadRequestException' })
  expect(await faultOf(create('c', { ScalingMode: 'OTHER' as ScalingMode }))).toMatchObject({
    message: 'The ScalingMode parameter is invalid.',
  })
  expect(await faultOf(pool('c'))).toEqual({ name: 'NotFoundException', status: 404, message: 'The requested pool <c> does not exist.' })

  const scale = (PoolName: string, ScalingMode: ScalingMode) =>
    client.send(new PutDedicatedIpPoolScalingAttributesCommand({ PoolName, ScalingMode }))
  await scale('a', 'MANAGED')
  expect((await pool('a'))?.ScalingMode).toBe('MANAGED')
  expect(await faultOf(scale('a', 'STANDARD'))).toMatchObject({ name: 'BadRequestException' })
  expect(await faultOf(scale('c', 'MANAGED'))).toMatchObject({ name: 'NotFoundException' })

  const ResourceArn = `arn:aws:ses:us-east-1:${(await app.store.account()).accountId}:dedicated-ip-pool/b.pool_1`
  await client.send(new TagResourceCommand({ ResourceArn, Tags: [{ Key: 'stage', Value: 'test' }] }))
  expect((await client.send(new ListTagsForResourceCommand({ ResourceArn }))).Tags).toEqual([
    { Key: 'team', Value: 'mail' },
    { Key: 'stage', Value: 'test' },
  ])

  const use = (SendingPoolName?: string) =>
    client.send(new PutConfigurationSetDeliveryOptionsCommand({ ConfigurationSetName: 'main', SendingPoolName }))
  await client.send(new CreateConfigurationSetCommand({ ConfigurationSetName: 'main' }))
  expect(await faultOf(use('c'))).toMatchObject({ name: 'NotFoundException', message: "SendingPool c doesn't exist" })
  await use('managed')
  const remove = (PoolName: string) => client.send(new DeleteDedicatedIpPoolCommand({ PoolName }))
  expect(await faultOf(remove('managed'))).toMatchObject({
    name: 'BadRequestException',
    message: 'The pool <managed> is in use by configuration set main.',
  })
  await use()
  await remove('managed')
  expect(await faultOf(remove('managed'))).toMatchObject({ name: 'NotFoundException' })

  for (let more = 2; more < 50; more += 1) await app.store.addPool({ name: `p${more}`, scalingMode: 'STANDARD' })
  expect(await faultOf(create('one-more'))).toMatchObject({ name: 'LimitExceededException' })
})

test('the addresses that the setting names are the dedicated ones', async () => {
  const { client } = await openWithClient({ env: { MAILCTL_POOLS: 'receipts=127.0.0.3' } })
  const one = { Ip: '127.0.0.3', WarmupStatus: 'DONE', WarmupPercentage: 100, PoolName: 'receipts' }
  expect((await client.send(new ListDedicatedIpPoolsCommand({}))).DedicatedIpPools).toEqual(['receipts'])
  const { DedicatedIps } = await client.send(new GetDedicatedIpsCommand({ PoolName: 'receipts' }))
  expect(DedicatedIps).toEqual([one])
  expect((await client.send(new GetDedicatedIpCommand({ Ip: '127.0.0.3' }))).DedicatedIp).toEqual(one)
  expect(await faultOf(client.send(new GetDedicatedIpCommand({ Ip: '192.0.2.1' })))).toMatchObject({ name: 'NotFoundException' })
  expect(await faultOf(client.send(new GetDedicatedIpsCommand({ PoolName: 'none' })))).toMatchObject({ name: 'NotFoundException' })

  const into = (Ip: string, DestinationPoolName: string) => client.send(new PutDedicatedIpInPoolCommand({ Ip, DestinationPoolName }))
  await into('127.0.0.3', 'receipts')
  await client.send(new CreateDedicatedIpPoolCommand({ PoolName: 'other' }))
  expect(await faultOf(into('127.0.0.3', 'other'))).toMatchObject({
    name: 'BadRequestException',
    message: expect.stringContaining('config set pools'),
  })
  expect(await faultOf(into('127.0.0.3', 'none'))).toMatchObject({ name: 'NotFoundException' })
  expect(await faultOf(into('127.0.0.4', 'receipts'))).toMatchObject({ name: 'NotFoundException' })
  const warm = (WarmupPercentage: number) => client.send(new PutDedicatedIpWarmupAttributesCommand({ Ip: '127.0.0.3', WarmupPercentage }))
  await warm(100)
  expect(await faultOf(warm(10))).toMatchObject({ name: 'BadRequestException' })
  expect(await faultOf(client.send(new DeleteDedicatedIpPoolCommand({ PoolName: 'receipts' })))).toMatchObject({
    name: 'BadRequestException',
  })
})
