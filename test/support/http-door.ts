/** The HTTP door of a whole account, on loopback, port 0; closed when the test ends. */
import { request } from 'node:http'
import { onTestFinished } from 'vitest'
import { type HttpDoorsAsk, openHttpDoors } from '../../src/http/doors.ts'
import { type Engine, type EngineOptions, openEngine } from './engine.ts'

export interface HttpAccount extends Engine {
  readonly url: string
  readonly port: number
  /** What was said of failures that no client made. */
  readonly warnings: string[]
  /** One request, with nothing added by a client library. */
  ask(method: string, path: string, options?: AskOptions): Promise<Answered>
}

export interface AskOptions {
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Buffer
}

export interface Answered {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

export async function openHttpAccount(options: EngineOptions & { readonly auth?: HttpDoorsAsk['auth'] } = {}): Promise<HttpAccount> {
  const engine = await openEngine({ clock: 'system', ...options })
  // The requests of a test come faster than fourteen a second.
  if (options.production !== false) await engine.app.store.changeAccount({ maxSendRate: 1_000 })
  const warnings: string[] = []
  const doors = await openHttpDoors(engine.app, {
    http: { host: '127.0.0.1', port: 0 },
    https: undefined,
    auth: options.auth ?? 'none',
    delivery: { holdMs: undefined, deliver: () => {} },
    version: '0.0.0',
    warn: text => warnings.push(text),
  })
  const port = doors.http?.port ?? 0
  onTestFinished(() => doors.close(0))
  return {
    ...engine,
    url: `http://127.0.0.1:${port}`,
    port,
    warnings,
    ask: (method, path, more) => askPort(port, { method, path, ...more }),
  }
}

export function askPort(
  port: number,
  { method, path, headers = {}, body }: AskOptions & { readonly method: string; readonly path: string },
): Promise<Answered> {
  return new Promise((done, fail) => {
    const outgoing = request({ host: '127.0.0.1', port, method, path, headers, agent: false }, incoming => {
      const chunks: Buffer[] = []
      incoming.on('data', chunk => chunks.push(chunk))
      incoming.on('end', () =>
        done({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: Buffer.concat(chunks).toString('utf8') }),
      )
      incoming.on('error', fail)
    })
    outgoing.on('error', fail)
    outgoing.end(body)
  })
}
