/**
 * A door on loopback for what SNS messages point at: the certificate, and the pages that confirm and end a subscription. Opened over TLS
 * with the account's own certificate, on a port of its own; it keeps no process alive.
 */
import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { MailctlError, messageOf } from '../../base/errors.ts'
import type { ServerTls } from '../../ports/certificates.ts'

export interface Page {
  readonly status: number
  readonly type: string
  readonly body: string
}

export interface SnsDoor {
  /** `https://127.0.0.1:PORT` */
  readonly url: string
  close(): Promise<void>
}

/** @throws MailctlError unreachable */
export async function openSnsDoor(tls: ServerTls, page: (url: URL) => Promise<Page>): Promise<SnsDoor> {
  const server = createServer({ ...tls, maxHeaderSize: 16 * 1024, requestTimeout: 10_000, headersTimeout: 10_000 }, (request, response) => {
    const answer = ({ status, type, body }: Page): void => {
      response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body), connection: 'close' }).end(body)
    }
    request.resume()
    const text = `https://127.0.0.1${request.url ?? '/'}`
    const isRead = request.method === 'GET' && URL.canParse(text)
    if (!isRead) return answer({ status: 405, type: 'text/plain', body: 'GET only\n' })
    page(new URL(text)).then(answer, () => answer({ status: 500, type: 'text/plain', body: 'it did not work\n' }))
  })
  server.maxConnections = 50
  server.unref()
  server.listen(0, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch (cause) {
    throw new MailctlError('unreachable', `no door for the signing certificate could be opened: ${messageOf(cause)}`, { cause })
  }
  const { port } = server.address() as AddressInfo
  return {
    url: `https://127.0.0.1:${port}`,
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
