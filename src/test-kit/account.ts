/** A sending account inside the process of a test: a home of its own in the folder for temporary files, the lab over memory instead of TCP. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { PRODUCTION } from '../account/account.ts'
import { parseDuration } from '../base/duration.ts'
import { silent } from '../base/log.ts'
import { loadConfig } from '../config.ts'
import { type Mailbox, parseMailbox, parseMailboxList } from '../mail/address.ts'
import { composeMessage, recipientsOf } from '../mail/compose.ts'
import type { Draft, DraftPart } from '../mail/draft.ts'
import { splitMessage } from '../mail/split.ts'
import { createAccount, type OpenedApp, openApp } from '../open-app.ts'
import { advanceClock } from '../operations/advance-clock.ts'
import { type Submission, submitMessage } from '../operations/submit-message.ts'
import { finishEmailVerification, startEmailVerification } from '../operations/verify-email.ts'
import { verifyDomain } from '../operations/verify-identity.ts'
import { memorySockets, type Sockets } from '../wire/sockets.ts'
import { openInbox } from './inbox.ts'
import { MemoryAgent } from './memory-agent.ts'
import { runIn } from './run-command.ts'
import type { EventMatch, MailAccount, MailAccountOptions, MailEvent, MailTransport, OutgoingMail, SentMail } from './types.ts'

const START = new Date('2026-01-01T00:00:00Z')
/** Tokens that a clock which stands still never gives back: more than any test sends. */
const RATE = 1_000_000
/** After which as many are there. */
const FULL_MS = 1_000
const REGION = 'us-east-1'
const NEVER = new AbortController().signal

