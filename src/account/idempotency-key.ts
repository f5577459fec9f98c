/** What an idempotency key may look like. An empty one is most likely a variable that was never set: every message would be the same. */
import { MailctlError } from '../base/errors.ts'

const MAX_LENGTH = 255

/** @throws MailctlError bad-data */
export function checkIdempotencyKey(key: string): void {
  if (/^[!-~]+$/.test(key) && key.length <= MAX_LENGTH) return
  throw new MailctlError('bad-data', key === '' ? 'The idempotency key is empty' : 'The idempotency key is not one', {
    hint: `A key is 1 to ${MAX_LENGTH} printable ASCII characters without spaces, such as order-17-receipt.`,
  })
}
