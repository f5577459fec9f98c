/**
 * The canonical forms that DKIM hashes: RFC 6376 §3.4. White space is SP and HTAB and nothing else, so octets pass through as they are and
 * no regular expression with `\s` is used. Bodies are hashed as they stream by, in constant memory whatever their lines look like.
 * A lone LF counts as a line end, as every verifier in use reads it; a lone CR is content.
 */
import { createHash, type Hash } from 'node:crypto'
import { isWsp, trimWsp } from './white-space.ts'

export type Canonicalization = 'simple' | 'relaxed'

export interface HeaderField {
  /** Lower case, without white space before the colon; `''` for a line that is no field. */
  readonly name: string
  /** The whole field as latin1 text with its inner line ends as CRLF, without the last one. */
  readonly text: string
}

const [HTAB, LF, CR, SP] = [0x09, 0x0a, 0x0d, 0x20] as const

/**
 * The fields of a header block, top to bottom.
 * @param head the block, with or without the empty line that ends it; what follows that line is not looked at
 */
export function headerFields(head: Buffer): HeaderField[] {
  const text = head.toString('latin1')
  const fields: HeaderField[] = []
  let lines: string[] = []
  const close = (): void => {
    const first = lines[0]
    if (first === undefined) return
    const colon = first.indexOf(':')
    fields.push({ name: colon < 0 ? '' : trimWsp(first.slice(0, colon)).toLowerCase(), text: lines.join('\r\n') })
    lines = []
  }
  for (let start = 0; start < text.length; ) {
    const lf = text.indexOf('\n', start)
    const next = lf < 0 ? text.length : lf + 1
    const end = lf < 0 ? text.length : lf > start && text.charCodeAt(lf - 1) === CR ? lf - 1 : lf
    if (end === start) break
    const isContinuation = isWsp(text.charCodeAt(start)) && lines.length > 0
    if (!isContinuation) close()
    lines.push(text.slice(start, end))
    start = next
  }
  close()
  return fields
}

/** One field in its canonical form, without a final CRLF. RFC 6376 §3.4.1 and §3.4.2. */
export function canonicalField({ text }: Pick<HeaderField, 'text'>, canonicalization: Canonicalization): string {
  if (canonicalization === 'simple') return text
  const colon = text.indexOf(':')
  const name = trimWsp(text.slice(0, colon)).toLowerCase()
  const value = text
    .slice(colon + 1)
    .replace(/\r\n/g, '')
    .replace(/[ \t]+/g, ' ')
  return `${name}:${trimWsp(value)}`
}

/**
 * The fields that `h=` names, in its order. A name given again means the next field of that name from the bottom up; a name given more
 * often than there are fields stands for nothing, which is how over-signing forbids adding one. RFC 6376 §5.4.2.
 */
export function selectFields(fields: readonly HeaderField[], names: readonly string[]): HeaderField[] {
  const byName = new Map<string, HeaderField[]>()
  for (const field of fields) {
    const same = byName.get(field.name)
    if (same) same.push(field)
    else byName.set(field.name, [field])
  }
  return names.flatMap(name => byName.get(name.toLowerCase())?.pop() ?? [])
}

/**
 * What the signature signs: the selected fields, then the signature field itself with an empty `b=` and no final CRLF. RFC 6376 §3.7.
 * @param signature the DKIM-Signature field with the value of `b=` already taken out
 */
export function signedData(selected: readonly HeaderField[], signature: string, canonicalization: Canonicalization): Buffer {
  const parts = selected.map(field => `${canonicalField(field, canonicalization)}\r\n`)
  return Buffer.from(parts.join('') + canonicalField({ text: signature }, canonicalization), 'latin1')
}

export interface BodyHashOptions {
  readonly canonicalization: Canonicalization
  readonly algorithm: 'sha256' | 'sha1'
  /** `l=`: only so many octets of the canonical body are hashed. */
  readonly limit?: number
}

export interface BodyHash {
  readonly hash: Buffer
  /** Octets of the canonical body, hashed or not. */
  readonly canonicalBytes: number
}

/** Hashes one body while it streams by. `update` takes any chunks, `digest` is called once, at the end. RFC 6376 §3.4.3 and §3.4.4. */
export class BodyHasher {
  readonly #isRelaxed: boolean
  readonly #hash: Hash
  readonly #limit: number
  readonly #out = Buffer.allocUnsafe(16 * 1024)
  #used = 0
  #canonicalBytes = 0
  /** What was seen and may yet turn out not to count: blank lines at the end, white space at the end of a line, a CR before an LF. */
  #lineEnds = 0
  #hasWsp = false
  #hasCr = false

  constructor({ canonicalization, algorithm, limit }: BodyHashOptions) {
    this.#isRelaxed = canonicalization === 'relaxed'
    this.#hash = createHash(algorithm)
    this.#limit = limit ?? Number.POSITIVE_INFINITY
  }

  update(chunk: Uint8Array): void {
    for (let i = 0; i < chunk.length; i++) {
      const octet = chunk[i] as number
      if (octet === LF) {
        this.#hasCr = false
        this.#hasWsp = false
        this.#lineEnds++
        continue
      }
      if (this.#hasCr) {
        this.#hasCr = false
        this.#content(CR)
      }
      if (octet === CR) this.#hasCr = true
      else if (this.#isRelaxed && (octet === SP || octet === HTAB)) this.#hasWsp = true
      else {
        this.#content(octet)
        i = this.#copyRun(chunk, i + 1) - 1
      }
    }
  }

  /** Copies octets above SP, which mean nothing to either form; most of any body. @returns where the run ends */
  #copyRun(chunk: Uint8Array, start: number): number {
    const out = this.#out
    let used = this.#used
    let i = start
    for (; i < chunk.length && used < out.length; i++) {
      const octet = chunk[i] as number
      if (octet <= SP) break
      out[used++] = octet
    }
    this.#used = used
    return i
  }

  digest(): BodyHash {
    if (this.#hasCr) this.#content(CR)
    const isEmpty = this.#used === 0 && this.#canonicalBytes === 0
    if (!isEmpty || !this.#isRelaxed) this.#lineEnd()
    this.#flush()
    return { hash: this.#hash.digest(), canonicalBytes: this.#canonicalBytes }
  }

  #content(octet: number): void {
    for (; this.#lineEnds > 0; this.#lineEnds--) this.#lineEnd()
    if (this.#hasWsp) this.#put(SP)
    this.#hasWsp = false
    this.#put(octet)
  }

  #lineEnd(): void {
    this.#put(CR)
    this.#put(LF)
  }

  #put(octet: number): void {
    if (this.#used === this.#out.length) this.#flush()
    this.#out[this.#used++] = octet
  }

  #flush(): void {
    const within = Math.min(this.#used, Math.max(0, this.#limit - this.#canonicalBytes))
    if (within > 0) this.#hash.update(this.#out.subarray(0, within))
    this.#canonicalBytes += this.#used
    this.#used = 0
  }
}
