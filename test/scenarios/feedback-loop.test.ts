/** The whole way round: a message to the simulator, its report as mail to the return path, the events, and what they count for. */
import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { composeDsn } from '../../src/mail/dsn.ts'
import { PAYLOAD } from '../../src/mail/eicar.ts'
import { flushQueue } from '../../src/operations/flush-queue.ts'
import { reviewStanding } from '../../src/operations/reputation.ts'
import { type SimulatedOutcome, simulate } from '../../src/operations/simulate.ts'
import { waitForOutcome } from '../../src/operations/wait-for-outcome.ts'
import { type Engine, openEngine, START } from '../support/engine.ts'

const { signal } = new AbortController()
const run = (engine: Engine, outcome: SimulatedOutcome, options: { readonly reportDelayMs?: number; readonly label?: string } = {}) =>
  simulate(engine.app, { outcome, tags: {}, configurationSet: null, timeoutMs: 30_000, signal, ...options })

describe('each outcome of the simulator', () => {
  it.each<[SimulatedOutcome, string[]]>([
    ['success', ['Send', 'Delivery']],
    ['bounce', ['Send', 'Bounce']],
    ['complaint', ['Send', 'Delivery', 'Complaint']],
    ['ooto', ['Send', 'Delivery', 'Bounce']],
    ['suppressionlist', ['Send', 'Bounce']],
    ['delay', ['Send', 'DeliveryDelay']],
    ['reject', ['Send', 'Reject']],
  ])('%s leaves %j', async (outcome, types) => {
    const engine = await openEngine()
    const { events, verdict } = await run(engine, outcome)
    expect([verdict, events.map(({ type }) => type)]).toEqual(['expected', types])
  })

  it('are told in full, at the moments of SES', async () => {
    const engine = await openEngine()
    const complaint = await run(engine, 'complaint', { label: 'order-17' })
    const { at, event } = complaint.events[2] ?? {}
    expect(at).toBe(START + 2_000)
    expect(event).toMatchObject({
      complaint: {
        complaintSubType: null,
        complainedRecipients: [{ emailAddress: 'complaint+order-17@simulator.amazonses.com' }],
        userAgent: 'Amazon SES Mailbox Simulator',
        complaintFeedbackType: 'abuse',
      },
    })
    const ooto = await run(engine, 'ooto', { reportDelayMs: 0 })
    expect(ooto.events[2]?.at).toBe(START + 2_000)
    expect(ooto.events[2]?.event).toMatchObject({
      bounce: { bounceType: 'Transient', bounceSubType: 'General', bouncedRecipients: [{ emailAddress: 'ooto@simulator.amazonses.com' }] },
    })
    const reject = await run(engine, 'reject')
    expect(reject.events[1]?.event).toMatchObject({ reject: { reason: 'Bad content' } })
  })

  it('count as SES counts them: all in bills, none in the quota but what is rejected, none in the rates, none on a list', async () => {
    const engine = await openEngine()
    const { store, clock } = engine.app
    for (const outcome of ['success', 'bounce', 'complaint', 'ooto', 'suppressionlist'] as const) await run(engine, outcome)
    expect((await store.usage(clock.now())).sentLast24Hours).toBe(0)
    await run(engine, 'reject')
    expect((await store.usage(clock.now())).sentLast24Hours).toBe(1)
    expect(await store.suppressedCount()).toBe(0)
    expect(await store.eventCounts(0)).toEqual({ Bounce: 3, Complaint: 1, Delivery: 3, Reject: 1, Send: 6 })
    await reviewStanding(engine.app)
    expect(await store.proofs()).toEqual({ bounceProvedAt: expect.any(Number), complaintProvedAt: expect.any(Number) })
  })

  it('mail the report on to the sender, and nothing comes back for that', async () => {
    const engine = await openEngine()
    for (const outcome of ['bounce', 'complaint', 'ooto'] as const) await run(engine, outcome)
    const got = (await engine.app.lab.inbox.list({ to: 'simulator@shop.example' })).map(({ envelopeFrom, subject }) => [
      envelopeFrom,
      subject,
    ])
    expect(got.reverse()).toEqual([
      ['', 'Delivery Status Notification (Failure)'],
      ['', 'FW: Simulated complaint'],
      ['', 'Out of office: Simulated ooto'],
    ])
    expect(await engine.app.lab.reports.nextDueAt()).toBeUndefined()
  })

  it('comes back by a flush of the queue too, where nothing serves', async () => {
    const engine = await openEngine()
    const { messageId } = await engine.submit('From: a@shop.example\nTo: complaint@simulator.amazonses.com\n\nHello\n')
    const flush = () => flushQueue(engine.app, { filter: {}, signal, progress: () => {} })
    const types = async () => (await engine.app.store.events({ messageId })).map(({ type }) => type)
    await flush()
    expect(await types()).toEqual(['Send', 'Delivery'])
    const { envelopeFrom = '' } = (await engine.app.store.message(messageId)) ?? {}
    await engine.app.lab.reports.setDelay(envelopeFrom, 0)
    await flush()
    expect(await types()).toEqual(['Send', 'Delivery', 'Complaint'])
  })

  it('of one message with several recipients are told apart', async () => {
    const engine = await openEngine()
    const recipients = ['complaint+a', 'complaint+b', 'ooto', 'success'].map(name => `${name}@simulator.amazonses.com`)
    const { messageId } = await engine.submit('From: a@shop.example\nTo: x@y.test\n\nHello\n', { recipients })
    const { envelopeFrom } = await waitForOutcome(engine.app, messageId, { goal: 'final', timeoutMs: 1_000, signal })
    await engine.app.lab.reports.setDelay(envelopeFrom, 0)
    expect(await engine.app.lab.reports.sendDue()).toBe(2)
    const events = await engine.app.store.events({ messageId })
    expect(events.slice(2).map(({ type, recipients }) => [type, recipients])).toEqual([
      ['Complaint', recipients.slice(0, 2)],
      ['Bounce', recipients.slice(2, 3)],
    ])
  })
})

