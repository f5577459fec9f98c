/** Mail that comes of a template: what cannot be filled is accepted and ends with Rendering Failure; a bulk call answers entry by entry. */
import { expect, test } from 'vitest'
import type { TemplateContent } from '../../src/account/template.ts'
import { parseMailbox } from '../../src/mail/address.ts'
import { composeTemplated } from '../../src/operations/compose-templated.ts'
import { deliverDue } from '../../src/operations/deliver-due.ts'
import { type BulkRequest, sendBulkEmail } from '../../src/operations/send-bulk-email.ts'
import { submitMessage } from '../../src/operations/submit-message.ts'
import { createTemplate } from '../../src/operations/templates.ts'
import { type Engine, openEngine } from '../support/engine.ts'

const signal = new AbortController().signal
const content: TemplateContent = { subject: 'Hello {{name}}', text: 'You live in {{city}}', html: null }

async function sendTemplated({ app }: Engine, data: Record<string, unknown>, to = ['ann@gmail.com']) {
  const composed = await composeTemplated(app, {
    from: parseMailbox('orders@shop.example'),
    to: to.map(parseMailbox),
    cc: [],
    bcc: [],
    replyTo: [],
    returnPath: null,
    headers: [],
    attachments: [],
    template: { name: 'greeting', content },
    data,
  })
  const common = { tags: {}, configurationSet: null, operation: 'SendTemplatedEmail', signer: 'own', rateWaitMs: 60_000, signal } as const
  return await submitMessage(app, { ...composed, ...common, holdMs: 60_000 })
}

const bulk = (entries: BulkRequest['entries'], fields: Partial<BulkRequest> = {}): BulkRequest => ({
  from: 'Shop <orders@shop.example>',
  template: 'greeting',
  configurationSet: null,
  entries,
  signal,
  ...fields,
})
/** The bucket of tokens fills. */
const aSecondLater = ({ app }: Engine): Promise<unknown> => Promise.resolve(app.clock.waitUntil(app.clock.now() + 1_000, signal))
const inbox = async ({ app }: Engine) => {
  while ((await deliverDue(app, { signal })).settled > 0);
  return (await app.lab.inbox.list({})).map(({ subject, envelopeTo }) => `${envelopeTo.join()}: ${subject}`).sort()
}

test('a message that can be filled is sent; one that lacks a value is accepted, counted, and ends with Rendering Failure', async () => {
  const engine = await openEngine()
  const { store, clock } = engine.app
  const sent = await sendTemplated(engine, { name: 'Ann', city: 'Rome' })
  expect(sent.held).toHaveLength(1)
  const failed = await sendTemplated(engine, { name: 'Ann' }, ['ann@gmail.com', 'bob@gmail.com'])
  expect(failed.held).toEqual([])
  const message = await store.message(failed.messageId)
  expect(message?.recipients.map(({ state, outcome }) => [state, outcome?.reply])).toEqual(
    Array(2).fill(['rejected', "554 5.6.0 Not sent: Attribute 'city' is not present in the rendering data."]),
  )
  const events = await store.events({ messageId: failed.messageId })
  expect(events.map(({ type, recipients }) => [type, recipients])).toEqual([
    ['Send', ['ann@gmail.com', 'bob@gmail.com']],
    ['Rendering Failure', ['ann@gmail.com', 'bob@gmail.com']],
  ])
  expect(events[1]?.event).toMatchObject({
    eventType: 'Rendering Failure',
    failure: { templateName: 'greeting', errorMessage: "Attribute 'city' is not present in the rendering data." },
  })
  expect(events[1]?.event.mail).not.toHaveProperty('commonHeaders')
  // It used quota as any other, keeps no content, and nothing of it is due.
  expect((await store.usage(clock.now())).sentLast24Hours).toBe(3)
  expect(await store.content(failed.messageId)).toBeUndefined()
  await store.release()
  expect(await inbox(engine)).toEqual(['ann@gmail.com: Hello Ann'])
})

test('a rejected message is still refused where any other would be', async () => {
  const engine = await openEngine({ production: false })
  await expect(sendTemplated(engine, {}, ['stranger@gmail.com'])).rejects.toMatchObject({ code: 'not-verified' })
  expect(await engine.app.store.messages(10)).toEqual([])
})

