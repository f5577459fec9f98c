/**
 * Pools of dedicated addresses. There are those that were made here, and those that the setting `pools` names with the addresses they send
 * from; a pool that has no addresses there can be named by a configuration set, whose mail then waits for them. SES: CreateDedicatedIpPool,
 * GetDedicatedIpPool, ListDedicatedIpPools, DeleteDedicatedIpPool, PutDedicatedIpPoolScalingAttributes, GetDedicatedIp, GetDedicatedIps.
 */
import { checkPoolName, type DedicatedIpPool, noSuchPool, poolExists, rescaled, type ScalingMode } from '../account/dedicated-ip-pool.ts'
import { changedTags, type ResourceTag, type TagChange } from '../account/resource-tags.ts'
import { MailctlError } from '../base/errors.ts'
import { printable } from '../base/redact.ts'
import type { App } from './app.ts'

type PoolApp = Pick<App, 'store' | 'settings'>

/** @throws MailctlError bad-data, already-exists, limit-exceeded */
export async function createPool(
  { store, settings }: PoolApp,
  { name, scalingMode, tags }: Pick<DedicatedIpPool, 'name' | 'scalingMode'> & { readonly tags: readonly ResourceTag[] },
): Promise<void> {
  checkPoolName(name)
  if (settings.pools.has(name)) throw poolExists(name)
  const checked = changedTags([], { added: tags, removed: [] }, 'a dedicated IP pool')
  await store.addPool({ name, scalingMode, ...(checked.length > 0 && { tags: checked }) })
}

/** Made here, or named by the setting: then a standard one. */
export async function findPool({ store, settings }: PoolApp, name: string): Promise<DedicatedIpPool | undefined> {
  return (await store.pool(name)) ?? (settings.pools.has(name) ? { name, scalingMode: 'STANDARD' } : undefined)
}

/** @throws MailctlError not-found */
export async function readPool(app: PoolApp, name: string): Promise<DedicatedIpPool> {
  const pool = await findPool(app, name)
  if (pool === undefined) throw noSuchPool(name)
  return pool
}

/** Names, in order. */
export async function listPools({ store, settings }: PoolApp): Promise<string[]> {
  return [...new Set([...(await store.pools()).map(({ name }) => name), ...settings.pools.keys()])].toSorted()
}

/** @throws MailctlError not-found, bad-data */
export async function scalePool(app: PoolApp, name: string, scalingMode: ScalingMode): Promise<void> {
  const made = await app.store.pool(name)
  if (made) return await app.store.savePool(rescaled(made, scalingMode))
  const { scalingMode: standing } = await readPool(app, name)
  if (scalingMode !== standing) throw ofSettings(name)
}

/** @throws MailctlError not-found, bad-data */
export async function tagPool(app: PoolApp, name: string, change: TagChange): Promise<void> {
  const made = await app.store.pool(name)
  if (made) return await app.store.savePool({ ...made, tags: changedTags(made.tags ?? [], change, 'a dedicated IP pool') })
  await readPool(app, name)
  throw ofSettings(name)
}

/** @throws MailctlError not-found, bad-data: a configuration set or the setting names it */
export async function deletePool(app: PoolApp, name: string): Promise<void> {
  await readPool(app, name)
  if (app.settings.pools.has(name)) throw ofSettings(name)
  const user = (await app.store.configurationSets()).find(({ delivery }) => delivery.sendingPoolName === name)
  if (user)
    throw new MailctlError('bad-data', `The pool <${printable(name)}> is in use by configuration set ${user.name}.`, {
      hint: `mailctl config-set set ${user.name} --sending-pool '' lets go of it.`,
    })
  await app.store.deletePool(name)
}

const ofSettings = (name: string): MailctlError =>
  new MailctlError('bad-data', `The pool <${printable(name)}> is one of the setting pools.`, {
    hint: 'mailctl config set pools changes it.',
  })

export interface DedicatedIp {
  readonly ip: string
  readonly pool: string
}

/** Addresses that the setting `pools` names: they are this machine's own, and warmed up by nobody. In order of pool. @throws MailctlError not-found */
export async function listDedicatedIps(app: PoolApp, poolName?: string): Promise<DedicatedIp[]> {
  const names = poolName === undefined ? await listPools(app) : [(await readPool(app, poolName)).name]
  return names.flatMap(pool => (app.settings.pools.get(pool) ?? []).map(ip => ({ ip, pool })))
}

/** @throws MailctlError not-found */
export async function readDedicatedIp(app: PoolApp, ip: string): Promise<DedicatedIp> {
  const found = (await listDedicatedIps(app)).find(one => one.ip === ip)
  if (found === undefined) throw new MailctlError('not-found', `The dedicated IP ${printable(ip)} does not exist.`)
  return found
}

/** Nothing changes: which pool an address is in is a setting. @throws MailctlError not-found, bad-data: it is in another */
export async function checkIpInPool(app: PoolApp, ip: string, poolName: string): Promise<void> {
  await readDedicatedIp(app, ip)
  const { name } = await readPool(app, poolName)
  if (app.settings.pools.get(name)?.includes(ip)) return
  throw new MailctlError('bad-data', `Which pool ${ip} is in is set by mailctl config set pools.`)
}
