/** A real account in a temporary home behind the terminal door: SQLite store and clock, an inbox that is a list, no network at all. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { createAccount, openAccount } from '../../src/adapters/sqlite/account-file.ts'
import { silent } from '../../src/base/log.ts'
import type { App } from '../../src/operations/app.ts'
import type { InboxMessage, Lab } from '../../src/ports/lab.ts'
import type { Config } from '../../src/ports/settings.ts'
import { mailctl, type Ran, type TerminalOptions } from './terminal.ts'

export interface StoredMail extends InboxMessage {
  readonly raw: string | Buffer
}

export interface Door {
  readonly home: string
  /** What the lab's receivers took; tests fill it. */
  readonly inbox: StoredMail[]
  run(argv: readonly string[], options?: TerminalOptions): Promise<Ran>
  /** Opens the account as a command does; closed when `use` ends. */
  use<T>(work: (app: App) => Promise<T>): Promise<T>
  remove(): void
}

/** A port that this test must not touch. */
const untouched = <T extends object>(name: string): T =>
  new Proxy({} as T, {
    get: () => {
      throw new Error(`the ${name} was used`)
    },
  })

const noTlsReports: App['tlsReports'] = { note: () => {}, counted: async () => [], close: async () => {} }

export function openDoor(): Door {
  const home = mkdtempSync(join(tmpdir(), 'mailctl-door-'))
  const inbox: StoredMail[] = []
  const openApp = async ({ settings }: Pick<Config, 'settings'>) => {
    const { store, clock, ids } = openAccount(home, settings.network, { region: settings.region })
    const app: App = { ...untouched<App>('app'), settings, store, clock, ids, lab: listLab(inbox), tlsReports: noTlsReports, log: silent }
    return { ...app, close: async () => await store.close() }
  }
  const settings = {
    network: 'lab',
    hostname: 'mta.mailctl.test',
    region: 'us-east-1',
    relay: [],
    retry: [60_000],
    pools: new Map(),
    shaping: new Map(),
    publicUrl: 'http://127.0.0.1:8025',
    webhooks: [],
    labScale: 1,
  } as const
  return {
    home,
    inbox,
    run: (argv, options = {}) =>
      mailctl(['--home', home, ...argv], {
        openApp,
        createAccount: async (config, { seed, ...ask }) =>
          createAccount({ home: config.home, ...ask, ...(seed !== undefined && { seed: String(seed) }) }),
        ...options,
      }),
    async use(work) {
      const app = await openApp({ settings })
      try {
        return await work(app)
      } finally {
        await app.close()
      }
    },
    remove: () => rmSync(home, { recursive: true, force: true }),
  }
}

function listLab(messages: StoredMail[]): Lab {
  return {
    ...untouched<Lab>('lab'),
    inbox: {
      async list({ to, from, subject, since, limit = 100 }) {
        return messages
          .filter(message => to === undefined || message.envelopeTo.includes(to))
          .filter(message => from === undefined || message.from.includes(from))
          .filter(message => subject === undefined || subject(message.subject))
          .filter(message => since === undefined || message.receivedAt >= since)
          .slice(0, limit)
      },
      get: async id => messages.find(message => message.id === id),
      open: async id => Readable.from([Buffer.from(messages.find(message => message.id === id)?.raw ?? '')]),
      clear: async () => messages.splice(0).length,
      forgetSenders: async () => {},
    },
  }
}

export const mail = (fields: Partial<StoredMail> = {}): StoredMail => ({
  id: 'm1',
  envelopeFrom: 'bounce@example.com',
  envelopeTo: ['ann@gmail.com'],
  subject: 'Hello',
  from: 'bob@example.com',
  headerMessageId: 'x@example.com',
  receivedAt: Date.parse('2026-01-01T12:00:00Z'),
  folder: 'inbox',
  rules: [],
  receiver: 'gmail-smtp-in.l.google.com',
  sizeBytes: 1_536,
  authentication: {
    spf: { domain: 'example.com', result: 'pass' },
    dkim: [{ domain: 'example.com', selector: 's1', result: 'pass', detail: '' }],
    dmarc: { domain: 'example.com', result: 'pass', policy: 'none' },
  },
  raw: 'Subject: Hello\r\n\r\nHi\r\n',
  ...fields,
})
