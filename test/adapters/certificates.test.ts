import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { connect, createServer } from 'node:tls'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openCertificates } from '../../src/adapters/certificates.ts'
import type { Certificates } from '../../src/ports/certificates.ts'
import { tempFolder } from '../support/account.ts'
import { certificate as other } from '../support/certificate.ts'

const newKeys = (): string => join(tempFolder(), 'keys')

function filesOf({ key, cert }: { readonly key: string; readonly cert: string }): readonly [certificateFile: string, keyFile: string] {
  const folder = tempFolder()
  writeFileSync(join(folder, 'cert.pem'), cert)
  writeFileSync(join(folder, 'key.pem'), key)
  return [join(folder, 'cert.pem'), join(folder, 'key.pem')]
}

describe('our own certificate', () => {
  it('is made once, for our name and this machine, and is good in 1970 as in 9999', async () => {
    const keys = newKeys()
    const made = await openCertificates(keys, 'mta.example.test').own()
    const certificate = new X509Certificate(made.cert)
    for (const name of ['mta.example.test', 'localhost']) expect(certificate.checkHost(name)).toBe(name)
    for (const address of ['127.0.0.1', '::1']) expect(certificate.checkIP(address)).toBe(address)
    expect(Date.parse(certificate.validFrom)).toBe(0)
    expect(certificate.validTo).toContain('9999')
    expect(await openCertificates(keys, 'another.example.test').own()).toEqual(made)
  })

  it('is readable by its owner alone, and nothing unfinished stays', async () => {
    const keys = newKeys()
    const before = process.umask(0)
    try {
      await openCertificates(keys, 'mta.example.test').own()
    } finally {
      process.umask(before)
    }
    const mode = (...path: string[]): number => statSync(join(keys, ...path)).mode & 0o777
    expect([mode(), mode('tls'), mode('tls', 'key.pem'), mode('tls', 'certificate.pem')]).toEqual([0o700, 0o700, 0o600, 0o600])
    expect(readdirSync(keys)).toEqual(['tls'])
    expect(readdirSync(join(keys, 'tls')).sort()).toEqual(['certificate.pem', 'key.pem'])
  })

  it('is one, however many ask for it first', async () => {
    const keys = newKeys()
    const all = await Promise.all(Array.from({ length: 8 }, () => openCertificates(keys, 'mta.example.test').own()))
    expect(new Set(all.map(({ cert }) => cert)).size).toBe(1)
    expect(readdirSync(keys)).toEqual(['tls'])
  })

  it('is trusted by a client that is given its file, under TLS 1.2 and later only', async () => {
    const keys = newKeys()
    const server = createServer(await openCertificates(keys, 'mta.example.test').own(), socket => socket.end())
    server.on('tlsClientError', () => {})
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const { port } = server.address() as AddressInfo
    const ca = readFileSync(join(keys, 'tls', 'certificate.pem'), 'utf8')
    for (const to of [{ servername: 'mta.example.test' }, { host: '127.0.0.1' }]) {
      const client = connect({ port, ca, ...to })
      await once(client, 'secureConnect')
      expect(client.authorized).toBe(true)
      client.destroy()
    }
    const old = connect({ port, ca, minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' })
    await expect(once(old, 'secureConnect')).rejects.toThrow()
  })

  it('is not quietly replaced when it is damaged: the folder to remove is named', async () => {
    const keys = newKeys()
    await openCertificates(keys, 'mta.example.test').own()
    rmSync(join(keys, 'tls', 'key.pem'))
    await expect(openCertificates(keys, 'mta.example.test').own()).rejects.toMatchObject({
      code: 'config',
      hint: expect.stringContaining(join(keys, 'tls')),
    })
  })

  it('cannot be stored where nothing can', async () => {
    const keys = newKeys()
    writeFileSync(keys, 'a file')
    await expect(openCertificates(keys, 'mta.example.test').own()).rejects.toMatchObject({ code: 'store-unavailable' })
  })
})

describe("a caller's certificate", () => {
  const open = (): Certificates => openCertificates(newKeys(), 'mta.example.test')

  it('is taken with its key', async () => {
    expect(await open().read(...filesOf(other))).toEqual({ ...other, minVersion: 'TLSv1.2' })
  })

  it('is refused with what is wrong with it', async () => {
    const certificates = open()
    const own = await certificates.own()
    const [certificateFile, keyFile] = filesOf(other)
    const [, otherKeyFile] = filesOf(own)
    const folder = join(tempFolder(), 'folder')
    mkdirSync(folder)
    for (const [cert, key, text] of [
      [`${certificateFile}.absent`, keyFile, /cannot read .*absent/],
      [folder, keyFile, /cannot read/],
      [keyFile, keyFile, /holds no certificate/],
      [certificateFile, certificateFile, /holds no private key/],
      [certificateFile, otherKeyFile, /is not the key of/],
    ] as const) {
      await expect(certificates.read(cert, key)).rejects.toMatchObject({ code: 'config', message: expect.stringMatching(text) })
    }
  })
})
