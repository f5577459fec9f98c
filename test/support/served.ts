/** `mailctl serve`, built, on a home that relays to a receiver of the test: to be killed, starved, doubled and started again. */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createTransport } from 'nodemailer'
import { onTestFinished } from 'vitest'
import type { Run } from './built.ts'
import { openShop, type Shop } from './shop.ts'
import { type Sink, type SinkOptions, startSink } from './sink.ts'

export interface RunningServe {
  readonly process: ChildProcess
  readonly ended: Promise<Run>
  /** Hands in a message from the shop's domain. @returns the reply that ended it; rejects with `responseCode` when it was refused */
  submit(subject: string, options?: { readonly size?: number }): Promise<string>
}

export interface ServedShop extends Shop {
  readonly sink: Sink
  start(): Promise<RunningServe>
  /** Subjects of what the receiver took, in order. */
  taken(): string[]
}

/** @param script of the receiver */
export async function openServedShop(script: SinkOptions['script'] = {}): Promise<ServedShop> {
  const sink = await startSink({ script })
  onTestFinished(() => sink.close())
  const shop = await openShop()
  await shop.json(['config', 'set', 'relay', `smtp://127.0.0.1:${sink.port}`])
  await shop.json(['config', 'set', 'network', 'relay'])
  return {
    ...shop,
    sink,
    start: () => startServe(shop),
    taken: () => sink.messages.map(({ raw }) => /^Subject: (.*)\r$/m.exec(raw.toString('latin1'))?.[1] ?? ''),
  }
}

async function startServe(shop: Shop): Promise<RunningServe> {
  let ended: Promise<Run> | undefined
  const child = await new Promise<ChildProcess>(started => {
    ended = shop.run(
      [
        'serve',
        '--smtp',
        '127.0.0.1:0',
        '--smtps',
        'off',
        '--mx',
        'off',
        '--smtp-trust',
        '127.0.0.1/32',
        '--http',
        'off',
        '--https',
        'off',
        '--json',
      ],
      {
        started,
      },
    )
  })
  if (!child.stdout || !ended) throw new Error('serve was not started with pipes')
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
  })
  const [line] = await Promise.race([once(child.stdout, 'data'), ended.then(({ stderr }) => Promise.reject(new Error(stderr)))])
  const [host = '', port = ''] = String(JSON.parse(String(line)).Smtp).split(':')
  return {
    process: child,
    ended,
    async submit(subject, { size = 100 } = {}) {
      const client = createTransport({ host, port: Number(port), ignoreTLS: true })
      try {
        const text = 'x'
          .repeat(76)
          .concat('\r\n')
          .repeat(Math.ceil(size / 78))
        const { response } = await client.sendMail({ from: 'orders@shop.example', to: 'ann@example.com', subject, text })
        return response
      } finally {
        client.close()
      }
    },
  }
}
