/** Pools of dedicated addresses: names for which addresses mail leaves from. SES facts: api-v2 "Dedicated IPs" (texts verbatim), concepts §10. */
import { MailctlError } from '../base/errors.ts'
import { printable } from '../base/redact.ts'
import type { ResourceTag } from './resource-tags.ts'

export type ScalingMode = 'STANDARD' | 'MANAGED'

export interface DedicatedIpPool {
  readonly name: string
  readonly scalingMode: ScalingMode
  /** Absent: none. */
  readonly tags?: readonly ResourceTag[]
}

export const MAX_POOLS = 50
const RESERVED = ['ses-default-dedicated-pool', 'ses-shared-pool']

/** @throws MailctlError bad-data, already-exists: a name that SES keeps for itself */
export function checkPoolName(name: string): void {
  if (RESERVED.includes(name)) throw poolExists(name)
  if (/^[a-zA-Z0-9_.-]{1,64}$/.test(name)) return
  throw new MailctlError('bad-data', `'${printable(name)}' cannot be the name of a pool`, {
    hint: 'Use 1 to 64 letters, digits, dashes, dots and underscores.',
  })
}

/** @throws MailctlError bad-data: only a standard pool can become another */
export function rescaled(pool: DedicatedIpPool, scalingMode: ScalingMode): DedicatedIpPool {
  if (pool.scalingMode === 'MANAGED' && scalingMode === 'STANDARD')
    throw new MailctlError('bad-data', `The managed pool <${pool.name}> cannot be made a standard one.`, { hint: 'Make another pool.' })
  return { ...pool, scalingMode }
}

export const poolExists = (name: string): MailctlError =>
  new MailctlError('already-exists', `The pool <${printable(name)}> already exists.`, { hint: 'Choose another name.' })

export const noSuchPool = (name: string): MailctlError =>
  new MailctlError('not-found', `The requested pool <${printable(name)}> does not exist.`, {
    hint: 'ListDedicatedIpPools has those there are.',
  })
