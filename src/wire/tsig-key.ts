/** TSIG key files in the form that BIND's tsig-keygen writes: `key "name" { algorithm hmac-sha256; secret "…"; };`. RFC 8945 §6 for the algorithms. */
import { MailctlError } from '../base/errors.ts'
import { canonicalName, isDnsName } from '../mail/dns-record.ts'

export const TSIG_HASHES = {
  'hmac-md5.sig-alg.reg.int': 'md5',
  'hmac-sha1': 'sha1',
  'hmac-sha224': 'sha224',
  'hmac-sha256': 'sha256',
  'hmac-sha384': 'sha384',
  'hmac-sha512': 'sha512',
} as const
export type TsigAlgorithm = keyof typeof TSIG_HASHES

export interface TsigKey {
  /** Lower case, no final dot. */
  readonly name: string
  readonly algorithm: TsigAlgorithm
  readonly secret: Buffer
}

const isAlgorithm = (name: string): name is TsigAlgorithm => Object.hasOwn(TSIG_HASHES, name)

/** @throws MailctlError bad-data; the secret is never part of a message */
export function parseTsigKey(text: string): TsigKey {
  const hint = 'The file must look as tsig-keygen writes it: key "name" { algorithm hmac-sha256; secret "base64"; };'
  const refuse = (what: string): MailctlError => new MailctlError('bad-data', `the TSIG key file ${what}`, { hint })
  // Strings first: base64 may hold `//`.
  const plain = text.replace(/"[^"\n]*"|\/\*[\s\S]*?\*\/|(?:\/\/|#)[^\n]*/g, part => (part.startsWith('"') ? part : ' '))
  const block = /^\s*key\s+(?:"([^"]*)"|([^\s"{};]+))\s*\{([^{}]*)\}\s*;?\s*$/.exec(plain)
  if (!block) throw refuse('holds no key block, or more than one')
  const name = canonicalName(block[1] ?? block[2] ?? '')
  if (!isDnsName(name)) throw refuse('names its key in a way that DNS cannot carry')
  const statement = (word: string): string | undefined => {
    const found = new RegExp(`(?:^|;)\\s*${word}\\s+(?:"([^"]*)"|([^\\s";]+))\\s*;`).exec(block[3] ?? '')
    return found?.[1] ?? found?.[2]
  }
  const named = canonicalName(statement('algorithm') ?? '')
  const algorithm = named === 'hmac-md5' ? 'hmac-md5.sig-alg.reg.int' : named
  if (!isAlgorithm(algorithm)) throw refuse(named === '' ? 'names no algorithm' : 'names an algorithm that is not known here')
  const secret = (statement('secret') ?? '').replace(/\s/g, '')
  if (secret === '' || !/^[A-Za-z0-9+/]+={0,2}$/.test(secret) || secret.length % 4 !== 0) throw refuse('holds no secret in base64')
  return { name, algorithm, secret: Buffer.from(secret, 'base64') }
}
