/** Ready-made records for tests: a home in a temporary folder, an identity, a message. Every field can be replaced. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Identity } from '../../src/account/identity.ts'
import type { MessageBody } from '../../src/mail/body.ts'
import { newIdentity } from '../../src/operations/create-identity.ts'
import type { NewMessage, Store, StoredBody } from '../../src/ports/store.ts'

/** 2026-01-01T00:00:00Z */
export const T0 = 1_767_225_600_000

/** A folder that is removed when the test ends. */
export function tempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mailctl-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export function identityOf(name: string, verification: Partial<Identity['verification']> = {}): Identity {
  const isAddress = name.includes('@')
  const made = newIdentity(name, isAddress ? 'EMAIL_ADDRESS' : 'DOMAIN', T0)
  return {
    ...made,
    verification: {
      status: 'SUCCESS',
      proof: 'dns',
      startedAt: T0,
      lastCheckedAt: T0,
      lastSuccessAt: T0,
      errorType: null,
      soa: null,
      ...verification,
    },
    ...(!isAddress && { dkim: { ...made.dkim, status: 'SUCCESS' } }),
  }
}

let counted = 0

/** A message from ann@example.com to bob@example.net with a body of a few octets. */
export function messageOf(fields: Partial<NewMessage> = {}): NewMessage {
  counted += 1
  return {
    id: `message-${counted}`,
    kind: 'mail',
    acceptedAt: T0,
    expiresAt: T0 + 14 * 3_600_000,
    envelopeFrom: 'message@mail.example.com',
    returnPath: 'ann@example.com',
    recipients: ['bob@example.net'],
    senders: ['ann@example.com'],
    head: Buffer.from('From: ann@example.com\r\n\r\n'),
    body: { kind: 'inline', bytes: Buffer.from('Hello\r\n') },
    facts: {
      source: 'Ann <ann@example.com>',
      fromAddress: 'ann@example.com',
      identity: 'example.com',
      subject: 'Hello',
      headers: [['From', 'ann@example.com']],
      headersTruncated: false,
      to: ['bob@example.net'],
      cc: [],
      bcc: [],
      replyTo: [],
      headerMessageId: '<1@example.com>',
      callerMessageId: null,
      date: 'Thu, 01 Jan 2026 00:00:00 +0000',
      tags: {},
      configurationSet: null,
      eightBit: false,
      signedBy: [],
    },
    ...fields,
  }
}

/** Spools the chunks. */
export async function spooled(store: Store, ...chunks: readonly Buffer[]): Promise<StoredBody> {
  const sink = store.newBody()
  for (const chunk of chunks) await sink.write(chunk)
  return sink.finish()
}

export async function bytesOf(body: MessageBody): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of body.open()) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** An account that may send what the tests send: production, no daily limit, a high rate, example.com verified. */
export async function openTheGates(store: Store): Promise<void> {
  await store.saveAccount({ ...(await store.account()), productionAccess: true, max24HourSend: -1, maxSendRate: 1e9 })
  await store.addIdentity(identityOf('example.com'))
}
