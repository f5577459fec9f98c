/** What became of one entry of a bulk call, in the words of SES. SES fact: api-v2, BulkEmailStatus. */
import type { ErrorCode } from '../base/errors.ts'

/** Those that this account can give. */
export type BulkStatus =
  | 'SUCCESS'
  | 'MESSAGE_REJECTED'
  | 'MAIL_FROM_DOMAIN_NOT_VERIFIED'
  | 'CONFIGURATION_SET_NOT_FOUND'
  | 'ACCOUNT_THROTTLED'
  | 'ACCOUNT_DAILY_QUOTA_EXCEEDED'
  | 'ACCOUNT_SENDING_PAUSED'
  | 'INVALID_PARAMETER'
  | 'TRANSIENT_FAILURE'
  | 'FAILED'

const STATUS: Readonly<Partial<Record<ErrorCode, BulkStatus>>> = {
  'message-rejected': 'MESSAGE_REJECTED',
  'not-verified': 'MESSAGE_REJECTED',
  'too-large': 'MESSAGE_REJECTED',
  'mail-from-not-verified': 'MAIL_FROM_DOMAIN_NOT_VERIFIED',
  'not-found': 'CONFIGURATION_SET_NOT_FOUND',
  'rate-exceeded': 'ACCOUNT_THROTTLED',
  'quota-exceeded': 'ACCOUNT_DAILY_QUOTA_EXCEEDED',
  'sending-paused': 'ACCOUNT_SENDING_PAUSED',
  'bad-data': 'INVALID_PARAMETER',
  'store-unavailable': 'TRANSIENT_FAILURE',
}

/** Of an entry that was refused. */
export const bulkStatusOf = (code: ErrorCode): BulkStatus => STATUS[code] ?? 'FAILED'