describe('a report that is on its way', () => {
  it('survives the process that took the message, and is sent by the next one', async () => {
    const first = await openEngine()
    const { messageId } = await first.submit('From: a@shop.example\nTo: x@y.test\n\nHello\n', {
      recipients: ['complaint@simulator.amazonses.com'],
    })
    await waitForOutcome(first.app, messageId, { goal: 'final', timeoutMs: 1_000, signal })
    await first.close()
    const { app } = await openEngine({ home: first.home })
    await app.clock.waitUntil((await app.lab.reports.nextDueAt()) ?? 0)
    expect(await app.lab.reports.sendDue()).toBe(1)
    expect((await app.store.events({ messageId })).map(({ type }) => type)).toEqual(['Send', 'Delivery', 'Complaint'])
  })

  it('comes once more where nobody heard that it was taken, and changes nothing then', async () => {
    const engine = await openEngine()
    const { messageId } = await run(engine, 'complaint')
    const path = (await engine.app.store.message(messageId))?.envelopeFrom ?? ''
    const [octets = Buffer.alloc(0)] = [await engine.app.store.reportOctets(1)]
    expect(await talk(engine, path, octets.toString('latin1'))).toContain('250 2.6.0')
    expect((await engine.app.store.reports({ messageId, limit: 9 })).map(({ verdict }) => verdict)).toEqual(['APPLIED', 'DUPLICATE'])
    expect((await engine.app.store.events({ messageId })).map(({ type }) => type)).toEqual(['Send', 'Delivery', 'Complaint'])
  })
})