test('data never becomes a field of the header', async () => {
  const engine = await openEngine()
  await sendTemplated(engine, { name: 'Ann\r\nBcc: eve@evil.test', city: 'Rome' })
  await engine.app.store.release()
  expect(await inbox(engine)).toEqual(['ann@gmail.com: Hello Ann Bcc: eve@evil.test'])
})

test('bulk: a message an entry, replacements over defaults, each with its own result', async () => {
  const engine = await openEngine()
  await createTemplate(engine.app, { name: 'greeting', content })
  await aSecondLater(engine)
  const results = await sendBulkEmail(
    engine.app,
    bulk(
      [
        { to: ['ann@gmail.com'], replacementData: '{"name":"Ann"}', tags: { flow: ['a'] } },
        { to: ['bob@gmail.com'], headers: [['X-Lane', 'own']] },
        { to: ['cyd@gmail.com'], replacementData: '{"name":' },
        { to: [] },
        { to: ['dan@gmail.com'], replacementData: '{"city":"Oslo"}' },
      ],
      { defaultData: '{"name":"you","city":"Rome"}', defaultTags: { flow: ['d'], run: ['1'] }, headers: [['X-Lane', 'all']] },
    ),
  )
  expect(results.map(({ status }) => status)).toEqual(['SUCCESS', 'SUCCESS', 'INVALID_PARAMETER', 'INVALID_PARAMETER', 'SUCCESS'])
  expect(results[2]?.error).toBe('ReplacementTemplateData is not JSON')
  expect(results[2]?.messageId).toBeUndefined()
  const facts = async (index: number) => (await engine.app.store.message(results[index]?.messageId ?? ''))?.facts
  expect((await facts(0))?.tags).toMatchObject({ flow: ['a'], run: ['1'], 'ses:operation': ['SendBulkTemplatedEmail'] })
  expect((await facts(0))?.headers).toContainEqual(['X-Lane', 'all'])
  expect((await facts(1))?.headers.filter(([name]) => name === 'X-Lane')).toEqual([['X-Lane', 'own']])
  expect(await inbox(engine)).toEqual(['ann@gmail.com: Hello Ann', 'bob@gmail.com: Hello you', 'dan@gmail.com: Hello you'])
})

test('bulk: quota and rate fail the entries behind, in the words of SES', async () => {
  const engine = await openEngine()
  const { store } = engine.app
  await createTemplate(engine.app, { name: 'greeting', content })
  const request = bulk(
    ['a', 'b', 'c'].map(name => ({ to: [`${name}@gmail.com`] })),
    { defaultData: '{"name":"you","city":"Rome"}' },
  )
  await store.changeAccount({ max24HourSend: 2, maxSendRate: 1_000 })
  await aSecondLater(engine)
  expect((await sendBulkEmail(engine.app, request)).map(({ status }) => status)).toEqual([
    'SUCCESS',
    'SUCCESS',
    'ACCOUNT_DAILY_QUOTA_EXCEEDED',
  ])
  await store.changeAccount({ max24HourSend: -1, maxSendRate: 0.001 })
  const throttled = await sendBulkEmail(engine.app, request)
  expect(throttled.at(-1)).toEqual({ status: 'ACCOUNT_THROTTLED', error: 'Maximum sending rate exceeded.' })
})

test.each<[string, Partial<BulkRequest>, string]>([
  ['no entries', { entries: [] }, 'bad-data'],
  ['51 entries', { entries: Array.from({ length: 51 }, () => ({ to: ['a@gmail.com'] })) }, 'bad-data'],
  ['a template that is not there', { template: 'gone' }, 'not-found'],
  ['a starter, which is not the account’s', { template: 'welcome' }, 'not-found'],
  ['a configuration set that is not there', { configurationSet: 'gone' }, 'not-found'],
  ['a sender that is not verified', { from: 'x@other.example' }, 'not-verified'],
  ['default data that is none', { defaultData: '[]' }, 'bad-data'],
])('bulk: %s fails the whole call', async (_, fields, code) => {
  const engine = await openEngine()
  await createTemplate(engine.app, { name: 'greeting', content })
  await expect(sendBulkEmail(engine.app, bulk([{ to: ['a@gmail.com'] }], fields))).rejects.toMatchObject({ code })
  expect(await engine.app.store.messages(10)).toEqual([])
})
