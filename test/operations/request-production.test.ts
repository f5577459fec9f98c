/** Leaving the sandbox: the checklist against a real lab, at once and by the worker. */
import { expect, test } from 'vitest'
import type { Finding } from '../../src/account/production-access.ts'
import { advanceClock } from '../../src/operations/advance-clock.ts'
import { decideProduction, requestProduction } from '../../src/operations/request-production.ts'
import { setIdentity } from '../../src/operations/set-identity.ts'
import { simulate } from '../../src/operations/simulate.ts'
import { Chores } from '../../src/worker/chores.ts'
import { messageOf } from '../support/account.ts'
import { type Engine, openEngine } from '../support/engine.ts'

const details = {
  mailType: 'TRANSACTIONAL',
  websiteUrl: 'https://shop.example',
  useCase: 'Receipts for orders; who bounces or complains gets no more',
} as const
const ask = (decide: 'approve' | 'now' | 'later', more = {}) => ({ details, asked: {}, decide, ...more })
const open = (findings: readonly Finding[]) => findings.filter(({ status }) => status !== 'PASSED').map(({ check, fix }) => [check, fix])

/** As the inbound path leaves it when the simulator complains. */
async function complain({ app }: Engine): Promise<void> {
  const recipients = ['complaint@simulator.amazonses.com']
  const at = app.clock.now()
  const message = messageOf({ recipients, senders: ['orders@shop.example'], acceptedAt: at, expiresAt: at + 1_000 })
  const complaint = { complaint: { complaintSubType: null, complaintFeedbackType: 'abuse' } }
  await app.store.accept(message, [{ type: 'Complaint', at, messageId: message.id, recipients, detail: complaint }])
}

async function prove(engine: Engine): Promise<void> {
  const { signal } = new AbortController()
  await simulate(engine.app, { outcome: 'bounce', tags: {}, configurationSet: null, timeoutMs: 60_000, signal })
  await engine.app.clock.waitUntil(engine.app.clock.now() + 5_000)
  await complain(engine)
}

test('a review grants what was asked once everything is proved, and until then names what mends it', async () => {
  const engine = await openEngine({ production: false })
  const { app } = engine
  await setIdentity(app, 'shop.example', { feedbackForwarding: 'off' })
  const denied = await requestProduction(app, ask('now', { details: { ...details, useCase: null } }))
  expect(denied.productionCase.review.status).toBe('DENIED')
  expect(open(denied.productionCase.review.findings)).toEqual([
    ['FEEDBACK', 'mailctl identity set shop.example --feedback on'],
    ['BOUNCE', 'mailctl simulate bounce'],
    ['COMPLAINT', expect.stringMatching(/--approve|^mailctl simulate complaint$/)],
    ['USE_CASE', expect.stringContaining('--use-case')],
  ])
  expect(denied.account).toMatchObject({ productionAccess: false, max24HourSend: 200 })
  await setIdentity(app, 'shop.example', { feedbackForwarding: 'on' })
  await prove(engine)
  const granted = await requestProduction(app, { details: { useCase: 'Receipts' }, asked: { maxSendRate: 3 }, decide: 'now' })
  expect(granted.productionCase).toMatchObject({
    details: { mailType: 'TRANSACTIONAL', websiteUrl: 'https://shop.example', useCase: 'Receipts' },
    review: { status: 'GRANTED', by: 'checklist', caseId: expect.stringMatching(/^\d{12}$/) },
  })
  expect(granted.productionCase.review.caseId).not.toBe(denied.productionCase.review.caseId)
  expect(granted.account).toMatchObject({ productionAccess: true, max24HourSend: 50_000, maxSendRate: 3 })
  expect(await app.store.productionCase()).toEqual(granted.productionCase)
})

test('a request that is decided later is pending until the next pass, and a second one meanwhile is a conflict', async () => {
  const engine = await openEngine({ production: false })
  const { app } = engine
  await prove(engine)
  const { productionCase, account } = await requestProduction(app, ask('later', { asked: { max24HourSend: 77 } }))
  expect(productionCase.review).toMatchObject({ status: 'PENDING', decidedAt: null, findings: [] })
  expect(account.productionAccess).toBe(false)
  for (const decide of ['later', 'now'] as const)
    await expect(requestProduction(app, ask(decide))).rejects.toMatchObject({
      code: 'conflict',
      message: `The request for production access ${productionCase.review.caseId} is still under review.`,
    })
  expect(await app.store.productionCase()).toEqual(productionCase)
  expect(await decideProduction(app)).toBe(true)
  expect((await app.store.productionCase())?.review).toMatchObject({ status: 'GRANTED', caseId: productionCase.review.caseId })
  expect(await app.store.account()).toMatchObject({ productionAccess: true, max24HourSend: 77, maxSendRate: 14 })
  expect(await decideProduction(app)).toBe(false)
})

test('its owner grants it whatever is pending or missing, and a decision that comes too late changes nothing', async () => {
  const { app } = await openEngine({ production: false })
  await requestProduction(app, ask('later'))
  const slow = { ...app, store: { ...app.store, saveProductionCase: hurried } }
  async function hurried(...args: Parameters<typeof app.store.saveProductionCase>): Promise<boolean> {
    await requestProduction(app, { details: {}, asked: {}, decide: 'approve' })
    return await app.store.saveProductionCase(...args)
  }
  expect(await decideProduction(slow)).toBe(false)
  expect((await app.store.productionCase())?.review).toMatchObject({ status: 'GRANTED', by: 'owner', findings: [] })
  expect(await app.store.account()).toMatchObject({ productionAccess: true, max24HourSend: 50_000, maxSendRate: 14 })
})

test('a review that DNS does not answer is not decided, and bad details open no case', async () => {
  const engine = await openEngine({ production: false })
  await prove(engine)
  const { app } = engine
  const deaf = {
    ...app,
    resolver: {
      ...app.resolver,
      lookupAuthoritative: async () => ({ kind: 'failure', reason: 'timeout', detail: 'no answer', server: '' }) as const,
      takeNotices: () => [],
    },
  }
  const { productionCase, account } = await requestProduction(deaf, ask('now'))
  expect(productionCase.review.status).toBe('FAILED')
  expect(open(productionCase.review.findings).map(([check]) => check)).toEqual(['SPF', 'DMARC'])
  expect(account.productionAccess).toBe(false)
  await expect(requestProduction(app, ask('now', { details: { websiteUrl: 'shop' } }))).rejects.toMatchObject({ code: 'bad-data' })
  expect(await app.store.productionCase()).toEqual(productionCase)
})

test('the clock, when it advances, and serve decide what is pending', async () => {
  const { app } = await openEngine({ production: false })
  await requestProduction(app, ask('later'))
  await advanceClock(app, { byMs: 1_000, signal: new AbortController().signal, progress: () => {} })
  expect((await app.store.productionCase())?.review.status).toBe('DENIED')
  await requestProduction(app, ask('later'))
  let decided = (): void => {}
  const seen = new Promise<void>(resolve => {
    decided = resolve
  })
  const warned: string[] = []
  let failures = 1
  const chores = new Chores(
    {
      ...app,
      store: {
        ...app.store,
        async saveProductionCase(...args) {
          if (failures-- > 0) throw new Error('the disk is full')
          const saved = await app.store.saveProductionCase(...args)
          decided()
          return saved
        },
      },
    },
    { warn: text => warned.push(text), everyMs: 1 },
  )
  chores.start()
  await seen
  await chores.stop()
  expect((await app.store.productionCase())?.review.status).toBe('DENIED')
  expect(warned).toEqual(['the disk is full'])
})
