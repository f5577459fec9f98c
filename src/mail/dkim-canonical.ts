/**
 * The canonical forms that DKIM hashes: RFC 6376 §3.4. White space is SP and HTAB and nothing else, so octets pass through as they are and
 * no regular expression with `\s` is used. Bodies are hashed as they stream by, in constant memory whatever their lines look like.
 * A lone LF counts as a line end, as every verifier in use reads it; a lone CR is content.
 */
import { createHash, type Hash } from 'node:crypto'
import { OctetFinder } from './octet-finder.ts'
import { isWsp, isWspOrLineEnd, trimWsp } from './white-space.ts'

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
  const selected: HeaderField[] = []
  for (const name of names) {
    const field = byName.get(name.toLowerCase())?.pop()
    if (field) selected.push(field)
  }
  return selected
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
  /** `crlf`: the caller knows that every LF has its CR, so that nobody has to look for one without. */
  readonly lineEnds?: 'crlf'
}

export interface BodyHash {
  readonly hash: Buffer
  /** Octets of the canonical body, hashed or not. */
  readonly canonicalBytes: number
}

/** What white space has in it that is not a single space before something else; the space before a line's end counts. */
const UNTIDY = [HTAB, Buffer.from('  '), Buffer.from(' \r')] as const

/** Where an LF without its CR stands next in a chunk, as `OctetFinder` does for any octet. */
class LoneLfFinder {
  readonly #chunk: Buffer
  /** There is none from here up to `#found`. */
  #since = 0
  #found = -1

  constructor(chunk: Buffer) {
    this.#chunk = chunk
  }

  next(from: number): number {
    if (this.#since <= from && from <= this.#found) return this.#found
    this.#since = from
    let lf = this.#chunk.indexOf(LF, from)
    while (lf > 0 && this.#chunk[lf - 1] === CR) lf = this.#chunk.indexOf(LF, lf + 1)
    this.#found = lf === -1 ? Number.POSITIVE_INFINITY : lf
    return this.#found
  }
}

/** How a chunk is looked through. */
interface Form {
  /** Of what is not its own canonical form. */
  readonly finders: readonly Pick<OctetFinder, 'next'>[]
  /** Whether the octet counts whatever follows it: white space does in the simple form. */
  readonly isContent: (octet: number) => boolean
}

const isNoLineEnd = (octet: number): boolean => octet !== CR && octet !== LF
const isText = (octet: number): boolean => !isWspOrLineEnd(octet)

/**
 * Where the stretch ends that is its own canonical form, whatever follows: nearly all of any body, and finding its end costs less than
 * copying it. It ends behind content. What is given back from the end keeps the hasher from asking again until there is content, so that a
 * run of it is walked through once.
 */
function stretchEnd(chunk: Buffer, start: number, { finders, isContent }: Form): number {
  let end = chunk.length
  for (const finder of finders) end = Math.min(end, finder.next(start))
  while (end > start && !isContent(chunk[end - 1] as number)) end -= 1
  return end
}

/** Octets of the canonical form that are collected before they are hashed; longer stretches that are canonical as they are go by it. */
const OUT_BYTES = 2 * 1024
const LONG_STRETCH = 256

/** Hashes one body while it streams by. `update` takes any chunks, `digest` is called once, at the end. RFC 6376 §3.4.3 and §3.4.4. */
export class BodyHasher {
  readonly #isRelaxed: boolean
  readonly #hasOnlyCrlf: boolean
  readonly #hash: Hash
  readonly #limit: number
  readonly #out = Buffer.allocUnsafe(OUT_BYTES)
  #used = 0
  #canonicalBytes = 0
  /** What was seen and may yet turn out not to count: blank lines at the end, white space at the end of a line, a CR before an LF. */
  #lineEnds = 0
  #hasWsp = false
  #hasCr = false

  constructor({ canonicalization, algorithm, limit, lineEnds }: BodyHashOptions) {
    this.#isRelaxed = canonicalization === 'relaxed'
    this.#hasOnlyCrlf = lineEnds === 'crlf'
    this.#hash = createHash(algorithm)
    this.#limit = limit ?? Number.POSITIVE_INFINITY
  }

  update(chunk: Uint8Array): void {
    const octets = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)
    const untidy = this.#isRelaxed ? UNTIDY.map(sought => new OctetFinder(octets, sought)) : []
    const form: Form = {
      finders: this.#hasOnlyCrlf ? untidy : [...untidy, new LoneLfFinder(octets)],
      isContent: this.#isRelaxed ? isText : isNoLineEnd,
    }
    for (let i = 0; i < octets.length; ) {
      const end = this.#lineEnds > 0 || this.#hasWsp || this.#hasCr ? i : stretchEnd(octets, i, form)
      if (end > i) {
        this.#copy(octets, i, end)
        i = end
      } else {
        this.#take(octets[i] as number)
        i += 1
      }
    }
  }

  digest(): BodyHash {
    if (this.#hasCr) this.#content(CR)
    const isEmpty = this.#used === 0 && this.#canonicalBytes === 0
    if (!isEmpty || !this.#isRelaxed) this.#lineEnd()
    this.#flush()
    return { hash: this.#hash.digest(), canonicalBytes: this.#canonicalBytes }
  }

  #copy(chunk: Buffer, from: number, to: number): void {
    if (to - from >= LONG_STRETCH) {
      this.#flush()
      this.#digestOctets(chunk.subarray(from, to))
      return
    }
    for (let i = from; i < to; i++) this.#put(chunk[i] as number)
  }

  #take(octet: number): void {
    if (octet === LF) {
      this.#hasCr = false
      this.#hasWsp = false
      this.#lineEnds++
      return
    }
    if (this.#hasCr) {
      this.#hasCr = false
      this.#content(CR)
    }
    if (octet === CR) this.#hasCr = true
    else if (this.#isRelaxed && (octet === SP || octet === HTAB)) this.#hasWsp = true
    else this.#content(octet)
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
    if (this.#used === OUT_BYTES) this.#flush()
    this.#out[this.#used++] = octet
  }

  #flush(): void {
    if (this.#used > 0) this.#digestOctets(this.#out.subarray(0, this.#used))
    this.#used = 0
  }

  #digestOctets(octets: Uint8Array): void {
    const within = Math.min(octets.length, Math.max(0, this.#limit - this.#canonicalBytes))
    if (within > 0) this.#hash.update(within === octets.length ? octets : octets.subarray(0, within))
    this.#canonicalBytes += octets.length
  }
}
