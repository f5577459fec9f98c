/**
 * Message ids in the shape of SES: four hexadecimal digits of the region, twelve of the acceptance time in milliseconds, a UUID-like
 * middle and `-000000`; 60 characters in all. SES fact: concepts §6 "Ids".
 */

const REGION_PREFIX: Readonly<Record<string, string>> = {
  'us-east-1': '0100',
  'us-west-2': '0101',
  'eu-west-1': '0102',
  'eu-central-1': '0107',
  'ap-southeast-2': '0108',
  'ap-south-1': '0109',
  'ap-southeast-1': '010e',
}

/** @param at epoch milliseconds  @param random at least 16 octets, from the operating system or from the account's seed */
export function messageId(region: string, at: number, random: Uint8Array): string {
  const hex = Buffer.from(random.subarray(0, 16)).toString('hex')
  const time = Math.max(0, Math.floor(at)).toString(16).padStart(12, '0').slice(-12)
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 0x3) | 0x8).toString(16)
  const uuid = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`
  return `${REGION_PREFIX[region] ?? '0100'}${time}-${uuid}-000000`
}

/** Whether the text has the shape that `messageId` gives. */
export const isMessageId = (text: string): boolean =>
  /^[0-9a-f]{16}-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}-000000$/.test(text)
