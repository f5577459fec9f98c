/**
 * The key that SNS notifications are signed with, and its certificate: `keys/sns/`, made by the first process that needs them in a folder
 * beside, which is renamed into place.
 */
import { createPrivateKey, type KeyObject, randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeSigningCertificate } from '../../wire/certificate.ts'
import { fileFailure, makePrivateFolder, syncFile } from '../private-files.ts'

export interface SnsKeys {
  /** RSA. */
  readonly key: KeyObject
  /** PEM. */
  readonly certificate: string
}

/** @param keys the account's `keys/`  @throws MailctlError store-unavailable */
export async function openSnsKeys(keys: string): Promise<SnsKeys> {
  const folder = join(keys, 'sns')
  try {
    if (!existsSync(folder)) await make(keys, folder)
    const [certificate, key] = await Promise.all(['certificate.pem', 'key.pem'].map(name => readFile(join(folder, name), 'latin1')))
    return { certificate: certificate ?? '', key: createPrivateKey(key ?? '') }
  } catch (error) {
    throw fileFailure(`cannot use the signing key in ${folder}`, error)
  }
}

async function make(keys: string, folder: string): Promise<void> {
  const { certificate, key } = await makeSigningCertificate('mailctl notifications')
  const unfinished = `${folder}.${randomBytes(6).toString('hex')}.tmp`
  try {
    makePrivateFolder(keys)
    makePrivateFolder(unfinished)
    for (const [name, text] of [
      ['key.pem', key],
      ['certificate.pem', certificate],
    ] as const) {
      await writeFile(join(unfinished, name), text, { mode: 0o600, flag: 'wx' })
      syncFile(join(unfinished, name))
    }
    syncFile(unfinished)
    await rename(unfinished, folder)
    syncFile(keys)
  } catch (error) {
    // Another process may have been faster: then its key is the account's.
    if (!existsSync(folder)) throw error
  } finally {
    await rm(unfinished, { recursive: true, force: true }).catch(() => {})
  }
}
