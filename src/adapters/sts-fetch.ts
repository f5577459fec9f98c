/**
 * Fetches one MTA-STS policy. RFC 8461 §3.3: HTTPS at `mta-sts.<domain>`, the certificate verified for that name, no redirects.
 *
 * The name is a stranger's, so its addresses come through our own resolver and are looked at before a socket is made, and what comes back
 * is bounded in size and time. Nothing but a GET without any secret is sent, and only once TLS has proved the name.
 */
import { request } from 'node:https'
import { isIP } from 'node:net'
import { messageOf } from '../base/errors.ts'
import { parseStsPolicy, type StsPolicy } from '../mail/mta-sts.ts'
import type { TlsFailure } from '../mail/tls-result.ts'
import type { Resolver } from '../ports/resolver.ts'

/** §3.3 names the limit for the size, and this one for the time. */
const MAX_BYTES = 64 * 1024
const TIMEOUT_MS = 60_000
/** Of the policy host, in all. */
const MAX_ADDRESSES = 4

export interface FetchOptions {
  readonly resolver: Pick<Resolver, 'lookup'>
  /** Which addresses may be asked at all. */
  readonly mayAsk: (address: string) => boolean
  /** 443 when absent. */
  readonly port?: number
  /** PEM of the authorities to trust; those that Node trusts when absent. */
  readonly ca?: string
  readonly timeoutMs?: number
  /** Aborted when nobody waits for policies any more. */
  readonly closing: AbortSignal
}

export type Fetched =
  | { readonly kind: 'policy'; readonly policy: StsPolicy }
  | { readonly kind: 'failed'; readonly failure: TlsFailure; readonly detail: string }

const failed = (detail: string, failure: TlsFailure = 'sts-policy-fetch-error'): Fetched => ({ kind: 'failed', failure, detail })

/** Throws never. */
export async function fetchStsPolicy(domain: string, options: FetchOptions): Promise<Fetched> {
  const host = `mta-sts.${domain}`
  const answers = await Promise.all([options.resolver.lookup(host, 'AAAA'), options.resolver.lookup(host, 'A')])
  const found = answers.flatMap(answer => (answer.kind === 'found' ? answer.records : []))
  const addresses = found.flatMap(record => (record.type === 'A' || record.type === 'AAAA' ? [record.address] : []))
  const allowed = addresses.filter(options.mayAsk).slice(0, MAX_ADDRESSES)
  if (allowed.length === 0) return failed(`${host} has no ${addresses.length > 0 ? 'public ' : ''}address`)
  const late = new AbortController()
  const give = (): void => late.abort()
  const timer = setTimeout(give, options.timeoutMs ?? TIMEOUT_MS)
  options.closing.addEventListener('abort', give, { once: true })
  let last: Fetched = failed('')
  for (const address of options.closing.aborted ? [] : allowed) {
    last = await get(host, address, late.signal, options)
    if (last.kind === 'policy' || late.signal.aborted) break
  }
  clearTimeout(timer)
  options.closing.removeEventListener('abort', give)
  return last
}

function get(host: string, address: string, signal: AbortSignal, { port = 443, ca }: FetchOptions): Promise<Fetched> {
  return new Promise(resolve => {
    const fail = (error: Error): void => resolve(failed(signal.aborted ? 'no answer in time' : messageOf(error)))
    const asked = request(
      {
        host: address,
        port,
        path: '/.well-known/mta-sts.txt',
        headers: { host, accept: 'text/plain' },
        servername: host,
        family: isIP(address),
        agent: false,
        minVersion: 'TLSv1.2',
        maxHeaderSize: 16 * 1024,
        signal,
        ...(ca !== undefined && { ca }),
      },
      response => {
        const { statusCode = 0 } = response
        const type = (response.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase()
        const refuse = (detail: string): void => {
          resolve(failed(detail))
          asked.destroy()
        }
        // §3.3: a redirect must not be followed, and counts as no policy.
        if (statusCode !== 200) return refuse(`${host} answered ${statusCode}`)
        if (type !== 'text/plain') return refuse(`${host} answered with another type than text/plain`)
        const chunks: Buffer[] = []
        let size = 0
        response.on('error', fail)
        response.on('data', (chunk: Buffer) => {
          size += chunk.length
          chunks.push(chunk)
          if (size > MAX_BYTES) refuse(`${host} sends a policy of more than ${MAX_BYTES} octets`)
        })
        response.on('end', () => {
          const policy = parseStsPolicy(Buffer.concat(chunks).toString('utf8'))
          resolve(policy ? { kind: 'policy', policy } : failed(`${host} sends no well-formed policy`, 'sts-policy-invalid'))
        })
      },
    )
    asked.on('error', fail)
    asked.end()
  })
}
