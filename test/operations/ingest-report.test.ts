/** Reports that come back by mail: what each does to the account, and what does nothing. Real SQLite, real lab. */
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { REPORT_PERIOD_MS } from '../../src/account/judge-report.ts'
import { composeDsn } from '../../src/mail/dsn.ts'
import { composeAnswer, composeComplaint } from '../../src/mail/feedback-report.ts'
import { createDestination } from '../../src/operations/event-destinations.ts'
import { ingestReport, noteForgedPath, readMail, reportAddress } from '../../src/operations/ingest-report.ts'
import { waitForOutcome } from '../../src/operations/wait-for-outcome.ts'
import { tempFolder } from '../support/account.ts'
import { type Engine, openEngine } from '../support/engine.ts'

const MAIL = `From: Shop <orders@shop.example>
To: ann@dest.test
Subject: Your order

Thank you
`
const ORIGINAL = Buffer.from('Subject: Your order\r\n\r\n')
const signal = new AbortController().signal

interface Sent {
  readonly engine: Engine
  readonly id: string
  /** Its return path. */
  readonly path: string
}

/** Accepted and, unless told otherwise, delivered. */
async function sent(
  recipients = ['ann@dest.test'],
  options: Parameters<Engine['submit']>[1] & { readonly stays?: true } = {},
): Promise<Sent> {
  const engine = await openEngine()
  const { stays, ...submission } = options
  const { messageId: id } = await engine.submit(MAIL, { recipients, ...submission })
  if (!stays) await waitForOutcome(engine.app, id, { goal: 'final', timeoutMs: 1_000, signal })
  const message = await engine.app.store.message(id)
  return { engine, id, path: message?.envelopeFrom ?? '' }
}

const whole = ({ head, body }: { readonly head: Buffer; readonly body: Buffer }): Buffer => Buffer.concat([head, body])

const dsn = (path: string, address: string, status: `5.${number}.${number}` = '5.1.1', reply = '550 5.1.1 no such user'): Buffer =>
  whole(
    composeDsn({
      kind: 'failed',
      from: 'MAILER-DAEMON@mx.dest.test',
      to: path,
      reportingMta: 'mx.dest.test',
      headerMessageId: 'report@mx.dest.test',
      date: 0,
      arrivedAt: 0,
      recipients: [{ address, outcome: { action: 'failed', status, reply }, lastAttemptAt: 0 }],
      originalHead: ORIGINAL,
    }),
  )

const complaint = (path: string, address: string, feedbackType = 'abuse'): Buffer =>
  whole(
    composeComplaint({
      from: 'fbl@dest.test',
      to: path,
      headerMessageId: 'complaint@dest.test',
      date: 0,
      feedbackType,
      userAgent: 'Dest FBL/1.0',
      originalMailFrom: path,
      recipients: [address],
      arrivedAt: Date.parse('2026-01-01T00:00:01Z'),
      originalSubject: 'Your order',
      originalHead: ORIGINAL,
    }),
  )

const answer = (from: string): Buffer =>
  whole(
    composeAnswer({
      from,
      to: 'orders@shop.example',
      headerMessageId: 'answer@dest.test',
      date: 0,
      originalSubject: 'Your order',
      originalMessageId: '',
      text: 'Back on Monday',
    }),
  )

const arrive = ({ engine, path }: Sent, octets: Buffer, envelopeTo = path) =>
  ingestReport(engine.app, { envelopeFrom: '', envelopeTo, peer: '127.0.0.1', sizeBytes: octets.length, octets }, readMail(octets))

const types = async ({ engine, id }: Sent): Promise<string[]> => (await engine.app.store.events({ messageId: id })).map(({ type }) => type)
const last = async ({ engine, id }: Sent) => (await engine.app.store.events({ messageId: id })).at(-1)?.event

