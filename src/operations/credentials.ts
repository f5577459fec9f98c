/** Access keys for the API and credentials for the SMTP door: made, listed, revoked, and asked for when somebody logs in. */
import { createHash, timingSafeEqual } from 'node:crypto'
import { type Credential, type CredentialKind, noSuchKey, smtpPassword } from '../account/credential.ts'
import type { App } from './app.ts'

type CredentialApp = Pick<App, 'credentials' | 'clock' | 'settings'>

/** The secret is given once, here. @throws MailctlError config (master key), store-unavailable */
export async function createAccessKey({ credentials, clock }: CredentialApp): Promise<{ readonly id: string; readonly secret: string }> {
  return await credentials.create('api', clock.now())
}

/** The password is given once, here. It is good while the account's region stays what it is, as with SES. @throws MailctlError config (master key), store-unavailable */
export async function createSmtpCredential({
  credentials,
  clock,
  settings,
}: CredentialApp): Promise<{ readonly user: string; readonly password: string }> {
  const { id, secret } = await credentials.create('smtp', clock.now())
  return { user: id, password: smtpPassword(secret, settings.region) }
}

export const listCredentials = ({ credentials }: CredentialApp, kind: CredentialKind): Promise<readonly Credential[]> =>
  credentials.list(kind)

/** At once and for good; who has logged in with it is refused from his next message on. @throws MailctlError not-found, store-unavailable */
export async function revokeCredential({ credentials, clock }: CredentialApp, kind: CredentialKind, typed: string): Promise<string> {
  const id = typed.trim()
  if (await credentials.revoke(kind, id, clock.now())) return id
  throw noSuchKey(typed, kind === 'api' ? 'keys list' : 'smtp credentials list')
}

/**
 * Whether an SMTP user may log in: with the password that SES derives from a key's secret, of either kind. Takes the same time and steps
 * whether the user or the password is wrong.
 * @throws MailctlError config (master key), store-unavailable
 */
export async function checkSmtpLogin({ credentials, settings }: CredentialApp, user: string, password: string): Promise<boolean> {
  const found = await credentials.secretOf(user)
  const expected = smtpPassword(found?.secret ?? '', settings.region)
  return timingSafeEqual(digest(expected), digest(password)) && found !== undefined
}

/** Whether this is an access key in use and its secret. Takes the same time and steps whichever of the two is wrong. @throws MailctlError config (master key), store-unavailable */
export async function checkAccessKey({ credentials }: Pick<App, 'credentials'>, id: string, secret: string): Promise<boolean> {
  const found = await credentials.secretOf(id)
  return timingSafeEqual(digest(found?.secret ?? ''), digest(secret)) && found?.kind === 'api'
}

/** Texts of any length compare as 32 octets. */
const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
