/** Pools of dedicated addresses as rows. Part of the `Store` port. */
import type { DedicatedIpPool } from '../account/dedicated-ip-pool.ts'

export interface DedicatedIpPools {
  /** @throws MailctlError already-exists, limit-exceeded (50) */
  addPool(pool: DedicatedIpPool): Promise<void>
  pool(name: string): Promise<DedicatedIpPool | undefined>
  /** In order of name. */
  pools(): Promise<DedicatedIpPool[]>
  /** @throws MailctlError not-found */
  savePool(pool: DedicatedIpPool): Promise<void>
  /** @throws MailctlError not-found */
  deletePool(name: string): Promise<void>
}
