// Asks an HTTP server the same over a fixed number of connections that stay open, each request after the answer to the one before.
import { Agent, request } from 'node:http'

/**
 * @param {{ port: number, method: string, path: string, body?: string, connections: number, requests: number }} ask
 * @returns {Promise<{ perSecond: number, medianMs: number, slowestMs: number }>} `slowestMs`: 99 of 100 are faster
 * @throws Error at the first answer that is no 200
 */
export async function askOver({ port, method, path, body, connections, requests }) {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  // Neither checks it here; the emulator wants to see one.
  const authorization = 'AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/ses/aws4_request, SignedHeaders=host, Signature=x'
  const headers = {
    'content-type': 'application/json',
    authorization,
    ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }),
  }
  const times = []
  let left = requests
  const one = () =>
    new Promise((done, fail) => {
      const began = performance.now()
      const asked = request({ host: '127.0.0.1', port, method, path, headers, agent }, answer => {
        let text = ''
        answer.on('data', chunk => {
          if (text.length < 500) text += chunk
        })
        answer.on('error', fail)
        answer.on('end', () => {
          times.push(performance.now() - began)
          if (answer.statusCode === 200) done()
          else fail(new Error(`${method} ${path} was answered ${answer.statusCode}: ${text}`))
        })
      })
      asked.on('error', fail)
      asked.end(body)
    })
  const connection = async () => {
    while (left > 0) {
      left -= 1
      await one()
    }
  }
  try {
    const began = performance.now()
    await Promise.all(Array.from({ length: connections }, connection))
    const seconds = (performance.now() - began) / 1_000
    times.sort((a, b) => a - b)
    return { perSecond: requests / seconds, medianMs: times[times.length >> 1], slowestMs: times[Math.floor(times.length * 0.99)] }
  } finally {
    agent.destroy()
  }
}
