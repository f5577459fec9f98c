/**
 * Proving an address: a code goes to it by mail, and whoever brings the code back owns the mailbox. The code lives 24 hours, works once,
 * and is compared in constant time. Composes the notice; sending it is the caller's. SES facts: concepts §3.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Identity } from '../account/identity.ts'
import { MailctlError } from '../base/errors.ts'
import { parseAddress } from '../mail/address.ts'
import type { App } from './app.ts'

/** SES fact: the link of the mail is valid for 24 hours. */
const TOKEN_MS = 24 * 3_600_000

/** What must be mailed. */
export interface VerificationNotice {
  readonly from: string
  readonly to: string
  readonly subject: string
  readonly text: string
}

export interface EmailVerification {
  readonly identity: Identity
  /** Null when the address is verified already: nothing is to be mailed. */
  readonly notice: VerificationNotice | null
}

/** Creates the identity if it is new and gives it a new code, which ends an older one. @throws MailctlError bad-data, limit-exceeded */
export async function startEmailVerification(
  { store, clock, settings }: Pick<App, 'store' | 'clock' | 'settings'>,
  text: string,
): Promise<EmailVerification> {
  const { address } = parseAddress(text)
  const known = await store.identity(address)
  const counts = known?.verification.proof === 'dns' || settings.network !== 'live'
  if (known?.verification.status === 'SUCCESS' && counts) return { identity: known, notice: null }
  const now = clock.now()
  // A secret: from the operating system even where ids are seeded.
  const token = { value: randomBytes(24).toString('base64url'), expiresAt: now + TOKEN_MS }
  const identity: Identity = known
    ? { ...known, verification: { ...known.verification, status: 'PENDING', proof: null, startedAt: now }, token }
    : { ...newAddress(address, now), token }
  if (known) await store.saveIdentity(identity)
  else await store.addIdentity(identity)
  return { identity, notice: noticeFor(address, token.value, settings) }
}

function newAddress(name: string, now: number): Identity {
  return {
    name,
    type: 'EMAIL_ADDRESS',
    createdAt: now,
    verification: { status: 'PENDING', proof: null, startedAt: now, lastCheckedAt: null, lastSuccessAt: null, errorType: null, soa: null },
    dkim: {
      signingEnabled: false,
      status: 'NOT_STARTED',
      origin: 'AWS_SES',
      method: 'txt',
      tokens: [],
      keyLength: 'RSA_2048_BIT',
      lastKeyGeneratedAt: null,
    },
    mailFrom: null,
    configurationSet: null,
    feedbackForwarding: true,
    token: null,
  }
}

/** Outside the lab the notice speaks for our own host, in our own words. */
function noticeFor(to: string, token: string, { network, hostname, region }: App['settings']): VerificationNotice {
  const command = `mailctl verify email ${to} --token ${token}`
  const text = [
    `Someone asked to send mail from ${to}.`,
    '',
    'If that was you, confirm it within 24 hours:',
    '',
    `    ${command}`,
    '',
    'If it was not, do nothing: without this code nobody can send from your address.',
    '',
  ].join('\n')
  if (network === 'lab')
    return {
      from: 'no-reply-aws@amazon.com',
      to,
      subject: `Amazon Web Services - Email Address Verification Request in region ${region}`,
      text,
    }
  return { from: `no-reply@${hostname}`, to, subject: `Confirm ${to} as a sender`, text }
}

const sameSecret = (one: string, other: string): boolean => {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(one), digest(other))
}

/** Takes the code back. @throws MailctlError not-found, conflict (wrong, used or lapsed code) */
export async function finishEmailVerification(
  { store, clock, settings }: Pick<App, 'store' | 'clock' | 'settings'>,
  { address: text, token }: { readonly address: string; readonly token: string },
): Promise<Identity> {
  const { address } = parseAddress(text)
  const identity = await store.identity(address)
  const hint = `Ask for a new one: mailctl verify email ${address}`
  if (!identity) throw new MailctlError('not-found', `Email identity ${address} does not exist.`, { hint })
  const now = clock.now()
  const expected = identity.token
  if (expected === null || !sameSecret(expected.value, token))
    throw new MailctlError('conflict', `that is not the code that was mailed to ${address}`, { hint })
  if (now >= expected.expiresAt) throw new MailctlError('conflict', `the code for ${address} has lapsed`, { hint })
  const verified: Identity = {
    ...identity,
    verification: {
      ...identity.verification,
      status: 'SUCCESS',
      proof: settings.network === 'lab' ? 'lab' : 'dns',
      lastCheckedAt: now,
      lastSuccessAt: now,
      errorType: null,
    },
    token: null,
  }
  await store.saveIdentity(verified)
  return verified
}
