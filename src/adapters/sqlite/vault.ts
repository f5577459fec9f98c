/**
 * Secrets in rows: AES-256-GCM under the account's master key, with the row's own id as associated data, so that a sealed secret is good in
 * its own row only. The key is a file outside the database: `keys/master.key`, or where MAILCTL_MASTER_KEY_FILE says.
 *
 * It is made with the first secret. From then on the database knows it by a proof: a key that is gone or another one is told as that, and
 * never replaced by a new one, which could open nothing.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { closeSync, fchmodSync, linkSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Database } from '../../base/database.ts'
import { codeOf, MailctlError, messageOf } from '../../base/errors.ts'
import { fileFailure, makePrivateFolder, syncFile } from '../private-files.ts'
import { blob } from './columns.ts'

export interface Vault {
  /** @param id of the row that will hold it  @throws MailctlError config, store-unavailable */
  seal(id: string, secret: string): Buffer
  /** @throws MailctlError config: the master key is gone, another, or unusable; or the secret was tampered with */
  open(id: string, sealed: Buffer): string
}

const ALGORITHM = 'aes-256-gcm'
const KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16
const PROOF = 'master key'

export function openVault(database: Database, file: string): Vault {
  let known: Buffer | undefined

  function key(): Buffer {
    known ??= database.transaction(() => provedKey(database, file))
    return known
  }

  return {
    seal: (id, secret) => seal(key(), id, secret),
    open(id, sealed) {
      const secret = unseal(key(), id, sealed)
      if (secret !== undefined) return secret
      throw new MailctlError('config', `the stored secret ${id} is damaged`, { hint: 'Revoke it and make a new one.' })
    },
  }
}

/** Under the database's lock, so that of two processes with a first secret one makes the key and the other finds it. */
function provedKey(database: Database, file: string): Buffer {
  const row = database.prepare('SELECT proof FROM master_key').get()
  const found = readKey(file)
  if (row === undefined) {
    const key = found ?? makeKey(file)
    database.prepare('INSERT INTO master_key (one, proof) VALUES (1, ?)').run(seal(key, PROOF, PROOF))
    return key
  }
  if (found === undefined)
    throw unusable(
      file,
      'is gone',
      'Restore it from a copy: without it the stored secrets cannot be read. MAILCTL_MASTER_KEY_FILE names it when it is kept elsewhere.',
    )
  if (unseal(found, PROOF, blob(row, 'proof')) !== PROOF)
    throw unusable(
      file,
      "is not the one that this account's secrets were stored with",
      'Restore the right one, or name it with MAILCTL_MASTER_KEY_FILE.',
    )
  return found
}

/** 32 octets in base64, or as they are. undefined: there is no such file. */
function readKey(file: string): Buffer | undefined {
  let octets: Buffer
  try {
    octets = readFileSync(file)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw unusable(file, `cannot be read: ${messageOf(error)}`, 'Check its permissions.')
  }
  if (octets.length === KEY_BYTES) return octets
  const text = octets.toString('latin1').trim()
  const key = Buffer.from(text, 'base64')
  if (key.length === KEY_BYTES && key.toString('base64') === text) return key
  throw unusable(file, 'holds no key', 'It must hold 32 octets, as they are or in base64: openssl rand -base64 32.')
}

/** Whole or absent: written beside, synced, then linked to its name. */
function makeKey(file: string): Buffer {
  const key = randomBytes(KEY_BYTES)
  const unfinished = `${file}.${randomBytes(6).toString('hex')}.tmp`
  try {
    makePrivateFolder(dirname(file))
    const descriptor = openSync(unfinished, 'wx', 0o600)
    try {
      fchmodSync(descriptor, 0o600)
      writeFileSync(descriptor, `${key.toString('base64')}\n`)
    } finally {
      closeSync(descriptor)
    }
    syncFile(unfinished)
    linkSync(unfinished, file)
    syncFile(dirname(file))
    return key
  } catch (error) {
    throw fileFailure(`cannot store the master key ${file}`, error)
  } finally {
    try {
      rmSync(unfinished, { force: true })
    } catch {
      // What kept it from being made was told already.
    }
  }
}

const unusable = (file: string, what: string, hint: string): MailctlError =>
  new MailctlError('config', `the master key ${file} ${what}`, { hint })

/** Nonce, text and tag in one. */
function seal(key: Buffer, id: string, secret: string): Buffer {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(id))
  return Buffer.concat([nonce, cipher.update(secret, 'utf8'), cipher.final(), cipher.getAuthTag()])
}

/** @returns undefined when it was not sealed with this key for this id, or was changed since */
function unseal(key: Buffer, id: string, sealed: Buffer): string | undefined {
  if (sealed.length < NONCE_BYTES + TAG_BYTES) return undefined
  const decipher = createDecipheriv(ALGORITHM, key, sealed.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
  decipher.setAAD(Buffer.from(id)).setAuthTag(sealed.subarray(-TAG_BYTES))
  try {
    return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]).toString('utf8')
  } catch {
    return undefined
  }
}