describe('the inbound door', () => {
  it('takes a late bounce for a return path of ours, by way of the domain’s MX', async () => {
    const engine = await openEngine()
    const { messageId } = await engine.submit('From: a@shop.example\nTo: ann@dest.test\n\nHello\n', { recipients: ['ann@dest.test'] })
    const { envelopeFrom } = await waitForOutcome(engine.app, messageId, { goal: 'final', timeoutMs: 1_000, signal })
    const mx = await engine.app.resolver.lookup(envelopeFrom.split('@')[1] ?? '', 'MX')
    expect(mx).toMatchObject({ kind: 'found', records: [{ exchange: engine.app.settings.hostname }] })
    const { head, body } = composeDsn({
      kind: 'failed',
      from: 'MAILER-DAEMON@dest.test',
      to: envelopeFrom,
      reportingMta: 'mx.dest.test',
      headerMessageId: 'r@dest.test',
      date: START,
      arrivedAt: START,
      recipients: [
        { address: 'ann@dest.test', outcome: { action: 'failed', status: '5.1.1', reply: '550 5.1.1 no such user' }, lastAttemptAt: START },
      ],
      originalHead: Buffer.from(''),
    })
    expect(await talk(engine, envelopeFrom, `${head.toString('latin1')}${body.toString('latin1')}`)).toContain('250 2.6.0')
    expect((await engine.app.store.events({ messageId })).map(({ type }) => type)).toEqual(['Send', 'Delivery', 'Bounce'])
  })

  it('relays nothing, takes no forged path, and nothing but reports for a domain', async () => {
    const engine = await openEngine()
    const { messageId } = await run(engine, 'success')
    const forged = `${messageId.slice(0, 40)}-${'0'.repeat(12)}-000000@${engine.app.settings.hostname}`
    for (const address of ['ann@dest.test', forged, `postmaster@${engine.app.settings.hostname}`])
      expect(await talk(engine, address, '')).toContain('550 5.7.1 Relaying denied')
    expect(await talk(engine, 'any@shop.example', 'Subject: Hi\r\n\r\nHello\r\n')).toContain('550 5.7.1 Only delivery reports')
    expect(await engine.app.store.reports({ limit: 9 })).toMatchObject([{ verdict: 'FORGED', envelopeTo: forged }])
  })

  it('is reached by mail of the account itself', async () => {
    const engine = await openEngine()
    const { messageId } = await run(engine, 'success')
    const { envelopeFrom } = (await engine.app.store.message(messageId)) ?? { envelopeFrom: '' }
    const reply = await engine.submit(`From: a@shop.example\nTo: ${envelopeFrom}\nSubject: Hi\n\nHello\n`, { recipients: [envelopeFrom] })
    const sent = await waitForOutcome(engine.app, reply.messageId, { goal: 'final', timeoutMs: 1_000, signal })
    expect(sent.recipients[0]?.outcome?.reply).toContain('2.6.0 Report taken')
    expect((await engine.app.store.reports({ messageId, limit: 9 })).map(({ verdict }) => verdict)).toEqual(['UNCLEAR'])
  })
})

describe('harmful content', () => {
  const part = (encoding: string, text: string): string =>
    `From: a@shop.example\nTo: ann@dest.test\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nHello\n--b\nContent-Type: text/plain\nContent-Transfer-Encoding: ${encoding}\n\n${text}\n--b--\n`
  it.each([
    ['in the clear', `From: a@shop.example\nTo: ann@dest.test\n\n${PAYLOAD}\n`],
    ['in base64', part('base64', Buffer.from(PAYLOAD).toString('base64').replace(/.{76}/g, '$&\n'))],
  ])('%s is accepted, and goes nowhere', async (_, message) => {
    const engine = await openEngine()
    const { messageId } = await engine.submit(message, { recipients: ['ann@dest.test'] })
    const found = await waitForOutcome(engine.app, messageId, { goal: 'final', timeoutMs: 1_000, signal })
    expect(found.recipients.map(({ state }) => state)).toEqual(['rejected'])
    expect((await engine.app.store.events({ messageId })).map(({ type }) => type)).toEqual(['Send', 'Reject'])
    expect(await engine.app.lab.inbox.list({})).toEqual([])
    expect(await engine.app.store.content(messageId)).toBeUndefined()
  })
})

/** A stranger's host at the inbound door, as the lab's own name leads to it. @returns everything the door said */
async function talk({ app }: Engine, to: string, message: string): Promise<string> {
  const { address, port } = await app.lab.door(app.settings.hostname, '127.0.0.1')
  const socket = connect(port, address)
  socket.setEncoding('utf8')
  let said = ''
  const steps = ['EHLO mx.dest.test', 'MAIL FROM:<>', `RCPT TO:<${to}>`, 'DATA', `${message}.`, 'QUIT']
  for await (const chunk of socket) {
    said += chunk
    if (!/^\d{3} .*\r\n$/m.test(String(chunk))) continue
    const next = said.includes('\r\n5') ? 'QUIT' : steps.shift()
    if (next !== undefined) socket.write(`${next}\r\n`)
  }
  return said
}
