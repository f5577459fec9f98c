/**
 * Proving an address: a code goes to it by mail, and whoever brings the code back owns the mailbox. The code lives 24 hours, works once,
 * and is compared in constant time. SES facts: concepts §3.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Identity } from '../account/identity.ts'
import { MailctlError } from '../base/errors.ts'
import { parseAddress } from '../mail/address.ts'
import type { App } from './app.ts'
import { newIdentity } from './create-identity.ts'
import { type Notice, sendNotice } from './send-notice.ts'

/** SES fact: the link of the mail is valid for 24 hours. */
const TOKEN_MS = 24 * 3_600_000

export interface EmailVerification {
  readonly identity: Identity
  /** Of the mail with the code, which waits in the queue; null when the address is verified already: nothing was mailed. */
  readonly messageId: string | null
}

/**
 * Creates the identity if it is new and mails it a new code, which ends an older one.
 * @throws MailctlError bad-data, limit-exceeded, store-unavailable
 */
export async function startEmailVerification(
  app: Pick<App, 'store' | 'clock' | 'ids' | 'settings'>,
  text: string,
): Promise<EmailVerification> {
  const { store, clock, settings } = app
  const { address } = parseAddress(text)
  const known = await store.identity(address)
  const counts = known?.verification.proof === 'dns' || settings.network !== 'live'
  if (known?.verification.status === 'SUCCESS' && counts) return { identity: known, messageId: null }
  const now = clock.now()
  // A secret: from the operating system even where ids are seeded. 80 bits in hexadecimal: no flag, and short enough for a line of mail.
  const token = { value: randomBytes(10).toString('hex'), expiresAt: now + TOKEN_MS }
  const identity: Identity = known
    ? { ...known, verification: { ...known.verification, status: 'PENDING', proof: null, startedAt: now }, token }
    : { ...newIdentity(address, 'EMAIL_ADDRESS', now), token }
  if (known) await store.saveIdentity(identity, known)
  else await store.addIdentity(identity)
  return { identity, messageId: await sendNotice(app, noticeFor(address, token.value, settings)) }
}

/** Outside the lab the notice speaks for our own host, in our own words. */
function noticeFor(to: string, token: string, { network, hostname, region, publicUrl }: App['settings']): Notice {
  const command = `mailctl verify email ${shellWord(to)} --token ${token}`
  const link = `${publicUrl}/verify-email?${new URLSearchParams({ address: to, token })}`
  const text = [
    `Someone asked to send mail from ${to}.`,
    '',
    'If that was you, confirm it within 24 hours: follow this link, while mailctl serve runs,',
    '',
    link,
    '',
    'or run this command:',
    '',
    command,
    '',
    'If it was not, do nothing: nobody can send from your address without it.',
    '',
  ].join('\n')
  if (network === 'lab')
    return {
      from: 'no-reply-aws@amazon.com',
      to,
      identity: to,
      subject: `Amazon Web Services - Email Address Verification Request in region ${region}`,
      text,
    }
  return { from: `no-reply@${hostname}`, to, identity: to, subject: `Confirm ${to} as a sender`, text }
}

/** A local part may hold what a shell would act upon. */
const shellWord = (text: string): string => (/^[\w.+@-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`)

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
  await store.saveIdentity(verified, identity)
  return verified
}
