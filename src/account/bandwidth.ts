/**
 * Large messages pass at a bandwidth: above 10 MB, 40 MB a second for all of them together, so one of 40 MB or two of 20 MB each second.
 * A token bucket in octets that holds one second's worth; who comes when it is short waits until it has what he needs, in the order of
 * coming. Pure. SES fact: concepts §6.
 */

/** Up to this size, header and body after encoding, a message is not held back. */
export const SHAPED_ABOVE_BYTES = 10 * 1024 * 1024
const BYTES_PER_SECOND = 40 * 1024 * 1024

export interface BandwidthBucket {
  /** Octets that may pass at `at`; below zero what those who wait have taken in advance. */
  readonly octets: number
  /** Epoch milliseconds. */
  readonly at: number
}

export const fullBucket = (now: number): BandwidthBucket => ({ octets: BYTES_PER_SECOND, at: now })

/**
 * @param octets of a message, at most what one second lets pass
 * @returns the bucket with them taken, and how long the message has to wait; a clock that was set back finds the bucket full
 */
export function takeBandwidth(
  bucket: BandwidthBucket,
  octets: number,
  now: number,
): { readonly bucket: BandwidthBucket; readonly waitMs: number } {
  const { octets: before } = now < bucket.at ? fullBucket(now) : bucket
  const passedMs = Math.max(0, now - bucket.at)
  const filled = Math.min(BYTES_PER_SECOND, before + (passedMs * BYTES_PER_SECOND) / 1_000)
  const left = filled - octets
  return { bucket: { octets: left, at: now }, waitMs: left >= 0 ? 0 : Math.ceil((-left * 1_000) / BYTES_PER_SECOND) }
}
