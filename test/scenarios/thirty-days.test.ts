/**
 * The first thirty days of an account, on its virtual clock, with the real engine and the lab: out of the sandbox, up, into a wave of
 * bounces, suspended, and back. Each step is told by what the account itself says. How long it takes is the matter of `bench/story.mjs`.
 */
import { expect, test } from 'vitest'
import { EXIT_CODES } from '../../src/cli/exit-codes.ts'
import { resumeSending } from '../../src/operations/account-state.ts'
import { advanceClock } from '../../src/operations/advance-clock.ts'
import { createConfigurationSet } from '../../src/operations/configuration-sets.ts'
import { rotateKeys } from '../../src/operations/dkim.ts'
import { readStatus } from '../../src/operations/read-status.ts'
import { readReputation } from '../../src/operations/reputation.ts'
import { type ProductionRequest, requestProduction } from '../../src/operations/request-production.ts'
import { type SimulatedOutcome, simulate } from '../../src/operations/simulate.ts'
import { setSuppressedReasons, unsuppressAddress } from '../../src/operations/suppression.ts'
import { finishEmailVerification, startEmailVerification } from '../../src/operations/verify-email.ts'
import { verifyDomain } from '../../src/operations/verify-identity.ts'
import { waitForOutcome } from '../../src/operations/wait-for-outcome.ts'
import type { InboxMessage } from '../../src/ports/lab.ts'
import { type Engine, openEngine, START } from '../support/engine.ts'

const MINUTE = 60_000
const HOUR = 3_600_000
const DAY = 86_400_000
/** Recipients of one message at most. */
const FULL = 50
const signal = new AbortController().signal

/** What a command would have ended with. */
async function refusal(doing: Promise<unknown>): Promise<{ code: string; exit: number; name: string; message: string; hint: string }> {
  const error = await doing.then(
    () => undefined,
    (thrown: unknown) => thrown as { code: keyof typeof EXIT_CODES; message: string; hint: string },
  )
  if (error === undefined || !(error.code in EXIT_CODES)) throw new Error(`no refusal: ${String(error)}`)
  return { code: error.code, ...EXIT_CODES[error.code], message: error.message, hint: error.hint }
}

/** The account, its owner and the calendar. */
class Story {
  readonly engine: Engine
  readonly app: Engine['app']
  /** Recipients of mail that was accepted, the simulator's included. */
  accepted = 0
  #named = 0

  constructor(engine: Engine) {
    this.engine = engine
    this.app = engine.app
  }

  /** Lets time pass until that day of the story, counted from one. Whatever falls due on the way happens. */
  async until(day: number, atHour = 0): Promise<readonly string[]> {
    const byMs = START + (day - 1) * DAY + atHour * HOUR - this.app.clock.now()
    if (byMs < 0) throw new Error(`day ${day} has passed`)
    return await this.pass(byMs)
  }

  async pass(byMs: number): Promise<readonly string[]> {
    return (await advanceClock(this.app, { byMs, signal, progress: () => {} })).warnings
  }

  /** Waits for the account's rate where it must. */
  async submit(recipients: readonly string[], options: Parameters<Engine['submit']>[1] = {}) {
    const mail = 'From: Orders <orders@shop.example>\nSubject: News\n\nWhat is new\n'
    const done = await this.engine.submit(mail, { recipients, ...options })
    this.accepted += recipients.length
    return done
  }

  /** To so many people who have never had mail from here. */
  async mailTo(count: number, domain: string): Promise<void> {
    for (let left = count; left > 0; left -= FULL) {
      const people = Array.from({ length: Math.min(FULL, left) }, (_, index) => `p${this.#named + index}@${domain}`)
      this.#named += people.length
      await this.submit(people)
    }
  }

  /** One message to one person, until nothing more can become of it. @returns its events, with the bounce's sub-type */
  async mail(to: string, options: Parameters<Engine['submit']>[1] = {}): Promise<string[]> {
    const { messageId, reports = [] } = await this.submit([to], options)
    await waitForOutcome(this.app, messageId, { goal: 'final', timeoutMs: MINUTE, reports, signal })
    return (await this.app.store.events({ messageId })).map(({ type, event }) => {
      const { bounceSubType } = Object(event['bounce'])
      return bounceSubType === undefined ? type : `${type}/${bounceSubType}`
    })
  }

  async newest(to: string): Promise<InboxMessage> {
    const [message] = await this.app.lab.inbox.list({ to, limit: 1 })
    if (message === undefined) throw new Error(`${to} got no mail`)
    return message
  }

  async simulate(outcome: SimulatedOutcome): Promise<string> {
    const { verdict } = await simulate(this.app, { outcome, tags: {}, configurationSet: null, timeoutMs: MINUTE, signal })
    this.accepted += 1
    return verdict
  }

  /** What `status` says in short. */
  async standing() {
    const { account, sentLast24Hours, queue, next } = await readStatus(this.app)
    const waiting = queue.queued + queue.active + queue.deferred + queue.held
    return { status: account.enforcementStatus, production: account.productionAccess, sentLast24Hours, waiting, next: next.kind }
  }
}

