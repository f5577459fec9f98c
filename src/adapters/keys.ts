/**
 * DKIM private keys as PEM files of mode 0600: `keys/dkim/<selector>.pem` for our own, `keys/dkim/<domain>/<selector>.pem` for a caller's.
 * Each is written beside its place, synced and renamed, so it is whole or absent. Nothing of a key ever reaches an error text.
 */
import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject, randomBytes } from 'node:crypto'
import { existsSync, statSync } from 'node:fs'
import { open, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import type { DkimKeyLength } from '../account/identity.ts'
import { codeOf, MailctlError } from '../base/errors.ts'
import type { Keys } from '../ports/keys.ts'
import { fileFailure, makePrivateFolder, syncFile } from './private-files.ts'

const BITS: Readonly<Record<DkimKeyLength, number>> = { RSA_1024_BIT: 1024, RSA_2048_BIT: 2048 }
const SELECTOR_ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567'
/** The longest key text taken. SES fact: concepts §4. */
const LONGEST_KEY_TEXT = 20_480

const LOOK_AGAIN_MS = 1_000
const MOST_KNOWN = 1_000

interface KnownKey {
  readonly key: KeyObject
  readonly file: string
  /** Tells one file of this name from another. */
  readonly stamp: string
  /** `performance.now()` when the file was last seen to be the same. */
  seenAt: number
}

/** @param folder `keys/` of the account; made when it is not there */
export function openKeys(folder: string): Keys {
  const dkim = join(folder, 'dkim')
  /** Parsed and kept, by selector and domain: every message asks, and to look for a file that is not there costs more than to sign. */
  const known = new Map<string, KnownKey>()

  async function store(file: string, key: KeyObject): Promise<void> {
    makePrivateFolder(folder)
    makePrivateFolder(dkim)
    makePrivateFolder(dirname(file))
    const unfinished = `${file}.${randomBytes(6).toString('hex')}.tmp`
    try {
      const handle = await open(unfinished, 'wx', 0o600)
      try {
        await handle.chmod(0o600)
        await handle.writeFile(key.export({ type: 'pkcs8', format: 'pem' }))
        await handle.sync()
      } finally {
        await handle.close()
      }
      await rename(unfinished, file)
      syncFile(dirname(file))
    } catch (error) {
      await rm(unfinished, { force: true })
      throw fileFailure(`cannot store the key ${file}`, error)
    }
    known.clear()
  }

  /** A caller's key for the domain comes before one of ours of the same name. */
  async function load(selector: string, domain: string): Promise<KeyObject> {
    const name = `${selector} ${domain}`
    const kept = known.get(name)
    if (kept && isSame(kept)) return kept.key
    for (const file of [callersFile(dkim, selector, domain), ownFile(dkim, selector)]) {
      const stamp = stampOf(file)
      const pem = await readFile(file, 'latin1').catch((error: unknown) => {
        if (codeOf(error) === 'ENOENT') return undefined
        throw fileFailure(`cannot read the key ${file}`, error)
      })
      if (pem === undefined) continue
      const key = readKey(pem)
      if (!key) throw new MailctlError('store-unavailable', `the key ${file} is damaged`, { hint: 'Restore it, or make a new key pair.' })
      if (known.size >= MOST_KNOWN) known.clear()
      known.set(name, { key, file, stamp, seenAt: performance.now() })
      return key
    }
    throw new MailctlError('store-unavailable', `the private key ${selector} of ${domain} is gone from ${dkim}`, {
      hint: 'Restore the keys folder from a copy, or make a new key pair with mailctl dkim rotate.',
    })
  }

  return {
    async create(length) {
      const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: BITS[length] })
      const selector = newSelector()
      await store(ownFile(dkim, selector), privateKey)
      return { selector, publicKey: publicKeyText(privateKey) }
    },
    async import(selector, domain, pem, standing) {
      const { key, publicKey, length } = callersKey(selector, domain, pem, standing)
      if (standing === undefined) await store(callersFile(dkim, selector, domain), key)
      return { publicKey, length }
    },
    async examine(selector, domain, pem, standing) {
      const { publicKey, length } = callersKey(selector, domain, pem, standing)
      return { publicKey, length }
    },
    publicKey: async (selector, domain) => publicKeyText(await load(selector, domain)),
    privateKey: load,
    async remove(selector, domain) {
      // Only the one that `load` would find: a caller's key may have the name of one of ours that belongs to another domain.
      const callers = callersFile(dkim, selector, domain)
      const file = existsSync(callers) ? callers : ownFile(dkim, selector)
      known.clear()
      await rm(file, { force: true }).catch((error: unknown) => {
        throw fileFailure(`cannot remove the key ${file}`, error)
      })
    },
  }
}