describe('a delivery report', () => {
  it('for a recipient that had been delivered is a late bounce, and suppresses the address', async () => {
    const mail = await sent()
    expect((await arrive(mail, dsn(mail.path, 'Ann@Dest.test')))?.verdict).toBe('APPLIED')
    expect(await types(mail)).toEqual(['Send', 'Delivery', 'Bounce'])
    expect(await last(mail)).toMatchObject({
      bounce: {
        bounceType: 'Permanent',
        bounceSubType: 'NoEmail',
        bouncedRecipients: [
          { emailAddress: 'ann@dest.test', action: 'failed', status: '5.1.1', diagnosticCode: 'smtp; 550 5.1.1 no such user' },
        ],
        reportingMTA: 'dns; mx.dest.test',
      },
    })
    expect(await mail.engine.app.store.suppressedAddress('ann@dest.test')).toMatchObject({ reason: 'BOUNCE', messageId: mail.id })
  })

  it('is passed on to the sender, from nobody, and not when event destinations tell instead', async () => {
    const { engine, ...mail } = await sent()
    await arrive({ engine, ...mail }, dsn(mail.path, 'ann@dest.test'))
    const [kept] = await engine.app.store.reports({ messageId: mail.id, limit: 10 })
    const [passedOn = ''] = kept?.passedOn ?? []
    expect(await engine.app.store.message(passedOn)).toMatchObject({
      kind: 'report',
      envelopeFrom: '',
      returnPath: '',
      recipients: [{ address: 'orders@shop.example', state: 'queued' }],
    })
    const other = await sent()
    const identity = await other.engine.app.store.identity('shop.example')
    if (identity) await other.engine.app.store.saveIdentity({ ...identity, feedbackForwarding: false }, identity)
    await createDestination(other.engine.app, {
      owner: { kind: 'identity', name: 'shop.example' },
      name: 'told',
      enabled: true,
      service: { kind: 'plain' },
      place: { kind: 'file', path: join(tempFolder(), 'told') },
    })
    await arrive(other, dsn(other.path, 'ann@dest.test'))
    expect((await other.engine.app.store.reports({ messageId: other.id, limit: 10 }))[0]?.passedOn).toEqual([])
  })

  it('that is soft is a transient bounce and suppresses nobody', async () => {
    const mail = await sent()
    await arrive(mail, dsn(mail.path, 'ann@dest.test', '5.2.2', '552 5.2.2 mailbox full'))
    expect(await last(mail)).toMatchObject({ bounce: { bounceType: 'Transient', bounceSubType: 'MailboxFull' } })
    expect(await mail.engine.app.store.suppressedCount()).toBe(0)
  })

  it('counts once, however often and in whatever form it comes', async () => {
    const mail = await sent()
    await arrive(mail, dsn(mail.path, 'ann@dest.test'))
    const again = await Promise.all([arrive(mail, dsn(mail.path, 'ann@dest.test')), arrive(mail, dsn(mail.path, 'ANN@dest.test', '5.7.1'))])
    expect(again.map(judged => judged?.verdict)).toEqual(['DUPLICATE', 'DUPLICATE'])
    expect(await types(mail)).toEqual(['Send', 'Delivery', 'Bounce'])
    const kept = await mail.engine.app.store.reports({ messageId: mail.id, limit: 10 })
    expect(kept.map(({ verdict, passedOn }) => [verdict, passedOn.length])).toEqual([
      ['APPLIED', 1],
      ['DUPLICATE', 0],
      ['DUPLICATE', 0],
    ])
  })

  it('about one that bounced at once tells nothing new', async () => {
    const mail = await sent(['nobody@nouser.test'])
    expect((await arrive(mail, dsn(mail.path, 'nobody@nouser.test')))?.verdict).toBe('DUPLICATE')
    expect(await types(mail)).toEqual(['Send', 'Bounce'])
  })

  it('for a recipient of another message changes nothing, and is kept whole', async () => {
    const mail = await sent()
    const octets = dsn(mail.path, 'eve@elsewhere.test')
    expect(await arrive(mail, octets)).toMatchObject({
      verdict: 'FOREIGN',
      recipients: [{ address: 'eve@elsewhere.test', verdict: 'FOREIGN' }],
    })
    expect(await types(mail)).toEqual(['Send', 'Delivery'])
    const [kept] = await mail.engine.app.store.reports({ messageId: mail.id, limit: 10 })
    expect(kept).toMatchObject({ verdict: 'FOREIGN', kind: 'DSN', envelopeTo: mail.path })
    expect(await mail.engine.app.store.reportOctets(kept?.id ?? 0)).toEqual(octets)
  })

  it('at the return path of one message for the recipient of another is foreign', async () => {
    const mail = await sent(['ann@dest.test'])
    const { messageId } = await mail.engine.submit(MAIL, { recipients: ['bob@dest.test'] })
    const other = await mail.engine.app.store.message(messageId)
    expect((await arrive(mail, dsn('', 'ann@dest.test'), other?.envelopeFrom))?.verdict).toBe('FOREIGN')
  })

  it('settles each recipient of a message by itself', async () => {
    const mail = await sent(['ann@dest.test', 'bob@dest.test'])
    expect((await arrive(mail, dsn(mail.path, 'bob@dest.test')))?.verdict).toBe('APPLIED')
    expect((await arrive(mail, dsn(mail.path, 'ann@dest.test')))?.verdict).toBe('APPLIED')
    const bounced = (await mail.engine.app.store.events({ messageId: mail.id, type: 'Bounce' })).map(({ recipients }) => recipients)
    expect(bounced).toEqual([['bob@dest.test'], ['ann@dest.test']])
  })

  it('that comes before the recipient was handed over is asked to come again', async () => {
    const mail = await sent(['ann@dest.test'], { stays: true })
    expect((await arrive(mail, dsn(mail.path, 'ann@dest.test')))?.verdict).toBe('EARLY')
    expect(await mail.engine.app.store.reports({ messageId: mail.id, limit: 10 })).toEqual([])
    await waitForOutcome(mail.engine.app, mail.id, { goal: 'final', timeoutMs: 1_000, signal })
    expect((await arrive(mail, dsn(mail.path, 'ann@dest.test')))?.verdict).toBe('APPLIED')
  })

  it('that comes months later is late', async () => {
    const mail = await sent()
    const { clock } = mail.engine.app
    await clock.waitUntil(clock.now() + REPORT_PERIOD_MS + 1_000)
    expect((await arrive(mail, dsn(mail.path, 'ann@dest.test')))?.verdict).toBe('LATE')
    expect(await types(mail)).toEqual(['Send', 'Delivery'])
  })

  it('about mail of our own is of no account', async () => {
    const mail = await sent()
    await arrive(mail, dsn(mail.path, 'ann@dest.test'))
    const [kept] = await mail.engine.app.store.reports({ messageId: mail.id, limit: 10 })
    const path = `${kept?.passedOn[0]}@${mail.engine.app.settings.hostname}`
    expect((await arrive(mail, dsn(path, 'orders@shop.example'), path))?.verdict).toBe('FOREIGN')
  })

  it('that only tells of a delay is noted', async () => {
    const mail = await sent()
    const octets = Buffer.from(dsn(mail.path, 'ann@dest.test').toString('latin1').replace('Action: failed', 'Action: delayed'), 'latin1')
    expect((await arrive(mail, octets))?.verdict).toBe('NOTED')
    expect(await types(mail)).toEqual(['Send', 'Delivery'])
  })

  it('is one transaction: what fails in it leaves nothing behind', async () => {
    const mail = await sent()
    const { store } = mail.engine.app
    const broken = { ...mail.engine.app, ids: { ...mail.engine.app.ids, newMessageId: () => mail.id } }
    // The mail to the sender gets an id that is taken, so the last write of the commit fails.
    const octets = dsn(mail.path, 'ann@dest.test')
    const doomed = ingestReport(
      broken,
      { envelopeFrom: '', envelopeTo: mail.path, peer: '127.0.0.1', sizeBytes: octets.length, octets },
      readMail(octets),
    )
    await expect(doomed).rejects.toThrow()
    expect(await types(mail)).toEqual(['Send', 'Delivery'])
    expect([await store.suppressedCount(), await store.reports({ messageId: mail.id, limit: 10 })]).toEqual([0, []])
    expect((await arrive(mail, octets))?.verdict).toBe('APPLIED')
  })
})

