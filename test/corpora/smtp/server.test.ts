/**
 * The server cases of `robustness.json`: octets at our own SMTP listener, with a receiver of the lab behind it, which offers no AUTH.
 */
import { readFileSync } from 'node:fs'
import { afterEach, describe, expect, test } from 'vitest'
import { closeBoxes, openBox } from '../../support/lab-box.ts'
import { RawSmtp } from '../../support/raw-smtp.ts'
import { readAll } from '../../support/smtp-sink.ts'

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
/** About AUTH, which comes with the submission door. */
const NEEDS_AUTH = new Set(['auth-bad-base64'])

afterEach(closeBoxes)

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

describe('robustness.json', () => {
  test('is all there', () => expect(cases.length).toBe(39))

  test.each(cases.filter(({ id }) => !NEEDS_AUTH.has(id)))('$id: $title', async ({ script, outcome }) => {
    const { lab } = openBox()
    const door = await lab.door('mx.everybody.test', '127.0.0.1')
    const early = script[0]?.before_banner === true ? script[0].send : undefined
    const steps = early === undefined ? script : script.slice(1)
    expect(await play(steps, () => RawSmtp.open(door, early), outcome.encoding ?? 'latin1')).toBeGreaterThan(0)

    const messages = await lab.inbox.list({})
    if (outcome.messages !== undefined) expect(messages).toHaveLength(outcome.messages)
    if (outcome.max_messages !== undefined) expect(messages.length).toBeLessThanOrEqual(outcome.max_messages)
    const subject = outcome.no_message_with_header?.Subject
    if (subject !== undefined) expect(messages.map(message => message.subject)).not.toContain(subject)
    for (const { id } of messages) {
      const text = (await readAll(await lab.inbox.open(id))).toString('latin1')
      expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/)
      if (outcome.body !== undefined) expect(text.slice(text.indexOf('\r\n\r\n') + 4)).toBe(outcome.body)
    }
  })
})
