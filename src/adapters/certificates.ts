/**
 * The doors' certificate as files: `keys/tls/certificate.pem` and `keys/tls/key.pem`, both 0600. The first process that needs one makes it,
 * in a folder beside that is renamed into place: both files are there, or neither is.
 *
 * It is issued by an authority of its own whose private key is thrown away, so nobody can have another certificate from it. The authority's
 * certificate stands behind ours in the file: a client that is told to trust the file trusts this door and nothing else.
 */
import { createPrivateKey, randomBytes, X509Certificate } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createSecureContext } from 'node:tls'
import { MailctlError, messageOf } from '../base/errors.ts'
import { printable } from '../base/redact.ts'
import type { Certificates, ServerTls } from '../ports/certificates.ts'
import { issueCertificate, makeAuthority } from '../wire/certificate.ts'
import { fileFailure, makePrivateFolder, syncFile } from './private-files.ts'

/** @param keys the account's `keys/`  @param hostname our own name, which a new certificate is made for beside this machine's loopback */
export function openCertificates(keys: string, hostname: string): Certificates {
  const folder = join(keys, 'tls')
  const certificateFile = join(folder, 'certificate.pem')
  const keyFile = join(folder, 'key.pem')
  return {
    async own() {
      if (!existsSync(folder)) await make(keys, folder, hostname)
      return await read(certificateFile, keyFile, `Remove the folder ${folder}: a new certificate is made then.`)
    },
    read: (certificate, key) => read(certificate, key, 'Give PEM files that belong together, the key unencrypted.'),
  }
}

async function make(keys: string, folder: string, hostname: string): Promise<void> {
  const authority = makeAuthority(`mailctl ${hostname}`.slice(0, 64))
  const { certificate, key } = issueCertificate(authority, [...new Set([hostname, 'localhost']), '127.0.0.1', '::1'])
  const unfinished = `${folder}.${randomBytes(6).toString('hex')}.tmp`
  try {
    makePrivateFolder(keys)
    makePrivateFolder(unfinished)
    await writeDurably(join(unfinished, 'key.pem'), key)
    await writeDurably(join(unfinished, 'certificate.pem'), certificate + authority.certificate)
    syncFile(unfinished)
    await rename(unfinished, folder)
    syncFile(keys)
  } catch (error) {
    // Another process may have been faster: then its certificate is the account's.
    if (!existsSync(folder)) throw fileFailure(`cannot store the TLS certificate in ${folder}`, error)
  } finally {
    await rm(unfinished, { recursive: true, force: true }).catch(() => {})
  }
}

async function writeDurably(file: string, text: string): Promise<void> {
  await writeFile(file, text, { mode: 0o600, flag: 'wx' })
  syncFile(file)
}

async function read(certificateFile: string, keyFile: string, hint: string): Promise<ServerTls> {
  const [cert, key] = await Promise.all([textOf(certificateFile, hint), textOf(keyFile, hint)])
  const unusable = (file: string, why: string, cause?: unknown): MailctlError =>
    new MailctlError('config', `${printable(file)} ${why}`, { hint, cause })
  const certificate = attempt(() => new X509Certificate(cert))
  if (certificate === undefined) throw unusable(certificateFile, 'holds no certificate in PEM')
  const privateKey = attempt(() => createPrivateKey(key))
  if (privateKey === undefined) throw unusable(keyFile, 'holds no private key in PEM that can be used without a password')
  if (!certificate.checkPrivateKey(privateKey)) throw unusable(keyFile, `is not the key of ${printable(certificateFile)}`)
  const tls: ServerTls = { cert, key, minVersion: 'TLSv1.2' }
  try {
    createSecureContext(tls)
  } catch (cause) {
    throw unusable(certificateFile, `cannot be used for TLS: ${messageOf(cause)}`, cause)
  }
  return tls
}

async function textOf(file: string, hint: string): Promise<string> {
  try {
    return await readFile(file, 'latin1')
  } catch (cause) {
    throw new MailctlError('config', `cannot read ${printable(file)}: ${printable(messageOf(cause))}`, { hint, cause })
  }
}

function attempt<T>(make: () => T): T | undefined {
  try {
    return make()
  } catch {
    return undefined
  }
}
