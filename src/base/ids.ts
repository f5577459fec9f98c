/**
 * Message ids in the shape of SES: four hexadecimal digits of the region, twelve of the acceptance time in milliseconds, a UUID-like
 * middle and `-000000`; 60 characters in all. SES fact: concepts §6 "Ids".
 *
 * The second half of the UUID is a keyed MAC (HMAC-SHA256, 60 bits) over everything before it. An id is the local part of the return path,
 * at most 64 octets (RFC 5321 §4.5.3.1.1): whoever made one up without the key is told from us.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'

const REGION_PREFIX: Readonly<Record<string, string>> = {
  'us-east-1': '0100',
  'us-west-2': '0101',
  'eu-west-1': '0102',
  'eu-central-1': '0107',
  'ap-southeast-2': '0108',
  'ap-south-1': '0109',
  'ap-southeast-1': '010e',
}

/** Where the MAC begins: behind `<16>-<8>-<4>-<4>-` and the variant digit, with a hyphen inside. */
const MAC_AT = 37
const SHAPE = /^[0-9a-f]{16}-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}-000000$/

/** What makes an id unlike every other, and ours. */
export interface IdChance {
  /** At least 8 octets, from the operating system or from the account's seed. */
  readonly random: Uint8Array
  /** The account's, for the MAC. */
  readonly key: Uint8Array
}

/** @param at epoch milliseconds */
export function messageId(region: string, at: number, { random, key }: IdChance): string {
  const hex = Buffer.from(random.subarray(0, 8)).toString('hex')
  const time = Math.max(0, Math.floor(at)).toString(16).padStart(12, '0').slice(-12)
  const variant = ((Number.parseInt(hex.charAt(15), 16) & 0x3) | 0x8).toString(16)
  const rest = `${REGION_PREFIX[region] ?? '0100'}${time}-${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(12, 15)}-${variant}`
  const mac = macOf(rest, key)
  return `${rest}${mac.slice(0, 3)}-${mac.slice(3)}-000000`
}

/** 15 hexadecimal digits. */
const macOf = (rest: string, key: Uint8Array): string => createHmac('sha256', key).update(rest).digest('hex').slice(0, 15)

/** Whether the text has the shape that `messageId` gives. */
export const isMessageId = (text: string): boolean => SHAPE.test(text)

/** Whether `messageId` made it with this key. Takes as long for a wrong MAC as for a right one. */
export function isMessageIdOf(key: Uint8Array, text: string): boolean {
  if (!isMessageId(text)) return false
  const mac = text.slice(MAC_AT, MAC_AT + 3) + text.slice(MAC_AT + 4, MAC_AT + 16)
  return timingSafeEqual(Buffer.from(mac), Buffer.from(macOf(text.slice(0, MAC_AT), key)))
}
