/** Keys that sign for a domain: shown, rotated, brought along, taken out. Which may sign when is the rule of `account/dkim-keys.ts`. */
import { createPublicKey } from 'node:crypto'
import { type KeyState, keyRoles, nextToSign, notFoundYet, rotated } from '../account/dkim-keys.ts'
import { dkimRecordText } from '../account/dns-plan.ts'
import type { DkimKeyLength, Identity } from '../account/identity.ts'
import { withNextCheck } from '../account/verification.ts'
import { MailctlError } from '../base/errors.ts'
import { printable } from '../base/redact.ts'
import type { PublishTarget } from '../ports/publisher.ts'
import type { App } from './app.ts'
import { type DkimChoice, dropKeys, saveWithKeys } from './create-identity.ts'
import { type Published, publishIdentity } from './publish-dns.ts'
import { readIdentity } from './read-identity.ts'
import { takeKey } from './set-identity.ts'
import {
  type CheckingApp,
  checkDomain,
  type DomainCheck,
  type Look,
  lookForKey,
  type VerifiedDomain,
  verifyDomain,
} from './verify-identity.ts'

export interface ShownKey {
  readonly selector: string
  readonly state: KeyState
  readonly bits: number
  /** Where its record stands. */
  readonly name: string
  /** When its record may go; null: it is needed. */
  readonly publishedUntil: number | null
}

/** @throws MailctlError not-found; usage for an address */
async function readDomain(app: Pick<App, 'store'>, text: string): Promise<Identity> {
  const identity = await readIdentity(app, text)
  if (identity.type === 'DOMAIN') return identity
  throw new MailctlError('usage', `${identity.name} is an address: its domain signs for it`, {
    hint: `Name the domain: ${identity.name.slice(identity.name.lastIndexOf('@') + 1)}`,
  })
}

/** @throws MailctlError not-found, store-unavailable (a key is gone); usage for an address */
export async function readKeys(
  app: Pick<App, 'store' | 'keys'>,
  domain: string,
): Promise<{ readonly identity: Identity; readonly keys: readonly ShownKey[] }> {
  const identity = await readDomain(app, domain)
  const keys: ShownKey[] = []
  for (const { token, state, publishedUntil } of keyRoles(identity.dkim)) {
    const bits = bitsOf(await app.keys.publicKey(token, identity.name))
    keys.push({ selector: token, state, bits, name: `${token}._domainkey.${identity.name}`, publishedUntil })
  }
  return { identity, keys }
}

const bitsOf = (publicKey: string): number =>
  createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' }).asymmetricKeyDetails?.modulusLength ?? 0

export interface RotateAsk extends Look {
  readonly domain: string
  /** Absent: the lab in lab mode, otherwise nowhere. */
  readonly publish?: PublishTarget
}

export interface Rotation extends DomainCheck {
  readonly published: Published | null
  /** Signs from now on. */
  readonly signing: string
  /** Signed until now. */
  readonly retired: string
  /** Must be published before the next rotation but one. */
  readonly added: string
}

/**
 * The next key signs, if its record stands in DNS at this moment; the one before stays published, and a new one is made that waits.
 * @throws MailctlError not-found, usage, conflict (no key is there that may sign), limit-exceeded, unreachable; nothing is changed then
 */
export async function rotateKeys(app: CheckingApp & Pick<App, 'publisher'>, ask: RotateAsk): Promise<Rotation> {
  const { store, clock, keys, settings } = app
  const identity = await readDomain(app, ask.domain)
  const next = nextToSign(identity, clock.now())
  if ((await lookForKey(app, identity, { selector: next, look: ask })).comparison.status !== 'FOUND') throw notFoundYet(identity.name, next)
  const { selector: added } = await keys.create(identity.dkim.keyLength)
  const now = clock.now()
  const after = withNextCheck(rotated(identity, added, now), now)
  try {
    await saveWithKeys({ store, keys }, after, identity)
  } catch (error) {
    await dropKeys({ keys }, identity.name, [added])
    throw error
  }
  const target = ask.publish ?? (settings.network === 'lab' ? ({ kind: 'lab' } as const) : undefined)
  const published = target === undefined ? null : await publishIdentity(app, after, { target, dryRun: false })
  const check = await checkDomain(app, after, ask)
  return { ...check, published, signing: next, retired: identity.dkim.tokens[0] ?? '', added }
}

export interface ImportAsk extends Look {
  readonly domain: string
  readonly key: Extract<DkimChoice, { kind: 'byo' }>
  readonly publish?: PublishTarget
}

/** The caller's own key takes over as soon as it is found in DNS. @throws MailctlError not-found, usage, bad-data, conflict, unreachable */
export async function importKey(app: CheckingApp & Pick<App, 'publisher'>, { domain, key, ...ask }: ImportAsk): Promise<VerifiedDomain> {
  const { name } = await readDomain(app, domain)
  return await verifyDomain(app, { ...ask, domain: name, dkim: key })
}

export interface ImportPreview {
  readonly domain: string
  readonly selector: string
  readonly length: DkimKeyLength
  /** What has to stand in DNS before it signs: a TXT record. */
  readonly record: { readonly name: string; readonly value: string }
}

/** The checks of `importKey`, and nothing is stored. @throws MailctlError not-found, usage, bad-data, conflict */
export async function previewImport(
  { store, clock, keys: stored }: Pick<App, 'store' | 'keys' | 'clock'>,
  { domain, key }: Pick<ImportAsk, 'domain' | 'key'>,
): Promise<ImportPreview> {
  const identity = await readDomain({ store }, domain)
  const keys = { ...stored, import: stored.examine }
  const after = await takeKey({ store, clock, keys }, identity, key)
  const selector = after.dkim.tokens[0] ?? ''
  const { publicKey, length } = await keys.examine(selector, identity.name, key.pem)
  const record = { name: `${selector}._domainkey.${identity.name}`, value: dkimRecordText(publicKey) }
  return { domain: identity.name, selector, length, record }
}

export interface ExportedKey {
  readonly domain: string
  readonly selector: string
  /** PKCS#8. */
  readonly pem: string
}

/** @param selector absent: the key that signs, or will when it is found @throws MailctlError not-found (domain, key), usage, store-unavailable */
export async function exportKey(app: Pick<App, 'store' | 'keys'>, domain: string, selector: string | undefined): Promise<ExportedKey> {
  const { name, dkim } = await readDomain(app, domain)
  const known = keyRoles(dkim).map(({ token }) => token)
  const wanted = selector?.toLowerCase() ?? dkim.signing?.token ?? dkim.tokens[0] ?? ''
  if (!known.includes(wanted))
    throw new MailctlError('not-found', `${name} has no key ${printable(wanted)}`, { hint: `mailctl dkim show ${name} lists its keys.` })
  const pem = (await app.keys.privateKey(wanted, name)).export({ type: 'pkcs8', format: 'pem' })
  return { domain: name, selector: wanted, pem: String(pem) }
}
