/** The server cases of `robustness.json`: octets at a receiver of the lab, and at the submission door. */
import { readFileSync } from 'node:fs'
import { afterEach, describe, expect, onTestFinished, test } from 'vitest'
import { openSmtpDoors } from '../../../src/smtpd/doors.ts'
import { Worker } from '../../../src/worker/worker.ts'
import { addVerifiedDomain, openEngine } from '../../support/engine.ts'
import { closeBoxes, openBox } from '../../support/lab-box.ts'
import { RawSmtp } from '../../support/raw-smtp.ts'
import { readAll } from '../../support/smtp-sink.ts'
import { closeDoors, openSubmissionDoor } from '../../support/submission-door.ts'

interface Step {
  readonly send?: string
  readonly expect?: string
  readonly expect_or_close?: string
  readonly expect_or_timeout?: string
  readonly expect_any?: true
  readonly not_contains?: string
  readonly skip_unless_ehlo?: string
  readonly starttls_if?: string
  readonly before_banner?: true
  readonly reconnect?: true
  readonly close?: true
  readonly drain?: true
}

interface Case {
  readonly id: string
  readonly title: string
  readonly script: readonly Step[]
  readonly outcome: {
    readonly messages?: number
    readonly max_messages?: number
    readonly body?: string
    readonly no_message_with_header?: { readonly Subject: string }
    readonly encoding?: 'utf-8'
    /** At a port where nobody is trusted. */
    readonly port?: 'submission'
  }
}

const { server_cases: cases }: { readonly server_cases: readonly Case[] } = JSON.parse(
  readFileSync(new URL('robustness.json', import.meta.url), 'utf8'),
)

/** Somebody to talk to, and what was accepted so far. */
interface Target {
  readonly address: string
  readonly port: number
  messages(): Promise<readonly string[]>
}

async function labReceiver(): Promise<Target> {
  const { lab } = openBox()
  return {
    ...(await lab.door('mx.everybody.test', '127.0.0.1')),
    async messages() {
      const listed = await lab.inbox.list({})
      return Promise.all(listed.map(async ({ id }) => (await readAll(await lab.inbox.open(id))).toString('latin1')))
    },
  }
}

async function submissionDoor({ port }: Case['outcome']): Promise<Target> {
  const door = await openSubmissionDoor(port === 'submission' ? { trust: '' } : {})
  return { address: door.address, port: door.port, messages: async () => door.submitted.map(({ raw }) => raw) }
}

const TARGETS = [
  { name: 'a receiver of the lab', open: labReceiver, skipped: new Map([['auth-bad-base64', 'receivers offer no AUTH']]) },
  { name: 'the submission door', open: submissionDoor, skipped: new Map<string, string>() },
] as const

afterEach(async () => {
  await closeBoxes()
  await closeDoors()
})

/** @returns how many replies were checked */
async function play(script: readonly Step[], connect: () => Promise<RawSmtp>, encoding: BufferEncoding): Promise<number> {
  let client: RawSmtp | undefined
  let extensions: readonly string[] = []
  let last = ''
  let checked = 0
  for (const step of script) {
    client ??= await connect()
    if (step.skip_unless_ehlo !== undefined && !extensions.some(line => new RegExp(step.skip_unless_ehlo ?? '').test(line))) break
    if (step.send !== undefined) client.send(Buffer.from(step.send, encoding))
    const pattern = step.expect ?? step.expect_or_close ?? step.expect_or_timeout ?? (step.expect_any && '\\d\\d\\d')
    if (pattern !== undefined) {
      const reply = await client.reply()
      checked += 1
      if (reply === undefined) {
        expect(step.expect_or_close, 'only where the case allows it may the server hang up').toBeDefined()
        break
      }
      last = String(reply.code)
      expect(last).toMatch(new RegExp(`^(?:${pattern})$`))
      if (step.not_contains !== undefined) expect(reply.lines.join('\n')).not.toContain(step.not_contains)
      if (reply.lines.length > 1) extensions = reply.lines
    }
    if (step.starttls_if === last) await client.starttls()
    if (step.drain) await client.rest()
    if (step.close || step.reconnect) {
      client.close()
      client = undefined
    }
  }
  client?.close()
  return checked
}

test('robustness.json is all there', () => expect(cases.length).toBe(39))

describe.each(TARGETS)('$name', ({ open, skipped }) => {
  test('leaves out only cases that exist', () => {
    const ids = cases.map(({ id }) => id)
    for (const id of skipped.keys()) expect(ids).toContain(id)
  })

  test.each(cases.filter(({ id }) => !skipped.has(id)))('$id: $title', async ({ script, outcome }) => {
    const target = await open(outcome)
    expect(await run(target, script, outcome)).toBeGreaterThan(0)
    check(await target.messages(), outcome)
  })
})

async function run(target: Target, script: Case['script'], { encoding }: Case['outcome']): Promise<number> {
  const early = script[0]?.before_banner === true ? script[0].send : undefined
  return await play(early === undefined ? script : script.slice(1), () => RawSmtp.open(target, early), encoding ?? 'latin1')
}

function check(messages: readonly string[], outcome: Case['outcome']): void {
  if (outcome.messages !== undefined) expect(messages).toHaveLength(outcome.messages)
  if (outcome.max_messages !== undefined) expect(messages.length).toBeLessThanOrEqual(outcome.max_messages)
  const subject = outcome.no_message_with_header?.Subject
  for (const text of messages) {
    const [header = '', body = ''] = text.split(/\r\n\r\n(.*)/s)
    if (subject !== undefined) expect(header).not.toContain(`Subject: ${subject}`)
    expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/)
    if (outcome.body !== undefined) expect(body).toBe(outcome.body)
  }
}

test('a production account with client.example verified, which delivers to receivers of the lab', { timeout: 120_000 }, async () => {
  const { app } = await openEngine({ clock: 'system' })
  await addVerifiedDomain(app, 'client.example')
  const worker = new Worker(app, () => {})
  worker.start()
  const at = { host: '127.0.0.1', port: 0 }
  const tls = await app.certificates.own()
  const trusting = await openSmtpDoors(app, { smtp: at, smtps: undefined, trust: '127.0.0.1/32', tls, worker, warn: () => {} })
  const strict = await openSmtpDoors(app, { smtp: at, smtps: undefined, tls, worker, warn: () => {} })
  onTestFinished(async () => {
    await Promise.all([trusting.close(0), strict.close(0)])
    await worker.stop(1_000)
  })
  const failed: string[] = []
  let seen = 0
  for (const { id, script, outcome } of cases) {
    const { smtp } = outcome.port === 'submission' ? strict : trusting
    if (smtp === undefined) throw new Error('the door is closed')
    const after = seen
    const messages = async (): Promise<readonly string[]> => {
      const sent = await app.store.events({ type: 'Send', after })
      seen = Math.max(after, ...sent.map(event => event.id))
      const expected = sent.flatMap(({ recipients }) => recipients).length
      await expect.poll(async () => (await app.lab.inbox.list({})).length, { timeout: 20_000 }).toBe(expected)
      const listed = await app.lab.inbox.list({})
      return await Promise.all(listed.map(async ({ id: of }) => (await readAll(await app.lab.inbox.open(of))).toString('latin1')))
    }
    try {
      expect(await run({ ...smtp, messages }, script, outcome)).toBeGreaterThan(0)
      check(await messages(), outcome)
    } catch (error) {
      failed.push(`${id}: ${error}`)
    }
    await app.lab.inbox.clear()
  }
  expect(failed).toEqual([])
})
