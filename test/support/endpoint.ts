/** An HTTP endpoint of the test's own on loopback that notes what is posted to it. */
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

export interface Posted {
  readonly method: string
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface Endpoint {
  readonly url: string
  readonly port: number
  readonly posted: Posted[]
  /** Connections that were opened. */
  connections(): number
}

/** @param answer what is said to a request; absent: 200 */
export async function openEndpoint(
  answer: (posted: Posted, response: ServerResponse) => unknown = (_, response) => void response.end(),
): Promise<Endpoint> {
  const posted: Posted[] = []
  let connections = 0
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text
    })
    request.on('end', () => {
      const one = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, body }
      posted.push(one)
      answer(one, response)
    })
  })
  server.on('connection', () => {
    connections += 1
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}/hooks`, port, posted, connections: () => connections }
}
