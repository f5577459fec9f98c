/** The machine's clock is set while the engine runs: nothing is lost, new mail goes at once, and waits are as long as the new time makes them. */
import { expect, onTestFinished, test, vi } from 'vitest'
import { Worker } from '../../src/worker/worker.ts'
import { type Engine, openEngine } from '../support/engine.ts'
import { type Sink, type SinkOptions, startSink } from '../support/sink.ts'

const HOUR = 3_600_000
const SOON = { timeout: 15_000, interval: 20 }

/** Before anything of ours is loaded, because it keeps `Date.now`. */
const machine = vi.hoisted(() => {
  const real = Date.now
  const state = { jumpedMs: 0 }
  Date.now = () => real() + state.jumpedMs
  return state
})

interface Running {
  readonly engine: Engine
  readonly sink: Sink
  /** Through the hand-over from memory, as the door does it. @returns its id */
  submit(): Promise<string>
  stateOf(id: string): Promise<unknown>
}

async function run(script: NonNullable<SinkOptions['script']>): Promise<Running> {
  machine.jumpedMs = 0
  const sink = await startSink({ script })
  onTestFinished(() => sink.close())
  const engine = await openEngine({
    clock: 'system',
    env: { MAILCTL_NETWORK: 'relay', MAILCTL_RELAY: `smtp://127.0.0.1:${sink.port}`, MAILCTL_HOSTNAME: 'mta.shop.example' },
  })
  const worker = new Worker(engine.app, text => expect.unreachable(text))
  onTestFinished(() => worker.stop(0))
  worker.start()
  return {
    engine,
    sink,
    async submit() {
      const { holdMs } = worker
      const { messageId, held } = await engine.submit('From: orders@shop.example\nTo: ann@example.com\n\nHello\n', {
        ...(holdMs !== undefined && { holdMs }),
      })
      worker.deliver(held)
      return messageId
    },
    stateOf: async id => (await engine.app.store.message(id))?.recipients[0],
  }
}

const deferring = { RCPT: ['451 4.2.2 later'] }
const becomes = ({ stateOf }: Running, id: string, state: string) =>
  vi.waitFor(async () => expect(await stateOf(id)).toMatchObject({ state }), SOON)

test('forward: what was put off is tried again at once', async () => {
  const running = await run(deferring)
  const id = await running.submit()
  await becomes(running, id, 'deferred')
  machine.jumpedMs = 2 * HOUR
  await becomes(running, id, 'delivered')
  expect(running.sink.messages).toHaveLength(1)
})

test('forward beyond the time of a message: it ends as expired, and new mail is delivered', async () => {
  const running = await run(deferring)
  const id = await running.submit()
  await becomes(running, id, 'deferred')
  machine.jumpedMs = 24 * HOUR
  await becomes(running, id, 'bounced')
  expect(await running.stateOf(id)).toMatchObject({ outcome: { status: '4.4.7' } })
  await becomes(running, await running.submit(), 'delivered')
})

test('back: new mail goes at once, what was put off waits that much longer, and no longer', async () => {
  const running = await run(deferring)
  const id = await running.submit()
  await becomes(running, id, 'deferred')
  machine.jumpedMs = -2 * HOUR
  await becomes(running, await running.submit(), 'delivered')
  expect(await running.stateOf(id)).toMatchObject({ state: 'deferred' })
  machine.jumpedMs = 120_000
  await becomes(running, id, 'delivered')
  expect(running.sink.messages).toHaveLength(2)
})

test('back beyond any wait: what was put off is tried again at once', async () => {
  const running = await run(deferring)
  const id = await running.submit()
  await becomes(running, id, 'deferred')
  machine.jumpedMs = -400 * 24 * HOUR
  await becomes(running, id, 'delivered')
  expect(running.sink.messages).toHaveLength(1)
})

test('back while messages wait that were never tried: they go at once', async () => {
  const running = await run({})
  machine.jumpedMs = HOUR
  const { messageId } = await running.engine.submit('From: orders@shop.example\nTo: ann@example.com\n\nHello\n')
  machine.jumpedMs = 0
  await becomes(running, messageId, 'delivered')
})

test.each([-400 * 24 * HOUR, 400 * 24 * HOUR])('by %d ms in the middle of an attempt: it is settled as ever, once', async jumpMs => {
  let jumped = false
  const running = await run({})
  const { transport } = running.engine.app
  const attempt = transport.attempt.bind(transport)
  vi.spyOn(transport, 'attempt').mockImplementation(async (...args) => {
    const outcomes = await attempt(...args)
    jumped = true
    machine.jumpedMs = jumpMs
    return outcomes
  })
  const id = await running.submit()
  await becomes(running, id, 'delivered')
  expect(jumped).toBe(true)
  await becomes(running, await running.submit(), 'delivered')
  expect(running.sink.messages).toHaveLength(2)
})