test('thirty days of an account', { timeout: 120_000 }, async () => {
  const story = new Story(await openEngine({ production: false, domain: null }))
  const { app } = story

  // Day 1. Nobody may send yet; a domain and an address are verified.
  expect(await story.standing()).toEqual({ status: 'HEALTHY', production: false, sentLast24Hours: 0, waiting: 0, next: 'add-identity' })
  expect(await refusal(story.submit(['ann@gmail.com']))).toMatchObject({
    exit: 77,
    name: 'MessageRejected',
    message:
      'Email address is not verified. The following identities failed the check in region US-EAST-1: orders@shop.example, ann@gmail.com',
  })
  const { identity } = await verifyDomain(app, { domain: 'shop.example', resolver: undefined })
  expect(identity).toMatchObject({ verification: { status: 'SUCCESS' }, dkim: { status: 'SUCCESS', keyLength: 'RSA_2048_BIT' } })
  expect(await refusal(story.submit(['ann@gmail.com']))).toMatchObject({
    exit: 77,
    message: expect.stringMatching(/US-EAST-1: ann@gmail\.com$/),
  })
  const asked = await startEmailVerification(app, 'ann@gmail.com')
  await waitForOutcome(app, asked.messageId ?? '', { goal: 'final', timeoutMs: MINUTE, signal })
  const letter = await (await app.lab.inbox.open((await story.newest('ann@gmail.com')).id)).toArray()
  const token = /--token ([0-9a-f]+)/.exec(Buffer.concat(letter).toString())?.[1] ?? ''
  expect((await finishEmailVerification(app, { address: 'ann@gmail.com', token })).verification.status).toBe('SUCCESS')
  expect(await story.mail('ann@gmail.com')).toEqual(['Send', 'Delivery'])

  // Day 2. The sandbox: one recipient a second, two hundred in 24 hours.
  await story.until(2, 1)
  await story.mailTo(FULL, 'shop.example')
  expect(await refusal(story.submit(['ann@gmail.com'], { rateWaitMs: 0 }))).toMatchObject({
    exit: 75,
    name: 'TooManyRequestsException',
    message: 'Maximum sending rate exceeded.',
  })
  await story.mailTo(200 - FULL, 'shop.example')
  expect(await refusal(story.submit(['ann@gmail.com']))).toMatchObject({
    exit: 75,
    name: 'LimitExceededException',
    message: 'Daily message quota exceeded.',
  })
  expect(await story.standing()).toMatchObject({ sentLast24Hours: 200, next: 'leave-sandbox' })

  // Day 3. The quota is back as it was used; the handling of bounces is proved with the simulator, which costs none of it.
  await story.until(3, 2)
  expect((await story.standing()).sentLast24Hours).toBe(0)
  expect(await story.mail('ann@gmail.com')).toEqual(['Send', 'Delivery'])
  const request: ProductionRequest = {
    details: { mailType: 'TRANSACTIONAL', websiteUrl: 'https://shop.example', useCase: 'Receipts to people who bought something' },
    asked: {},
    decide: 'later',
  }
  await requestProduction(app, request)
  await story.pass(MINUTE)
  const denied = (await app.store.productionCase())?.review
  expect(denied).toMatchObject({ status: 'DENIED', by: 'checklist' })
  const missing = denied?.findings.filter(({ status }) => status === 'MISSING').map(({ check }) => check)
  expect(missing).toEqual(['BOUNCE', 'COMPLAINT'])
  for (const outcome of ['bounce', 'complaint'] as const) expect([outcome, await story.simulate(outcome)]).toEqual([outcome, 'expected'])
  expect((await story.standing()).sentLast24Hours).toBe(1)
  expect((await requestProduction(app, request)).productionCase.review.status).toBe('PENDING')
  expect(await refusal(requestProduction(app, request))).toMatchObject({ exit: 1, name: 'ConflictException' })
  await story.pass(MINUTE)
  expect((await app.store.productionCase())?.review.status).toBe('GRANTED')
  expect(await app.store.account()).toMatchObject({ productionAccess: true, max24HourSend: 50_000, maxSendRate: 14 })

  // Days 4 to 9. Strangers may be written to, and they become more every day.
  await createConfigurationSet(app, 'nightly', { suppressedReasons: [] })
  for (let day = 4; day <= 9; day += 1) {
    await story.until(day, 8)
    await story.mailTo((day - 3) * 2 * FULL, 'people.example')
    await story.until(day, 20)
    expect(await story.standing()).toEqual({
      status: 'HEALTHY',
      production: true,
      sentLast24Hours: (day - 3) * 2 * FULL,
      waiting: 0,
      next: 'see-events',
    })
  }
  expect((await readReputation(app)).rates.bounce).toMatchObject({ rate: 0, verdict: 'good' })

  // Day 10. An old list: first a few dead addresses, which leads to a review, then many, which ends it.
  await story.until(10, 8)
  await story.mailTo(1_000, 'people.example')
  await story.mailTo(60, 'nouser.test')
  await story.pass(HOUR)
  expect(await story.standing()).toMatchObject({ status: 'PROBATION', waiting: 0 })
  expect((await readReputation(app)).reason).toContain('Bounce rate 5.66 %: 60 of 1,060 recipients on 2026-01-10 (review from 5 %)')
  expect(await story.mail('ann@gmail.com')).toEqual(['Send', 'Delivery'])
  // A job that asks no list writes to one of them five times more.
  const lost = 'lost@nouser.test'
  for (let night = 0; night < 5; night += 1)
    expect(await story.mail(lost, { configurationSet: 'nightly' })).toEqual(['Send', 'Bounce/NoEmail'])
  await story.mailTo(100, 'nouser.test')
  await story.pass(HOUR)
  expect((await story.standing()).status).toBe('SHUTDOWN')

  // Suspended: nothing is taken, and the way out is named.
  expect(await refusal(story.submit(['ann@gmail.com']))).toMatchObject({
    exit: 77,
    name: 'SendingPausedException',
    message:
      'Sending suspended for this account. For more information, please check the inbox of the email address associated with your AWS account.',
    hint: expect.stringContaining('mailctl account resume'),
  })
  expect((await story.standing()).next).toBe('suspended')
  expect(await refusal(resumeSending(app, 'review'))).toMatchObject({
    exit: 77,
    message: expect.stringContaining('24 hours must have passed'),
  })
  // All who bounced are on the list, each once.
  expect(await app.store.suppressedCount()).toBe(160)

  // Day 12. Recovery: under review, counted anew, and well again after a representative volume.
  await story.until(12, 8)
  expect((await resumeSending(app, 'review')).account.enforcementStatus).toBe('PROBATION')
  await story.mailTo(500, 'people.example')
  expect(await story.mail('p5000@nouser.test')).toEqual(['Send', 'Bounce/NoEmail'])
  await story.pass(HOUR)
  expect((await story.standing()).status).toBe('PROBATION')
  await story.mailTo(500, 'people.example')
  await story.pass(HOUR)
  expect(await story.standing()).toMatchObject({ status: 'HEALTHY', next: 'see-events' })

  // Without a list of its own the account is kept from dead addresses by the global one: after five bounces for 14 days, and no longer.
  await setSuppressedReasons(app, [])
  const global = await app.store.globallySuppressedAddress(lost, app.clock.now())
  expect(global).toMatchObject({ bounces: 5 })
  expect((global?.expiresAt ?? 0) - (global?.updatedAt ?? 0)).toBe(14 * DAY)
  await story.until(23, 20)
  expect(await story.mail(lost)).toEqual(['Send', 'Bounce/Suppressed'])
  await story.until(24, 20)
  expect(await app.store.globallySuppressedAddress(lost, app.clock.now())).toBeUndefined()
  expect(await story.mail(lost)).toEqual(['Send', 'Bounce/NoEmail'])
  await setSuppressedReasons(app, ['BOUNCE', 'COMPLAINT'])
  expect(await refusal(unsuppressAddress(app, lost))).toMatchObject({ exit: 1, name: 'NotFoundException' })

  // Day 25. The keys change: what is signed before and after verifies, and the retired key's record stays.
  await story.until(25, 8)
  const [first, second] = identity.dkim.tokens
  const signature = { domain: 'shop.example', result: 'pass' }
  expect(await story.mail('ann@gmail.com')).toEqual(['Send', 'Delivery'])
  expect((await story.newest('ann@gmail.com')).authentication).toMatchObject({
    dkim: [{ ...signature, selector: first }],
    dmarc: { domain: 'shop.example', result: 'pass' },
  })
  const rotation = await rotateKeys(app, { domain: 'shop.example', resolver: undefined })
  expect(rotation).toMatchObject({ signing: second, retired: first, identity: { verification: { status: 'SUCCESS' } } })
  expect(await story.mail('ann@gmail.com')).toEqual(['Send', 'Delivery'])
  expect((await story.newest('ann@gmail.com')).authentication).toMatchObject({
    dkim: [{ ...signature, selector: second }],
    dmarc: { domain: 'shop.example', result: 'pass' },
  })
  expect((await app.resolver.lookup(`${first}._domainkey.shop.example`, 'TXT')).kind).toBe('found')

  // Day 31. Nothing was lost, nothing counted twice.
  expect(await story.until(31)).toEqual([])
  expect(await story.standing()).toEqual({ status: 'HEALTHY', production: true, sentLast24Hours: 0, waiting: 0, next: 'send' })
  const events = await app.store.events({ limit: 1_000_000 })
  const recipients = (...types: string[]): number =>
    events.reduce((sum, event) => sum + (types.includes(event.type) ? event.recipients.length : 0), 0)
  expect(recipients('Send')).toBe(story.accepted)
  expect(recipients('Delivery', 'Bounce')).toBe(story.accepted)
})
