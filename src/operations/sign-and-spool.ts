/**
 * One pass over the body: hashed for DKIM while it goes into the spool; then the header is signed. What comes out is final. A body that is
 * in memory already is handled there, without a stream.
 */
import type { Readable } from 'node:stream'
import type { SigningAuthority } from '../account/signing-authority.ts'
import { MailctlError } from '../base/errors.ts'
import { EicarScanner } from '../mail/eicar-scanner.ts'
import { type Header, serializeHeader } from '../mail/header.ts'
import { PartScanner } from '../mail/part-scanner.ts'
import { bodyHasher, signHeader } from '../mail/sign.ts'
import { signWithDkimSigner } from '../mail/sign-with-dkim-signer.ts'
import { tooLarge } from '../mail/split.ts'
import type { BodySink, StoredBody } from '../ports/store.ts'
import type { App } from './app.ts'

export type Signer = 'own' | 'dkim-signer'

export interface Signed {
  readonly head: Buffer
  readonly body: StoredBody
  /** For a message that is refused after all. */
  readonly giveBack: () => Promise<void>
  /** It carries harmful content, and is to be rejected. */
  readonly isHarmful: boolean
  readonly selectors: readonly string[]
  readonly warnings: readonly string[]
}

interface Unsigned {
  readonly header: Header
  readonly body: Readable | Buffer
  /** Octets of the header as the caller gave it: what we add by rewriting and signing does not count against the limit. */
  readonly givenHeadBytes: number
  /** The most that header and body may have. */
  readonly maxBytes: number
  /** undefined: no domain with working DKIM speaks for the sender. */
  readonly signs: SigningAuthority | undefined
  readonly signer: Signer
}

/** @throws MailctlError store-unavailable, too-large, bad-data; nothing is stored then */
export async function signAndSpool({ store, keys, clock }: Pick<App, 'store' | 'keys' | 'clock'>, unsigned: Unsigned): Promise<Signed> {
  const { header, body, givenHeadBytes, maxBytes, signs, signer } = unsigned
  const head = serializeHeader(header)
  const hasher = bodyHasher()
  const kept = signer === 'dkim-signer' ? new SmallCopy() : undefined
  const parts = new PartScanner(header)
  const eicar = new EicarScanner()
  let sink: BodySink | undefined
  const giveBack = async (): Promise<void> => sink?.abort()
  let size = givenHeadBytes
  const see = (chunk: Buffer): void => {
    parts.update(chunk)
    eicar.update(chunk, parts.encodings)
    hasher.update(chunk)
    kept?.add(chunk)
    size += chunk.length
    if (size > maxBytes) throw tooLarge(maxBytes)
  }
  const seen = (bytes: Buffer): StoredBody => {
    see(bytes)
    return { kind: 'inline', bytes }
  }
  const spooled = async (stream: Readable): Promise<StoredBody> => {
    const into = store.newBody()
    sink = into
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      see(chunk)
      await into.write(chunk)
    }
    return into.finish()
  }
  try {
    const stored = Buffer.isBuffer(body) ? seen(body) : await spooled(body)
    if (signs === undefined) {
      const warning = 'not DKIM-signed: no domain with working DKIM speaks for the sender, or its signing is off'
      return { head, body: stored, giveBack, isHarmful: eicar.isFound, selectors: [], warnings: [warning] }
    }
    const { domain } = signs
    const selector = signs.key.token
    const key = await keys.privateKey(selector, domain)
    const at = Math.floor(clock.now() / 1_000)
    const signature =
      kept === undefined
        ? await signHeader({ head, bodyHash: hasher.digest(), domain, selector, key, at })
        : await signWithDkimSigner({ head, body: kept.bytes(), domain, selector, key })
    const signed = Buffer.concat([signature, head])
    return { head: signed, body: stored, giveBack, isHarmful: eicar.isFound, selectors: [`${selector}._domainkey.${domain}`], warnings: [] }
  } catch (error) {
    await giveBack()
    throw error
  }
}

/** A whole body for `--signer dkim-signer`, which cannot stream. */
class SmallCopy {
  readonly #chunks: Buffer[] = []
  #size = 0

  add(chunk: Buffer): void {
    this.#size += chunk.length
    if (this.#size > 256 * 1024) {
      throw new MailctlError('too-large', '--signer dkim-signer takes messages up to 256 KB', {
        hint: 'Leave the flag out: the own signer streams.',
      })
    }
    this.#chunks.push(chunk)
  }

  bytes(): Buffer {
    return Buffer.concat(this.#chunks)
  }
}