describe('a complaint', () => {
  it('becomes an event in the words of its report, and suppresses the address', async () => {
    const mail = await sent()
    expect((await arrive(mail, complaint(mail.path, 'ann@dest.test')))?.verdict).toBe('APPLIED')
    expect(await last(mail)).toMatchObject({
      eventType: 'Complaint',
      complaint: {
        complaintSubType: null,
        complainedRecipients: [{ emailAddress: 'ann@dest.test' }],
        userAgent: 'Dest FBL/1.0',
        complaintFeedbackType: 'abuse',
        arrivalDate: '2026-01-01T00:00:01.000Z',
      },
    })
    expect(await mail.engine.app.store.suppressedAddress('ann@dest.test')).toMatchObject({ reason: 'COMPLAINT' })
    expect((await arrive(mail, complaint(mail.path, 'ann@dest.test')))?.verdict).toBe('DUPLICATE')
  })

  it('after a bounce is another thing that is told', async () => {
    const mail = await sent()
    await arrive(mail, dsn(mail.path, 'ann@dest.test', '5.2.2', '552 5.2.2 mailbox full'))
    await arrive(mail, complaint(mail.path, 'ann@dest.test'))
    expect(await types(mail)).toEqual(['Send', 'Delivery', 'Bounce', 'Complaint'])
  })

  it('that something was no spam suppresses nobody', async () => {
    const mail = await sent()
    await arrive(mail, complaint(mail.path, 'ann@dest.test', 'not-spam'))
    expect(await last(mail)).toMatchObject({ complaint: { complaintFeedbackType: 'not-spam' } })
    expect(await mail.engine.app.store.suppressedCount()).toBe(0)
  })

  it('whose recipient was made anonymous is of the only one there is', async () => {
    const mail = await sent()
    expect((await arrive(mail, complaint(mail.path, 'redacted@dest.test')))?.verdict).toBe('APPLIED')
    const two = await sent(['ann@dest.test', 'bob@dest.test'])
    expect((await arrive(two, complaint(two.path, 'redacted@dest.test')))?.verdict).toBe('FOREIGN')
  })

  it('that came to an address of the sender is matched by the return path in it', async () => {
    const mail = await sent()
    expect((await arrive(mail, complaint(mail.path, 'ann@dest.test'), 'fbl@shop.example'))?.verdict).toBe('APPLIED')
  })
})

