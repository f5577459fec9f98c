/**
 * What a second process does to a home in the store's tests: `node child.mjs <job> <home> [n]`. Prints one line for each thing that it was
 * told is durable, after it was told.
 */
import { createAccount, openAccount } from '../../src/adapters/sqlite/account-file.ts'
import { chooseEngine } from '../../src/adapters/sqlite/engines.ts'
import { MailctlError } from '../../src/base/errors.ts'
import type { NewMessage, Store, StoredBody } from '../../src/ports/store.ts'
import { bodyFor } from './body-for.ts'

const [, , job = '', home = '', count = '0'] = process.argv
const say = (line: string): void => {
  process.stdout.write(`${line}\n`)
}

function messageFor(id: string, body: StoredBody, recipients: readonly string[]): NewMessage {
  const now = Date.now()
  return {
    id,
    kind: 'mail',
    acceptedAt: now,
    expiresAt: now + 3_600_000,
    envelopeFrom: 'm@mail.example.com',
    returnPath: 'ann@example.com',
    recipients,
    senders: ['ann@example.com'],
    head: Buffer.from(`Message-ID: <${id}>\r\n\r\n`),
    body,
    facts: {
      source: 'ann@example.com',
      fromAddress: 'ann@example.com',
      identity: 'example.com',
      subject: id,
      headers: [],
      headersTruncated: false,
      to: recipients,
      cc: [],
      bcc: [],
      replyTo: [],
      headerMessageId: `<${id}>`,
      callerMessageId: null,
      date: '',
      tags: {},
      configurationSet: null,
      eightBit: false,
      signedBy: [],
    },
  }
}

async function acceptOne(store: Store, id: string): Promise<void> {
  const sink = store.newBody()
  await sink.write(bodyFor(id))
  const body = await sink.finish()
  try {
    await store.accept(messageFor(id, body, ['a@example.net', 'b@example.org']), [])
  } catch (error) {
    await sink.abort()
    throw error
  }
  say(`accepted ${id}`)
}

/** Leases and settles; each message is put off once before it is delivered. */
async function deliverSome(store: Store, limit: number): Promise<number> {
  const now = Date.now()
  const leased = await store.lease({ now, leaseMs: 600_000, limit })
  await Promise.all(
    leased.map(async ({ message, recipients }) => {
      await store.settle({
        messageId: message.id,
        attempts: [],
        recipients: recipients.map(({ index, attempts }) => ({
          index,
          state: attempts === 0 ? ('deferred' as const) : ('delivered' as const),
          nextAttemptAt: attempts === 0 ? now : null,
          outcome: { action: 'delivered' as const, status: '2.0.0' as const, reply: '250 OK' },
        })),
        settledAt: now,
        events: [{ type: 'Test', at: now, messageId: message.id, recipients: recipients.map(({ address }) => address), detail: {} }],
        reports: [],
      })
      for (const { index, attempts } of recipients) if (attempts > 0) say(`delivered ${message.id} ${index}`)
    }),
  )
  return leased.length
}

const jobs: Record<string, () => Promise<void>> = {
  /** Makes the account, beside others who do the same. */
  async init() {
    const { account } = createAccount({ home, region: 'us-east-1', clock: 'system' })
    say(account.accountId)
  },
  /** Accepts and delivers until `count` messages of its own were tried; ends when nothing is left that it could deliver. */
  async hammer() {
    const { store } = openAccount(home, 'live')
    for (let i = 0; i < Number(count); i += 1) {
      await acceptOne(store, `${process.pid}-${i}`).catch(error => say(`refused ${error.code}`))
      if (i % 3 === 0) await deliverSome(store, 5)
    }
    while ((await deliverSome(store, 50)) > 0);
    await store.close()
  },
  /**
   * Sends 150 messages to 1 to 5 recipients, every third of them to the simulator too, on the account's clock, which it moves on: by less
   * than a second mostly, by a day and a little now and then. `count` is the seed.
   */
  async spend() {
    const { store, clock } = openAccount(home, 'live')
    let random = Number(count)
    const chance = (below: number): number => {
      random = (Math.imul(random, 1_103_515_245) + 12_345) >>> 0
      return (random >>> 8) % below
    }
    for (let i = 0; i < 150; i += 1) {
      const to = Array.from({ length: 1 + chance(5) }, (_, index) => `r${index}@example.net`)
      if (i % 3 === 0) to.push('success@simulator.amazonses.com')
      const body = { kind: 'inline' as const, bytes: Buffer.from('Hello\r\n') }
      const id = `${process.pid}-${i}`
      const message = { ...messageFor(id, body, to), acceptedAt: clock.now() }
      await store.accept(message, []).then(
        () => say(`accepted ${id}`),
        error => say(`refused ${error.code}`),
      )
      await clock.waitUntil(clock.now() + (chance(40) === 0 ? 86_400_000 + chance(2_000) : chance(120)))
    }
    await store.close()
  },
  /** Accepts `count` messages that follow the set `receipts`, each with an event, the events of some in a commit of their own. */
  async happen() {
    const { store } = openAccount(home, 'live')
    const all: Promise<unknown>[] = []
    for (let i = 0; i < Number(count); i += 1) {
      const id = `${process.pid}-${i}`
      const message = messageFor(id, { kind: 'inline', bytes: Buffer.from('Hello\r\n') }, ['a@example.net'])
      const event = { type: 'Send', at: message.acceptedAt, messageId: id, recipients: message.recipients, detail: {} }
      const accepting = store.accept({ ...message, facts: { ...message.facts, configurationSet: 'receipts' } }, [event])
      if (i % 3 === 0) await accepting
      all.push(accepting.then(() => say(`accepted ${id}`)))
    }
    await Promise.all(all)
    await store.close()
  },
  /** Accepts and delivers for ever. */
  async forever() {
    const { store } = openAccount(home, 'live')
    for (let i = 0; ; i += 1) {
      await Promise.all([acceptOne(store, `${process.pid}-${i}`), acceptOne(store, `${process.pid}-${i}b`), deliverSome(store, 3)])
    }
  },
  /** Spools one body of `count` octets in pieces, then accepts a small one. */
  async large() {
    const { store } = openAccount(home, 'live')
    const sink = store.newBody()
    try {
      for (let left = Number(count); left > 0; left -= 50_000) await sink.write(Buffer.alloc(Math.min(left, 50_000), 'x'))
      await sink.finish()
      say('spooled')
    } catch (error) {
      if (!(error instanceof MailctlError)) throw error
      say(`refused ${error.code} ${error.message} ${error.hint}`)
    }
    await acceptOne(store, 'after')
    await store.close()
  },
  /** Accepts small messages until the disk is full. */
  async fill() {
    const { store } = openAccount(home, 'live')
    try {
      for (let i = 0; ; i += 1) {
        const body = { kind: 'inline' as const, bytes: Buffer.alloc(4_000, 'x') }
        await store.accept(messageFor(`m${i}`, body, ['a@example.net']), [])
        say(`accepted m${i}`)
      }
    } catch (error) {
      if (!(error instanceof MailctlError)) throw error
      say(`refused ${error.code} ${error.message}`)
    }
  },
  /** Opens the account as a user who may read it and not write. */
  async stranger() {
    chooseEngine()
    process.setegid?.(65_534)
    process.seteuid?.(65_534)
    try {
      openAccount(home, 'live')
      say('opened')
    } catch (error) {
      if (!(error instanceof MailctlError)) throw error
      say(`refused ${error.code} ${error.message} ${error.hint}`)
    }
  },
}

if (home !== '') await jobs[job]?.()
