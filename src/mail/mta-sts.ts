/**
 * MTA-STS: what a domain says about TLS at its mail hosts, in a TXT record and a policy file. RFC 8461 §3.1, §3.2, §4.1.
 * Parsing only, of text from strangers: linear, never throws, and what is not well formed is no policy.
 */

export interface StsPolicy {
  /** `testing`: failures are counted and change nothing. `none`: the domain takes its policy back. */
  readonly mode: 'enforce' | 'testing' | 'none'
  /** Lower-case host names, or `*.` and a domain. */
  readonly mx: readonly string[]
  readonly maxAgeSeconds: number
}

/** More host names are not a policy but a flood. */
const MAX_HOSTS = 100
/** RFC 8461 §3.2: one year. */
const LONGEST_AGE_SECONDS = 31_557_600
const HOST = /^(?:\*\.)?[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*$/

/** The `id` of the one record that begins as such; undefined: the domain has no policy, several being as good as none. §3.1 */
export function stsRecordId(texts: readonly string[]): string | undefined {
  const [record, ...others] = texts.filter(text => /^v=STSv1[ \t]*(?:;|$)/.test(text))
  if (record === undefined || others.length > 0) return undefined
  const fields = record.split(';').map(field => field.trim())
  const ids = fields.filter(field => field.startsWith('id='))
  const id = ids[0]?.slice(3) ?? ''
  return ids.length === 1 && /^[A-Za-z0-9]{1,32}$/.test(id) ? id : undefined
}

/** @param text lines end with CRLF or LF  @returns undefined when it is no policy. §3.2: of repeated keys but `mx` the first counts, unknown ones are passed over */
export function parseStsPolicy(text: string): StsPolicy | undefined {
  const first = new Map<string, string>()
  const mx: string[] = []
  for (const line of text.split('\n')) {
    const colon = line.indexOf(':')
    if (colon < 0) {
      if (line.trim() === '') continue
      return undefined
    }
    const key = line.slice(0, colon).trim()
    const value = line.slice(colon + 1).trim()
    if (key === 'mx') mx.push(value.toLowerCase().replace(/\.$/, ''))
    else if (!first.has(key)) first.set(key, value)
  }
  const mode = first.get('mode')
  const age = first.get('max_age') ?? ''
  if (first.get('version') !== 'STSv1' || !/^\d{1,10}$/.test(age) || Number(age) > LONGEST_AGE_SECONDS) return undefined
  if (mode !== 'enforce' && mode !== 'testing' && mode !== 'none') return undefined
  if (mode !== 'none' && (mx.length === 0 || mx.length > MAX_HOSTS || !mx.every(host => HOST.test(host)))) return undefined
  return { mode, mx, maxAgeSeconds: Number(age) }
}

/** §4.1: a star stands for exactly one label, the leftmost. @param host as `DnsRecord` has names */
export function isStsHost({ mx }: StsPolicy, host: string): boolean {
  const parent = host.slice(host.indexOf('.') + 1)
  return mx.some(pattern => pattern === host || (pattern.startsWith('*.') && host.includes('.') && pattern.slice(2) === parent))
}
