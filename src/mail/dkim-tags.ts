/**
 * The `tag=value; …` lists of DKIM signatures and key records: RFC 6376 §3.2, strictly. A tag given twice, an empty tag and an octet that is
 * not printable ASCII make the whole list invalid, because verifiers that repair them disagree on what was signed.
 */
import { trimWsp } from './white-space.ts'

/** RFC 8601 §2.7.1. `policy`: it may be arithmetically right, but is not acceptable (weak key, rsa-sha1, too many signatures). */
export type DkimResult = 'pass' | 'fail' | 'neutral' | 'policy' | 'permerror' | 'temperror'

/** Why a signature or a key is not good; thrown and caught inside the verifier, never seen outside. */
export class Refused extends Error {
  readonly result: DkimResult

  constructor(result: DkimResult, detail: string) {
    super(detail)
    this.result = result
  }
}

/** @returns the tags in their order, values without surrounding white space  @throws Refused permerror */
export function parseTags(list: string, what: string): Map<string, string> {
  const tags = new Map<string, string>()
  const specs = unfold(list).split(';')
  if (trimWsp(specs.at(-1) ?? '') === '') specs.pop()
  for (const spec of specs) {
    const equals = spec.indexOf('=')
    const name = trimWsp(spec.slice(0, Math.max(equals, 0)))
    const value = trimWsp(spec.slice(equals + 1))
    if (!/^[A-Za-z][A-Za-z0-9_]*$/.test(name)) throw new Refused('permerror', `${what} is no list of tags`)
    if (!/^[\t\x20-\x7e]*$/.test(value)) throw new Refused('permerror', `${what} has an unprintable octet in ${name}=`)
    if (tags.has(name)) throw new Refused('permerror', `${what} has ${name}= twice`)
    tags.set(name, value)
  }
  return tags
}

/** The values of a colon-separated tag, in lower case. */
export const parseWords = (value: string): string[] => value.split(':').map(word => trimWsp(word).toLowerCase())

/** Folding white space inside is allowed; anything else outside the alphabet, and wrong padding, is not. */
export function parseBase64(value: string): Buffer | undefined {
  const text = value.replace(/[ \t]+/g, '')
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined
  return Buffer.from(text, 'base64')
}

/** The signature field with the value of `b=` and the white space around it taken out, everything else as it stands. RFC 6376 §3.7. */
export function withoutSignature(field: string): string {
  let start = field.indexOf(':') + 1
  for (const spec of field.slice(start).split(';')) {
    const equals = spec.indexOf('=')
    if (equals >= 0 && trimWsp(unfold(spec.slice(0, equals))) === 'b') {
      return field.slice(0, start + equals + 1) + field.slice(start + spec.length)
    }
    start += spec.length + 1
  }
  return field
}

const unfold = (text: string): string => text.replace(/\r\n(?=[ \t])/g, '')
