/** A box with a file of its own, and an independent client (nodemailer's) that hands mail to it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import SMTPConnection from 'nodemailer/lib/smtp-connection'
import { openDatabase } from '../../src/adapters/sqlite/driver.ts'
import { type LabOptions, type OpenLab, openLab } from '../../src/lab/lab.ts'
import { LAB_MIGRATIONS } from '../../src/lab/schema.ts'
import type { Lab } from '../../src/ports/lab.ts'

export interface Box {
  readonly lab: OpenLab & Lab
  readonly file: string
  /** Closes the box and opens it again, as the next process would. */
  reopen(): Promise<OpenLab>
}

const open: (() => Promise<void>)[] = []

/** Call in `afterEach`. */
export async function closeBoxes(): Promise<void> {
  for (const close of open.splice(0)) await close()
}

export function openBox(options: Partial<LabOptions> = {}): Box {
  const folder = mkdtempSync(join(tmpdir(), 'lab-'))
  const file = join(folder, 'lab.db')
  const start = () => {
    const database = openDatabase(file, LAB_MIGRATIONS)
    const inbound = async () => {
      throw new Error('this box is asked for no return path')
    }
    const lab = openLab({ database, now: () => Date.UTC(2026, 0, 2), hostname: 'mta.example.test', scope: 'internet', inbound, ...options })
    return { lab, stop: () => lab.close().then(() => database.close()) }
  }
  let { lab, stop } = start()
  open.push(async () => {
    await stop()
    rmSync(folder, { recursive: true })
  })
  return {
    get lab() {
      return lab
    },
    file,
    async reopen() {
      await stop()
      ;({ lab, stop } = start())
      return lab
    },
  }
}

export interface Sent {
  readonly accepted: readonly string[]
  /** Code of the final reply, or of the refusal. */
  readonly code: number | undefined
  readonly response: string
  readonly secure: boolean
}

interface Sending {
  readonly host: string
  readonly address?: string
  readonly from?: string
  readonly to: readonly string[]
  readonly message?: string | Buffer | Readable
  readonly tls?: { readonly ca?: string; readonly minVersion?: 'TLSv1'; readonly ciphers?: string; readonly servername?: string }
  readonly ignoreTLS?: true
}

/** One message over one session. Refusals are values; what breaks the session is thrown. */
export async function sendTo(
  lab: OpenLab,
  { host, address = '127.0.0.1', from = 'ann@sender.test', to, message, tls, ignoreTLS }: Sending,
): Promise<Sent> {
  const door = await lab.door(host, address)
  const client = new SMTPConnection({
    host: door.address,
    port: door.port,
    name: 'mta.example.test',
    tls: { rejectUnauthorized: tls?.ca !== undefined, ...tls },
    ...(ignoreTLS && { ignoreTLS }),
  })
  try {
    await new Promise<void>((resolve, reject) => {
      client.once('error', reject)
      client.connect(error => (error ? reject(error) : resolve()))
    })
    return await new Promise<Sent>((resolve, reject) => {
      client.removeAllListeners('error')
      client.on('error', reject)
      client.send({ from, to: [...to] }, message ?? 'Subject: hello\r\n\r\nHello\r\n', (error, info) => {
        const refusal = error as { readonly responseCode?: number; readonly response?: string } | null
        if (refusal && refusal.responseCode === undefined) return reject(error)
        const response = refusal?.response ?? info?.response ?? ''
        resolve({ accepted: (info?.accepted ?? []).map(String), code: Number(response.slice(0, 3)), response, secure: client.secure })
      })
    })
  } finally {
    client.close()
  }
}
