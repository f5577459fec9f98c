/** The signer before two independent verifiers of Debian: python3-dkim and libmail-dkim-perl (scripts/install-servers.sh). */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { HARD_CASES, SIGNING_DOMAIN, signedBy, signedMessage, signingKeys } from '../support/dkim-cases.ts'

const { rsa, ed25519 } = signingKeys()
const dns = Object.fromEntries([rsa, ed25519].map(key => [`${key.selector}._domainkey.${SIGNING_DOMAIN}`, key.record]))

function ask(program: string, script: string, files: readonly string[]): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const child = execFile(program, [fileURLToPath(new URL(script, import.meta.url))], { maxBuffer: 1 << 24 }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${program}: ${stderr || error.message}`))
      else resolve(JSON.parse(stdout))
    })
    child.stdin?.end(JSON.stringify({ files, dns }))
  })
}

/** A message with one octet of the body changed, which both must refuse: a judge that passes everything is no judge. */
const TAMPERED = 'a changed message'
const names = [...HARD_CASES.map(({ name }) => name), TAMPERED]
let folder = ''
let python: Record<string, string[]> = {}
let perl: Record<string, [string, string][]> = {}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dkim-verifiers-'))
  const messages = await Promise.all(HARD_CASES.map(async hard => signedMessage(await signedBy([rsa, ed25519], hard), hard)))
  const tampered = Buffer.from(messages[0] ?? '')
  tampered.write('J', tampered.length - 'Hello\r\n'.length)
  const files = [...messages, tampered].map((message, i) => ({ message, path: join(folder, `${i}.eml`) }))
  for (const { path, message } of files) await writeFile(path, message)
  const paths = files.map(({ path }) => path)
  const byName = <T>(answers: unknown): Record<string, T> => Object.fromEntries((answers as T[]).map((answer, i) => [names[i], answer]))
  python = byName(await ask('/usr/bin/python3', 'dkim-verifiers.py', paths))
  perl = byName(await ask('/usr/bin/perl', 'dkim-verifiers.pl', paths))
}, 300_000)
afterAll(() => rm(folder, { recursive: true, force: true }))

/** dkimpy 1.1 strips a field's value with Python's idea of white space, which has the vertical tab. Mail::DKIM decides that one alone. */
const DKIMPY_IS_WRONG = 'vertical tab at the end of a field'

describe('dkimpy accepts both signatures', () => {
  test.each(HARD_CASES.filter(({ name }) => name !== DKIMPY_IS_WRONG))('$name', ({ name }) =>
    expect(python[name]).toEqual(['pass', 'pass']),
  )
  test('but not those of a changed message', () =>
    expect(python[TAMPERED]).toEqual([expect.stringContaining('body hash mismatch'), expect.stringContaining('body hash mismatch')]))
})

describe('Mail::DKIM accepts the RSA signature (it knows no Ed25519)', () => {
  test.each(HARD_CASES)('$name', ({ name }) => expect(perl[name]).toContainEqual(['rsa-sha256', 'pass']))
  test('but not that of a changed message', () => {
    const [first] = perl[TAMPERED] ?? []
    expect(first).toEqual(['rsa-sha256', 'fail'])
  })
})
