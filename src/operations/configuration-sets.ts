/** Making, changing and finding configuration sets, and how SES shows them: GetConfigurationSet, ListConfigurationSets. */
import {
  type ConfigurationSet,
  checkDeliveryOptions,
  checkSetName,
  type DeliveryOptions,
  NEW_SET,
  noSuchSet,
  withSending,
} from '../account/configuration-set.ts'
import { changedTags, type TagChange } from '../account/resource-tags.ts'
import type { SuppressionReason } from '../account/suppression.ts'
import { changedTracking, checkTracking, namesForTracking, type TrackingChange, type TrackingOptions } from '../account/tracking.ts'
import type { VdmOptions } from '../account/vdm.ts'
import { MailctlError } from '../base/errors.ts'
import { printable } from '../base/redact.ts'
import type { App } from './app.ts'
import { findPool } from './dedicated-ip-pools.ts'

/** What is absent stays as it is; of a new set, as SES has it. */
export interface SetChange extends Partial<DeliveryOptions> {
  readonly sendingEnabled?: boolean
  readonly metricsEnabled?: boolean
  readonly tracking?: TrackingChange
  /** null: the account's. */
  readonly suppressedReasons?: readonly SuppressionReason[] | null
  /** Replaces what there was; null: as the account has it. */
  readonly vdm?: VdmOptions | null
  readonly tags?: TagChange
}

/** @throws MailctlError bad-data, not-found (sending pool), already-exists, limit-exceeded */
export async function createConfigurationSet(
  { store, clock, settings }: Pick<App, 'store' | 'clock' | 'settings'>,
  name: string,
  change: SetChange,
): Promise<ConfigurationSet> {
  checkSetName(name)
  const set = changed({ name, createdAt: clock.now(), ...NEW_SET }, change, clock.now())
  checkDeliveryOptions(set.delivery)
  await checkPool({ store, settings }, set.delivery)
  if (set.tracking) await checkRedirectDomain({ store, clock, settings }, set.tracking)
  await store.addConfigurationSet(set)
  return set
}

/** Messages that were accepted before keep the options they were accepted with. @throws MailctlError bad-data, not-found */
export async function changeConfigurationSet(
  app: Pick<App, 'store' | 'clock' | 'settings'>,
  name: string,
  change: SetChange,
): Promise<ConfigurationSet> {
  const set = changed(await readConfigurationSet(app, name), change, app.clock.now())
  checkDeliveryOptions(set.delivery)
  await checkPool(app, set.delivery)
  if (change.tracking && set.tracking) await checkRedirectDomain(app, set.tracking)
  await app.store.saveConfigurationSet(set)
  return set
}

function changed(
  set: ConfigurationSet,
  { sendingEnabled, metricsEnabled, suppressedReasons, tracking: trackingChange, vdm: vdmChange, tags: tagChange, ...delivery }: SetChange,
  now: number,
): ConfigurationSet {
  const {
    reputation,
    tracking: trackingBefore,
    suppressedReasons: reasonsBefore,
    vdm: vdmBefore,
    tags: tagsBefore = [],
    ...rest
  } = withSending(set, sendingEnabled ?? set.sendingEnabled, now)
  const tracking = trackingChange === undefined ? trackingBefore : changedTracking(trackingBefore, trackingChange)
  const reasons = suppressedReasons === undefined ? reasonsBefore : suppressedReasons
  const vdm = vdmChange === undefined ? vdmBefore : vdmChange
  const tags = tagChange === undefined ? tagsBefore : changedTags(tagsBefore, tagChange, 'a configuration set')
  return {
    ...rest,
    delivery: { ...set.delivery, ...delivery },
    reputation: { ...reputation, metricsEnabled: metricsEnabled ?? reputation.metricsEnabled },
    ...(reasons && { suppressedReasons: reasons }),
    ...(tracking && { tracking }),
    ...(vdm && { vdm }),
    ...(tags.length > 0 && { tags }),
  }
}

/** @throws MailctlError bad-data */
async function checkRedirectDomain(
  { store, clock, settings }: Pick<App, 'store' | 'clock' | 'settings'>,
  tracking: TrackingOptions,
): Promise<void> {
  const identities = await store.identitiesNamed(namesForTracking(tracking))
  checkTracking(tracking, { identities, network: settings.network }, clock.now())
}

/** SES fact: api-v2, "Configuration sets", text verbatim. */
async function checkPool(app: Pick<App, 'store' | 'settings'>, { sendingPoolName: name }: DeliveryOptions): Promise<void> {
  if (name === null || (await findPool(app, name))) return
  throw new MailctlError('not-found', `SendingPool ${printable(name)} doesn't exist`, {
    hint: `Name the addresses it sends from: mailctl config set pools ${printable(name)}=192.0.2.10`,
  })
}

/** @throws MailctlError not-found */
export async function readConfigurationSet({ store }: Pick<App, 'store'>, name: string): Promise<ConfigurationSet> {
  const set = await store.configurationSet(name)
  if (set === undefined) throw noSuchSet(name)
  return set
}

/** In order of name. */
export const listConfigurationSets = ({ store }: Pick<App, 'store'>): Promise<ConfigurationSet[]> => store.configurationSets()

/** Identities whose mail follows it unless a message names another: without it such mail is refused. In order of name. */
export async function identitiesFollowing({ store }: Pick<App, 'store'>, name: string): Promise<string[]> {
  return (await store.identities()).filter(identity => identity.configurationSet === name).map(identity => identity.name)
}

/** @throws MailctlError not-found */
export const deleteConfigurationSet = ({ store }: Pick<App, 'store'>, name: string): Promise<void> => store.deleteConfigurationSet(name)

/** SES `VdmOptions`. */
export const vdmOptionsView = ({ engagementMetrics, optimizedSharedDelivery }: VdmOptions) => ({
  DashboardOptions: engagementMetrics && { EngagementMetrics: engagementMetrics },
  GuardianOptions: optimizedSharedDelivery && { OptimizedSharedDelivery: optimizedSharedDelivery },
})

/** `undefined` members are left out by JSON. */
export const configurationSetView = ({
  name,
  delivery,
  reputation,
  sendingEnabled,
  tracking,
  suppressedReasons,
  vdm,
  tags,
}: ConfigurationSet) => ({
  ConfigurationSetName: name,
  DeliveryOptions: {
    TlsPolicy: delivery.tlsPolicy,
    SendingPoolName: delivery.sendingPoolName ?? undefined,
    MaxDeliverySeconds: delivery.maxDeliverySeconds ?? undefined,
  },
  ReputationOptions: {
    ReputationMetricsEnabled: reputation.metricsEnabled,
    LastFreshStart: reputation.lastFreshStartAt === null ? undefined : new Date(reputation.lastFreshStartAt),
  },
  SendingOptions: { SendingEnabled: sendingEnabled },
  Tags: tags?.map(({ key, value }) => ({ Key: key, Value: value })),
  TrackingOptions: tracking ? { CustomRedirectDomain: tracking.customRedirectDomain, HttpsPolicy: tracking.httpsPolicy } : undefined,
  SuppressionOptions: suppressedReasons && { SuppressedReasons: suppressedReasons },
  VdmOptions: vdm && vdmOptionsView(vdm),
})