describe('an automatic answer', () => {
  it('is a transient bounce of who answered, without a diagnosis', async () => {
    const mail = await sent()
    expect((await arrive(mail, answer('Ann <ann@dest.test>')))?.verdict).toBe('APPLIED')
    expect(await last(mail)).toMatchObject({
      bounce: { bounceType: 'Transient', bounceSubType: 'General', bouncedRecipients: [{ emailAddress: 'ann@dest.test' }] },
    })
    expect(await mail.engine.app.store.suppressedCount()).toBe(0)
  })

  it('of somebody else is foreign', async () => {
    const mail = await sent()
    expect((await arrive(mail, answer('eve@elsewhere.test')))?.verdict).toBe('FOREIGN')
  })
})

describe('other mail', () => {
  it('at a return path is kept as what cannot be read', async () => {
    const mail = await sent()
    expect((await arrive(mail, Buffer.from('From: a@b.test\r\nSubject: Hi\r\n\r\nHello\r\n')))?.verdict).toBe('UNCLEAR')
    expect(await types(mail)).toEqual(['Send', 'Delivery'])
  })

  it('at a verified domain is not ours to take', async () => {
    const mail = await sent()
    expect(await arrive(mail, Buffer.from('Subject: Hi\r\n\r\nHello\r\n'), 'orders@shop.example')).toBeUndefined()
    expect(await mail.engine.app.store.reports({ limit: 10 })).toEqual([])
  })

  it('is told apart by its address', async () => {
    const { engine, id, path } = await sent()
    const forged = `${id.slice(0, 17)}${id.charAt(17) === '0' ? '1' : '0'}${id.slice(18)}`
    const ask = (address: string) => reportAddress(engine.app, address)
    expect(await Promise.all([path, path.toUpperCase(), `${forged}@x.test`, 'any@shop.example', 'ann@dest.test', ''].map(ask))).toEqual([
      'return-path',
      'return-path',
      'forged',
      'domain',
      'foreign',
      'foreign',
    ])
    await noteForgedPath(engine.app, { envelopeFrom: '', envelopeTo: `${forged}@x.test`, peer: '127.0.0.1' })
    expect(await engine.app.store.reports({ limit: 10 })).toMatchObject([
      { verdict: 'FORGED', envelopeTo: `${forged}@x.test`, messageId: null },
    ])
  })
})
