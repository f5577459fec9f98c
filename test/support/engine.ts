/** A whole account in a temporary home, with its lab: what scenarios drive. Closed and removed when the test ends. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { PRODUCTION } from '../../src/account/account.ts'
import { planRecords } from '../../src/account/dns-plan.ts'
import type { Identity } from '../../src/account/identity.ts'
import { silent } from '../../src/base/log.ts'
import { loadConfig } from '../../src/config.ts'
import { splitMessage } from '../../src/mail/split.ts'
import { createAccount, type OpenedApp, openApp } from '../../src/open-app.ts'
import { newIdentity } from '../../src/operations/create-identity.ts'
import { type Accepted, type Submission, type SubmitApp, submitMessage } from '../../src/operations/submit-message.ts'

export interface EngineOptions {
  /** Default: a virtual clock from 2026-01-01T00:00:00Z with seed 7. */
  readonly clock?: 'system' | 'virtual'
  /** Default: true. */
  readonly production?: boolean
  /** Verified from the start; default: `shop.example`. `null`: the account is as `init` makes it. */
  readonly domain?: string | null
  /** A home to open again; it is left in place. */
  readonly home?: string
  readonly env?: Readonly<Record<string, string>>
}

export interface Engine {
  readonly app: OpenedApp
  readonly home: string
  /** Submits a raw message. @param through the account's ports, or some of them replaced */
  submit(message: string | Buffer, options?: Partial<Submission>, through?: SubmitApp): Promise<Accepted>
  close(): Promise<void>
}

export const START = Date.parse('2026-01-01T00:00:00Z')

/** Its domain is verified, with DKIM, and published in the lab. */
export async function openEngine({
  clock = 'virtual',
  production = true,
  domain = 'shop.example',
  home,
  env = {},
}: EngineOptions = {}): Promise<Engine> {
  const folder = home ?? (await mkdtemp(join(tmpdir(), 'mailctl-engine-')))
  const config = loadConfig({ home: folder }, env)
  const { created } = await createAccount(config, { region: 'us-east-1', clock, ...(clock === 'virtual' && { startAt: START, seed: 7 }) })
  const app = await openApp(config, { log: silent })
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => {
    closing ??= app.close()
    return closing
  }
  onTestFinished(async () => {
    await close()
    if (home === undefined) await rm(folder, { recursive: true, force: true })
  })
  if (created) {
    if (domain !== null) await addVerifiedDomain(app, domain)
    if (production) await app.store.saveAccount({ ...(await app.store.account()), productionAccess: true, ...PRODUCTION })
  }
  return {
    app,
    home: folder,
    close,
    async submit(message, options = {}, through = app) {
      const text = Buffer.isBuffer(message) ? message : Buffer.from(message.replace(/\r?\n/g, '\r\n'))
      return submitMessage(through, {
        content: await splitMessage([text] as unknown as AsyncIterable<Uint8Array>),
        tags: {},
        configurationSet: null,
        operation: 'SendRawEmail',
        signer: 'own',
        rateWaitMs: 60_000,
        signal: new AbortController().signal,
        ...options,
      })
    },
  }
}

export async function addVerifiedDomain(app: OpenedApp, name: string): Promise<Identity> {
  const now = app.clock.now()
  const made = [await app.keys.create('RSA_1024_BIT'), await app.keys.create('RSA_1024_BIT'), await app.keys.create('RSA_1024_BIT')]
  const tokens = made.map(({ selector }) => selector)
  const bare = newIdentity(name, 'DOMAIN', now)
  const identity: Identity = {
    ...bare,
    verification: { ...bare.verification, status: 'SUCCESS', proof: 'lab', lastCheckedAt: now, lastSuccessAt: now },
    dkim: {
      ...bare.dkim,
      status: 'SUCCESS',
      tokens,
      keyLength: 'RSA_1024_BIT',
      lastKeyGeneratedAt: now,
      signing: { token: tokens[0] ?? '', method: 'txt', keyLength: 'RSA_1024_BIT' },
    },
  }
  await app.store.addIdentity(identity)
  const records = planRecords(identity, new Map(made.map(({ selector, publicKey }) => [selector, publicKey])), app.settings)
  await (await app.publisher({ kind: 'lab' })).publish(records, { dryRun: false })
  return identity
}
