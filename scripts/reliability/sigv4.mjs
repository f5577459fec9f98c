// Signature version 4 as a client makes it, written from AWS's description of it and none of mailctl's code.
import { createHash, createHmac } from 'node:crypto'

const hmac = (key, text) => createHmac('sha256', key).update(text).digest()
const sha256 = octets => createHash('sha256').update(octets).digest('hex')
const encode = text => encodeURIComponent(text).replace(/[!'()*]/g, found => `%${found.charCodeAt(0).toString(16).toUpperCase()}`)

/**
 * @param {{ method: string, path: string, body: Buffer, host: string, key: { id: string, secret: string }, at?: Date }} request `path` without a
 *   query, as it stands on the request line
 * @returns {[name: string, value: string][]} the header fields of a signed request
 */
export function signed({ method, path, body, host, key, at = new Date() }) {
  const time = at.toISOString().replace(/[-:]|\.\d{3}/g, '')
  const scope = `${time.slice(0, 8)}/us-east-1/ses/aws4_request`
  const canonical = [
    method,
    path.split('/').map(encode).join('/'),
    '',
    `host:${host}`,
    `x-amz-date:${time}`,
    '',
    'host;x-amz-date',
    sha256(body),
  ].join('\n')
  const toSign = ['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n')
  const signing = [time.slice(0, 8), 'us-east-1', 'ses', 'aws4_request'].reduce(hmac, `AWS4${key.secret}`)
  const signature = createHmac('sha256', signing).update(toSign).digest('hex')
  return [
    ['Host', host],
    ['X-Amz-Date', time],
    ['Authorization', `AWS4-HMAC-SHA256 Credential=${key.id}/${scope}, SignedHeaders=host;x-amz-date, Signature=${signature}`],
  ]
}
