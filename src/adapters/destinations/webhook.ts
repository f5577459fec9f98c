/**
 * Posts an event to an HTTP endpoint. The host is resolved here, each address is judged immediately before it is connected to, and the
 * connection goes to that address and no other: a name that answers differently the next moment changes nothing. Redirects are not
 * followed. What comes back is bounded in size, and all of it in time.
 */
import { lookup } from 'node:dns/promises'
import * as http from 'node:http'
import * as https from 'node:https'
import { isIP } from 'node:net'
import { codeOf, messageOf } from '../../base/errors.ts'
import type { Parcel, Receipt } from '../../ports/event-publisher.ts'
import { isListedHost, mayReach, type Reach } from '../../wire/webhook-reach.ts'

/** As long as SNS waits for an endpoint. */
const ANSWER_MS = 15_000
const MOST_READ = 64 * 1024
const MOST_KEPT = 2 * 1024
/** Connections to one address; what is more waits its turn. */
const MOST_SOCKETS = 20
const USER_AGENT = 'mailctl'

export interface WebhookOptions extends Reach {
  readonly timeoutMs?: number
}

export interface Webhooks {
  /** Never rejects. */
  post(url: string, parcel: Parcel, signal: AbortSignal): Promise<Receipt>
  close(): void
}

interface Answer {
  readonly status: number
  readonly reason: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export function openWebhooks({ timeoutMs = ANSWER_MS, ...reach }: WebhookOptions): Webhooks {
  const agents = {
    'http:': new http.Agent({ keepAlive: true, maxSockets: MOST_SOCKETS }),
    'https:': new https.Agent({ keepAlive: true, maxSockets: MOST_SOCKETS, minVersion: 'TLSv1.2' }),
  }

  async function post(url: URL, parcel: Parcel, signal: AbortSignal): Promise<Answer> {
    const host = url.hostname.replace(/^\[|\]$/g, '')
    const addresses = await addressesOf(host, reach)
    const open = addresses.filter(address => mayReach(address, host, reach))
    if (open.length === 0) throw new Error(refusal(host, addresses, reach))
    let failure: unknown
    for (const address of open) {
      try {
        return await postTo(url, address, parcel, signal)
      } catch (error) {
        failure = error
        if (signal.aborted || !isNoConnection(codeOf(error) ?? '')) break
      }
    }
    throw failure
  }

  function postTo(url: URL, address: string, parcel: Parcel, signal: AbortSignal, isAgain = false): Promise<Answer> {
    const isHttps = url.protocol === 'https:'
    const host = url.hostname.replace(/^\[|\]$/g, '')
    const body = Buffer.from(parcel.body)
    return new Promise((resolve, reject) => {
      const asked = (isHttps ? https : http).request({
        agent: isHttps ? agents['https:'] : agents['http:'],
        method: 'POST',
        host: address,
        family: isIP(address),
        port: url.port === '' ? (isHttps ? 443 : 80) : Number(url.port),
        path: `${url.pathname}${url.search}`,
        headers: { ...parcel.headers, host: url.host, 'user-agent': USER_AGENT, 'content-length': body.length },
        maxHeaderSize: 16 * 1024,
        signal,
        ...(isHttps && isIP(host) === 0 && { servername: host }),
      })
      asked.on('error', error => {
        // A connection that was kept may have ended by now: that says nothing about the endpoint.
        if (asked.reusedSocket && !isAgain && !signal.aborted && 'code' in error && error.code === 'ECONNRESET')
          postTo(url, address, parcel, signal, true).then(resolve, reject)
        else reject(error)
      })
      asked.on('response', response => {
        const kept: Buffer[] = []
        let size = 0
        const done = (): void =>
          resolve({
            status: response.statusCode ?? 0,
            reason: response.statusMessage ?? '',
            headers: Object.fromEntries(Object.entries(response.headers).map(([name, value]) => [name, String(value)])),
            body: Buffer.concat(kept).subarray(0, MOST_KEPT).toString('utf8'),
          })
        response.on('data', (chunk: Buffer) => {
          if (size < MOST_KEPT) kept.push(chunk)
          size += chunk.length
          if (size <= MOST_READ) return
          done()
          response.destroy()
        })
        response.on('end', done)
        // The status is what counts, and that has come.
        response.on('error', done)
      })
      asked.end(body)
    })
  }

  return {
    async post(text, parcel, signal) {
      const startedAt = performance.now()
      const late = AbortSignal.timeout(timeoutMs)
      const took = (): number => Math.round(performance.now() - startedAt)
      try {
        const { status, reason, headers, body } = await post(new URL(text), parcel, AbortSignal.any([signal, late]))
        const taken = status >= 200 && status < 300
        return { taken, summary: summaryOf({ status, reason, body, taken }), ms: took(), response: { status, headers, body } }
      } catch (error) {
        const summary = late.aborted ? `no answer within ${timeoutMs / 1_000} s` : signal.aborted ? 'interrupted' : reasonOf(error)
        return { taken: false, summary, ms: took() }
      }
    },
    close() {
      for (const agent of Object.values(agents)) agent.destroy()
    },
  }
}

/** In the lab no name is looked up outside, but those that the owner put on the list. */
async function addressesOf(host: string, { isLab, allowed }: Reach): Promise<string[]> {
  if (isIP(host) !== 0) return [host]
  if (/(^|\.)localhost$/i.test(host)) return ['127.0.0.1', '::1']
  if (isLab && !isListedHost(host, allowed)) return []
  return (await lookup(host, { all: true })).map(({ address }) => address)
}

function refusal(host: string, addresses: readonly string[], { isLab }: Reach): string {
  const target = addresses.length === 0 || addresses[0] === host ? host : `${host} (${addresses.join(', ')})`
  return `events are not sent to ${target}: ${isLab ? 'the lab reaches loopback only' : 'not a public address'}, and the setting webhooks does not name it`
}

const isNoConnection = (code: string): boolean => ['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'EADDRNOTAVAIL'].includes(code)

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'the connection was cut',
  ENOTFOUND: 'the host name does not exist',
  EAI_AGAIN: 'the host name could not be looked up',
}

const reasonOf = (error: unknown): string => REASONS[codeOf(error) ?? ''] ?? messageOf(error)

function summaryOf({ status, reason, body, taken }: { status: number; reason: string; body: string; taken: boolean }): string {
  const line = `${status} ${reason}`.trim()
  if (taken) return line
  if (status >= 300 && status < 400) return `${line}: redirects are not followed`
  const [said = ''] = body.trim().split(/\r?\n/)
  return said === '' ? line : `${line}: ${said.slice(0, 200)}`
}