/** @param standing the public key that the selector has already @throws MailctlError as `Keys.import` */
function callersKey(
  selector: string,
  domain: string,
  pem: string,
  standing: string | undefined,
): { readonly key: KeyObject; readonly publicKey: string; readonly length: DkimKeyLength } {
  const key = pem.length <= LONGEST_KEY_TEXT ? readKey(pem) : undefined
  const bits = key?.asymmetricKeyType === 'rsa' ? key.asymmetricKeyDetails?.modulusLength : undefined
  if (!key || bits === undefined || bits < 1024 || bits > 2048)
    throw new MailctlError('bad-data', `the key for ${selector}._domainkey.${domain} is no RSA private key of 1024 to 2048 bits`, {
      hint: 'Give an unencrypted PEM file (PKCS#1 or PKCS#8) or its base64 text: openssl genrsa -out key.pem 2048.',
    })
  const publicKey = publicKeyText(key)
  if (standing !== undefined && publicKey !== standing)
    throw new MailctlError('conflict', `the selector ${selector} of ${domain} is in use with another key`, {
      hint: 'Choose a new selector: both can stand in DNS then, and no signature is lost.',
    })
  return { key, publicKey, length: bits < 2048 ? 'RSA_1024_BIT' : 'RSA_2048_BIT' }
}

/** Another process may have put another key in its place, which is then another file. Looked for once a second. */
function isSame(kept: KnownKey): boolean {
  const now = performance.now()
  if (now - kept.seenAt < LOOK_AGAIN_MS) return true
  kept.seenAt = now
  return kept.stamp === stampOf(kept.file)
}

function stampOf(file: string): string {
  const found = statSync(file, { throwIfNoEntry: false })
  return found ? `${found.ino} ${found.mtimeMs}` : ''
}

function newSelector(): string {
  return [...randomBytes(32)].map(octet => SELECTOR_ALPHABET.charAt(octet % SELECTOR_ALPHABET.length)).join('')
}

const ownFile = (dkim: string, selector: string): string => join(dkim, `${safeSelector(selector)}.pem`)

function callersFile(dkim: string, selector: string, domain: string): string {
  const name = domain.toLowerCase()
  if (name.length > 253 || !/^[a-z0-9_]([a-z0-9_-]*)(\.[a-z0-9_]([a-z0-9_-]*))*$/.test(name))
    throw new MailctlError('bad-data', `'${domain}' is no domain name`, { hint: 'Write it in lower-case A-labels: xn--bcher-kva.example.' })
  return join(dkim, name, `${safeSelector(selector)}.pem`)
}

/** What a selector may hold also makes it safe as a file name. SES fact: 1 to 63 of `[A-Za-z0-9-]`. */
function safeSelector(selector: string): string {
  if (/^[A-Za-z0-9-]{1,63}$/.test(selector)) return selector.toLowerCase()
  throw new MailctlError('bad-data', `'${selector}' is no DKIM selector`, { hint: 'A selector has 1 to 63 letters, digits and hyphens.' })
}

const publicKeyText = (key: KeyObject): string => createPublicKey(key).export({ type: 'spki', format: 'der' }).toString('base64')

/** PEM in either form, or the base64 inside it; undefined for anything else, encrypted keys included. */
function readKey(text: string): KeyObject | undefined {
  if (text.includes('-----BEGIN')) return attempt(() => createPrivateKey({ key: text, format: 'pem' }))
  const base64 = text.replace(/\s+/g, '')
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return undefined
  const der = Buffer.from(base64, 'base64')
  return (
    attempt(() => createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })) ??
    attempt(() => createPrivateKey({ key: der, format: 'der', type: 'pkcs1' }))
  )
}

function attempt<T>(make: () => T): T | undefined {
  try {
    return make()
  } catch {
    return undefined
  }
}
