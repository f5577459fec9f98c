/** Why a message that is sent may be refused: the same for every command that sends. */
import type { ErrorCode } from '../base/errors.ts'

export const SENDING_FAILS = [
  'usage',
  'bad-data',
  'too-large',
  'not-verified',
  'mail-from-not-verified',
  'sending-paused',
  'quota-exceeded',
  'rate-exceeded',
  'not-found',
  'store-unavailable',
  'config',
  'interrupted',
] as const satisfies readonly ErrorCode[]
