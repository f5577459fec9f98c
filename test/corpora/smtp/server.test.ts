/** The server cases of `robustness.json`: octets at a receiver of the lab, and at the submission door. */
import { readFileSync } from 'node:fs'
import { afterEach, describe, expect, test } from 'vitest'
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

async function submissionDoor(): Promise<Target> {
  const door = await openSubmissionDoor()
  return { address: door.address, port: door.port, messages: async () => door.submitted.map(({ raw }) => raw) }
}

const TARGETS = [
  { name: 'a receiver of the lab', open: labReceiver, skipped: new Map([['auth-bad-base64', 'receivers offer no AUTH']]) },
  {
    name: 'the submission door',
    open: submissionDoor,
    skipped: new Map([
      ['auth-bad-base64', 'AUTH is not offered yet'],
      ['starttls-twice', 'TLS is not offered yet'],
    ]),
  },
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
    const target = await open()
    const early = script[0]?.before_banner === true ? script[0].send : undefined
    const steps = early === undefined ? script : script.slice(1)
    expect(await play(steps, () => RawSmtp.open(target, early), outcome.encoding ?? 'latin1')).toBeGreaterThan(0)

    const messages = await target.messages()
    if (outcome.messages !== undefined) expect(messages).toHaveLength(outcome.messages)
    if (outcome.max_messages !== undefined) expect(messages.length).toBeLessThanOrEqual(outcome.max_messages)
    const subject = outcome.no_message_with_header?.Subject
    for (const text of messages) {
      const [header = '', body = ''] = text.split(/\r\n\r\n(.*)/s)
      if (subject !== undefined) expect(header).not.toContain(`Subject: ${subject}`)
      expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/)
      if (outcome.body !== undefined) expect(body).toBe(outcome.body)
    }
  })
})
