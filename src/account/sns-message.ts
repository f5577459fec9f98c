/**
 * Messages of Amazon SNS to an HTTP endpoint: their members, the headers beside them, and the text that is signed. SNS developer guide,
 * "HTTP/HTTPS notification JSON format", "Verifying the signatures of Amazon SNS messages".
 */
import { createHash } from 'node:crypto'

/** Everything but the signature. */
export interface UnsignedSnsMessage {
  readonly Type: 'Notification' | 'SubscriptionConfirmation'
  /** A UUID: the same when the message is sent again. */
  readonly MessageId: string
  readonly TopicArn: string
  readonly Message: string
  readonly Timestamp: string
  readonly Subject?: string
  /** Of a SubscriptionConfirmation. */
  readonly Token?: string
  readonly SubscribeURL?: string
}

export interface SnsMessage extends UnsignedSnsMessage {
  readonly SignatureVersion: '1' | '2'
  readonly Signature: string
  readonly SigningCertURL: string
  readonly UnsubscribeURL?: string
}

const SIGNED = {
  Notification: ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type'],
  SubscriptionConfirmation: ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'],
} as const

/** Names and values, each on a line of its own, in alphabetical order; what is absent is left out. */
export function textToSign(message: UnsignedSnsMessage): string {
  return SIGNED[message.Type].map(name => (message[name] === undefined ? '' : `${name}\n${message[name]}\n`)).join('')
}

/** Of the signature: RSA, PKCS #1 v1.5. */
export const snsDigest = (version: 1 | 2): 'RSA-SHA1' | 'RSA-SHA256' => (version === 1 ? 'RSA-SHA1' : 'RSA-SHA256')

/** @param subscriptionArn absent in a SubscriptionConfirmation, which has none yet */
export function snsHeaders(
  { Type, MessageId, TopicArn }: Pick<UnsignedSnsMessage, 'Type' | 'MessageId' | 'TopicArn'>,
  { subscriptionArn, rawDelivery }: { readonly subscriptionArn?: string; readonly rawDelivery: boolean },
): Record<string, string> {
  return {
    'content-type': 'text/plain; charset=UTF-8',
    'x-amz-sns-message-type': Type,
    'x-amz-sns-message-id': MessageId,
    'x-amz-sns-topic-arn': TopicArn,
    ...(subscriptionArn !== undefined && { 'x-amz-sns-subscription-arn': subscriptionArn }),
    ...(rawDelivery && { 'x-amz-sns-rawdelivery': 'true' }),
  }
}

/** A UUID that follows from the parts, so that what is told twice has one id. */
export function uuidOf(...parts: readonly (string | number)[]): string {
  const octets = createHash('sha256').update(JSON.stringify(parts)).digest().subarray(0, 16)
  octets[6] = ((octets[6] ?? 0) & 0x0f) | 0x50
  octets[8] = ((octets[8] ?? 0) & 0x3f) | 0x80
  return octets.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}
