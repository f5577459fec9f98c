/**
 * Holds large messages back to the account's bandwidth, before they are accepted. The bucket is this process's own and lives in memory:
 * it shapes what comes through one `serve`; two processes have two, and a restart finds it full.
 */
import { type BandwidthBucket, fullBucket, SHAPED_ABOVE_BYTES, takeBandwidth } from '../account/bandwidth.ts'
import { formatDuration } from '../base/duration.ts'
import { MailctlError } from '../base/errors.ts'
import type { Clock } from '../ports/clock.ts'

export class Bandwidth {
  #bucket: BandwidthBucket | undefined

  /**
   * Resolves when a message of so many octets may be accepted; at once for all but large ones.
   * @throws MailctlError rate-exceeded when it would have to wait longer than `waitMs`: nothing is taken then
   */
  async pass(octets: number, { clock, waitMs, signal }: { clock: Clock; waitMs: number; signal: AbortSignal }): Promise<void> {
    if (octets <= SHAPED_ABOVE_BYTES) return
    const now = clock.now()
    const taken = takeBandwidth(this.#bucket ?? fullBucket(now), octets, now)
    if (taken.waitMs > waitMs)
      throw new MailctlError('rate-exceeded', 'Maximum sending rate exceeded.', {
        hint: `Messages above 10 MB pass at 40 MB a second in all; this one could in ${formatDuration(taken.waitMs)}.`,
      })
    this.#bucket = taken.bucket
    if (taken.waitMs > 0) await clock.waitUntil(now + taken.waitMs, signal)
  }
}
