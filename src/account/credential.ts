/** Access keys as SES has them: their shape, and the SMTP password that follows from a secret. Pure: chance is an argument. */
import { createHmac } from 'node:crypto'
import { MailctlError } from '../base/errors.ts'
import { printable } from '../base/redact.ts'

/** What a key was made for: to sign requests of the API, or to log in on the SMTP door, where its secret is never shown. */
export type CredentialKind = 'api' | 'smtp'

export interface Credential {
  /** The access key id; of an SMTP credential, the user name. */
  readonly id: string
  readonly kind: CredentialKind
  /** Epoch milliseconds. */
  readonly createdAt: number
  /** null: it is in use. */
  readonly revokedAt: number | null
}

/** Octets of chance in a new key. */
export const KEY_OCTETS = 46
const ID_ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** @param random `KEY_OCTETS` of the operating system  @returns 20 characters that begin with AKIA, and 40 of base64 */
export function newAccessKey(random: Uint8Array): { readonly id: string; readonly secret: string } {
  const letters = Array.from(random.subarray(0, 16), octet => ID_ALPHABET.charAt(octet % ID_ALPHABET.length))
  return { id: `AKIA${letters.join('')}`, secret: Buffer.from(random.subarray(16, KEY_OCTETS)).toString('base64') }
}

/** The password of an SMTP user, made from the secret of its key. SES fact: smtp, "SMTP password derivation". */
export function smtpPassword(secret: string, region: string): string {
  let key: Buffer = Buffer.from(`AWS4${secret}`)
  for (const step of ['11111111', region, 'ses', 'aws4_request', 'SendRawEmail']) key = createHmac('sha256', key).update(step).digest()
  return Buffer.concat([Buffer.of(4), key]).toString('base64')
}

export const noSuchKey = (typed: string, command: string): MailctlError =>
  new MailctlError('not-found', `The Access Key with id ${printable(typed)} cannot be found.`, {
    hint: `mailctl ${command} shows those there are.`,
  })