/** @throws Error when an option is wrong, or there is no room for its files */
export async function openMailAccount({
  verified = ['example.com'],
  access = 'production',
  startAt = START,
  seed = 1,
}: MailAccountOptions = {}): Promise<MailAccount> {
  const home = await mkdtemp(join(tmpdir(), 'mailctl-test-'))
  const sockets = memorySockets()
  let opened: OpenedApp | undefined
  let closing: Promise<void> | undefined
  /** Whatever lets time pass does so alone: two at once would each take the other's work for somebody else's. */
  let turn: Promise<unknown> = Promise.resolve()
  const close = (): Promise<void> => {
    closing ??= end()
    return closing
  }
  async function end(): Promise<void> {
    await turn
    await closeDoor?.()
    await opened?.close()
    await rm(home, { recursive: true, force: true })
  }
  let closeDoor: (() => Promise<void>) | undefined
  try {
    const config = loadConfig({ home }, {})
    await createAccount(config, { region: REGION, clock: 'virtual', startAt: startAt.getTime() - FULL_MS, seed })
    const app = await openApp(config, { log: silent, sockets })
    opened = app
    if (access === 'production') await app.store.changeAccount({ productionAccess: true, ...PRODUCTION, maxSendRate: RATE })
    await app.clock.waitUntil(startAt.getTime())
    const verify = (identity: string): Promise<void> => verifyIdentity(app, identity)
    for (const identity of verified) await verify(identity)
    const pass = async (byMs: number): Promise<void> => {
      const passed = turn.then(() => advanceClock(app, { byMs, signal: NEVER }))
      turn = passed.catch(() => {})
      await passed
    }
    const settle = (): Promise<void> => pass(0)
    const door = await openDoor(app, sockets)
    closeDoor = door.close
    return {
      inbox: openInbox(app.lab, settle),
      clock: {
        now: () => new Date(app.clock.now()),
        advance: async by => await pass(typeof by === 'number' ? by : parseDuration(by)),
      },
      transport: transportOf(app),
      ses: {
        endpoint: 'http://localhost',
        region: REGION,
        credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
        requestHandler: { httpAgent: door.agent },
      },
      send: mail => send(app, mail),
      settle,
      async events(match) {
        await settle()
        return await eventsOf(app, match)
      },
      verify,
      run: (...argv) => runIn(app, home, argv),
      close,
      [Symbol.asyncDispose]: close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

async function verifyIdentity(app: OpenedApp, identity: string): Promise<void> {
  if (!identity.includes('@')) {
    // Short keys are made in a few milliseconds; nothing here is to be kept secret.
    await verifyDomain(app, { domain: identity, dkim: { kind: 'txt', keyLength: 'RSA_1024_BIT' }, resolver: undefined })
    return
  }
  const { identity: made, messageId } = await startEmailVerification(app, identity)
  if (messageId === null) return
  const text = (await app.store.content(messageId))?.body
  const chunks: Buffer[] = []
  if (text) for await (const chunk of text.open()) chunks.push(chunk)
  const [, token = ''] = /--token (\S+)/.exec(Buffer.concat(chunks).toString('utf8').replace(/=\r\n/g, '')) ?? []
  await finishEmailVerification(app, { address: made.name, token })
}

async function openDoor(app: OpenedApp, sockets: Sockets): Promise<{ readonly agent: MemoryAgent; readonly close: () => Promise<void> }> {
  const { openHttpDoors } = await import('../http/doors.ts')
  const doors = await openHttpDoors(app, {
    http: { host: '127.0.0.1', port: 0 },
    auth: 'none',
    delivery: { holdMs: undefined, deliver: () => {} },
    sockets,
    version: '0.0.0',
    warn: () => {},
  })
  const agent = new MemoryAgent(sockets, doors.http?.port ?? 0)
  return {
    agent,
    async close() {
      agent.destroy()
      await doors.close(0)
    },
  }
}

const list = (value: string | readonly string[] = []): Mailbox[] => [value].flat().flatMap(parseMailboxList)

async function send(app: OpenedApp, mail: OutgoingMail): Promise<SentMail> {
  const draft: Draft = {
    from: parseMailbox(mail.from),
    to: list(mail.to),
    cc: list(mail.cc),
    bcc: list(mail.bcc),
    replyTo: list(mail.replyTo),
    returnPath: null,
    subject: mail.subject ?? '',
    text: mail.text ?? null,
    html: mail.html ?? null,
    attachments: (mail.attachments ?? []).map(partOf),
    inline: [],
    calendar: null,
    headers: Object.entries(mail.headers ?? {}),
    listUnsubscribe: null,
    date: null,
    messageId: null,
    boundarySeed: app.ids.newMessageId(),
  }
  const tags = Object.fromEntries(Object.entries(mail.tags ?? {}).map(([name, value]) => [name, [value]]))
  return await submit(app, {
    content: await composeMessage(draft),
    recipients: recipientsOf(draft),
    tags,
    configurationSet: mail.configurationSet ?? null,
    operation: 'SendEmail',
  })
}

function partOf({ name, content, type }: NonNullable<OutgoingMail['attachments']>[number]): DraftPart {
  const octets = Buffer.from(content)
  return { name, content: { length: octets.length, open: () => Readable.from([octets]) }, ...(type !== undefined && { type }) }
}

type Asked = Pick<Submission, 'content' | 'recipients' | 'tags' | 'configurationSet' | 'operation' | 'returnPath'>

async function submit(app: OpenedApp, asked: Asked): Promise<SentMail> {
  const { messageId } = await submitMessage(app, { ...asked, signer: 'own', rateWaitMs: 0, signal: NEVER })
  return { messageId }
}

/** nodemailer has written the message and knows its envelope. */
function transportOf(app: OpenedApp): MailTransport {
  return {
    name: 'mailctl',
    version: '0.0.0',
    send(mail, callback) {
      const { message } = mail
      const envelope: { readonly from: string | false; readonly to: readonly string[] } = message.getEnvelope()
      const sent = async (): Promise<unknown> => {
        const { messageId } = await submit(app, {
          content: await splitMessage(message.createReadStream()),
          recipients: envelope.to,
          ...(envelope.from !== false && { returnPath: envelope.from }),
          tags: {},
          configurationSet: null,
          operation: 'SendRawEmail',
        })
        return { envelope, messageId, response: `Ok ${messageId}`, accepted: envelope.to, rejected: [], pending: [] }
      }
      sent().then(
        info => callback(null, info),
        (error: Error) => callback(error),
      )
    },
    async verify(callback) {
      callback?.(null, true)
      return true
    },
  }
}

async function eventsOf({ store }: OpenedApp, match: EventMatch = {}): Promise<MailEvent[]> {
  const events = await store.events(match)
  return events.map(({ type, messageId, at, recipients, event }) => ({
    type,
    messageId,
    at: new Date(at),
    recipients,
    event: { ...event },
  }))
}
