import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Identity } from '../../src/account/identity.ts'
import { textWidth } from '../../src/cli/text-width.ts'
import type { Outcome } from '../../src/mail/outcome.ts'
import type { Store } from '../../src/ports/store.ts'
import { identityOf, messageOf, openTheGates, T0 } from '../support/account.ts'
import { type Door, openDoor } from '../support/door.ts'

let door: Door
beforeEach(async () => {
  door = openDoor()
  await door.run(['init', '--clock', 'virtual', '--start', '2026-01-01T00:00:00Z', '--seed', '7'])
})
afterEach(() => door.remove())

const HOUR = 3_600_000
const json = async () => JSON.parse((await door.run(['status', '--json'])).stdout)
const strip = (text: string): string => text.replace(/\u001b\[[0-9;?]*[A-Za-z]/g, '')
const screen = async (env = {}, tty: readonly 'stdout'[] = []) => (await door.run(['status'], { env, tty, columns: 80 })).stdout

/** Accepts one message and has this come of its recipients. */
async function deliver(
  store: Store,
  recipients: readonly string[],
  { at, outcome }: { at: number; outcome: Outcome | null },
): Promise<void> {
  const message = messageOf({ recipients, acceptedAt: at, expiresAt: at + 14 * HOUR })
  const event = { at, messageId: message.id, recipients, detail: {} }
  await store.accept(message, [{ ...event, type: 'Send' }])
  if (outcome === null) return
  const state = { delivered: 'delivered', delayed: 'deferred', failed: 'bounced' } as const
  const type = { delivered: 'Delivery', delayed: 'DeliveryDelay', failed: 'Bounce' } as const
  for (const group of await store.lease({ now: at, leaseMs: 60_000, limit: 50, messageId: message.id }))
    await store.settle({
      messageId: message.id,
      attempts: [],
      recipients: group.recipients.map(({ index }) => ({
        index,
        state: state[outcome.action],
        nextAttemptAt: outcome.action === 'delayed' ? at + 15 * HOUR : null,
        outcome,
      })),
      settledAt: at,
      events: [
        {
          ...event,
          type: type[outcome.action],
          detail: outcome.action === 'failed' ? { bounce: { bounceType: 'Permanent' } } : {},
          recipients: group.recipients.map(({ address }) => address),
        },
      ],
      reports: [],
    })
}

/** A busy production account: twelve identities, a day of mail, a queue. */
async function busy(): Promise<void> {
  await door.use(async ({ store, clock }) => {
    await openTheGates(store)
    await store.saveAccount({ ...(await store.account()), max24HourSend: 1_000, enforcementStatus: 'PROBATION' })
    const others: Partial<Identity['verification']>[] = [
      { status: 'PENDING', proof: null, lastSuccessAt: null },
      { status: 'FAILED', proof: null, lastSuccessAt: null },
      { status: 'TEMPORARY_FAILURE', startedAt: T0 + 30 * HOUR, lastSuccessAt: T0 },
      ...Array.from({ length: 8 }, () => ({})),
    ]
    for (const [index, verification] of others.entries())
      await store.addIdentity(identityOf(`${'a-rather-long-name-of-a-domain-'.repeat(2)}${index}.example`, verification))
    const delivered: Outcome = { action: 'delivered', status: '2.0.0', reply: '250 2.0.0 Ok' }
    const full: Outcome = { action: 'delayed', status: '4.2.2', reply: `452 4.2.2 mailbox full${' indeed'.repeat(20)}\u001b[2J` }
    const busyPeer: Outcome = { action: 'delayed', status: '4.7.1', reply: '421 4.7.1 slow down' }
    const unknown: Outcome = { action: 'failed', status: '5.1.1', reply: '550 5.1.1 no such user' }
    const to = (count: number) => Array.from({ length: count }, (_, index) => `r${index}@example.net`)
    await clock.waitUntil(T0 + 6 * HOUR)
    await deliver(store, to(9), { at: T0 + 6 * HOUR, outcome: delivered }) // out of the window
    await deliver(store, to(40), { at: T0 + 20 * HOUR, outcome: delivered })
    await deliver(store, to(2), { at: T0 + 30 * HOUR, outcome: busyPeer })
    await deliver(store, to(5), { at: T0 + 31 * HOUR, outcome: full })
    await deliver(store, to(3), { at: T0 + 40 * HOUR, outcome: unknown })
    await clock.waitUntil(T0 + 40 * HOUR)
    await deliver(store, to(4), { at: T0 + 40 * HOUR, outcome: null })
  })
}

test('it counts the last 24 hours, says what the queue waits for, and what to do next', async () => {
  await busy()
  const status = await json()
  expect(status.RecipientsLast24Hours).toEqual({ Sent: 54, Delivered: 40, Bounced: 3, Complained: 0, Delayed: 7 })
  expect(status.EventsLast24Hours).toEqual({ Send: 5, Delivery: 1, DeliveryDelay: 2, Bounce: 1 })
  expect(status.Queue).toEqual({
    Queued: 4,
    Active: 0,
    Deferred: 7,
    Held: 0,
    OldestTimestamp: '2026-01-02T06:00:00.000Z',
    TopDeferral: { Status: '4.2.2', Recipients: 5, RecipientsIsExact: true, SmtpResponse: expect.stringContaining('mailbox full') },
  })
  expect(status.Activity).toHaveLength(48)
  expect(status.Activity[0].Timestamp).toBe('2026-01-01T16:30:00.000Z')
  expect(status.Activity.at(-1)).toEqual({ Timestamp: '2026-01-02T16:00:00.000Z', Sent: 7, Delivered: 0, Bounced: 3 })
  expect(status.EmailIdentities.filter((one: { NeedsAttention: boolean }) => one.NeedsAttention)).toHaveLength(3)
  expect(status.NextCommand).toMatch(/^mailctl verify domain .*-2\.example$/) // about to be lost
})

test('one screen of 80 × 24, those that need something first, with and without Unicode, colour and terminal', async () => {
  await busy()
  for (const env of [{ LANG: 'C' }, { LANG: 'en_US.UTF-8' }, { LANG: 'C.UTF-8', NO_COLOR: '1' }]) {
    for (const tty of [[], ['stdout']] as const) {
      const drawn = await screen(env, tty)
      const lines = strip(drawn).split('\n')
      expect(lines.length).toBeLessThanOrEqual(24)
      for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(80)
      expect(/[^\x00-\x7f]/.test(drawn)).toBe(tty.length > 0 && env.LANG !== 'C')
      expect(drawn.includes('\u001b')).toBe(tty.length > 0 && !('NO_COLOR' in env))
      const marked = lines.filter(line => line.startsWith('! '))
      expect(marked.map(line => /TEMPORARY_FAILURE|PENDING|FAILED/.exec(line)?.[0])).toEqual(['TEMPORARY_FAILURE', 'PENDING', 'FAILED'])
      for (const text of [
        'PROBATION',
        '54 of 1,000',
        '4 Queued, 7 Deferred, the oldest for 10h',
        '5 wait for 452 4.2.2 mailbox full',
        '74.1 % delivered',
      ])
        expect(strip(drawn)).toContain(text)
    }
  }
})

test.each(['status', 'stats --since 3d', 'queue stats', 'reputation'])(
  '%s fits terminals of any width, with ASCII and without colour too',
  async words => {
    await busy()
    const draw = async (columns: number, env: Record<string, string>) =>
      (await door.run(words.split(' '), { env, tty: ['stdout'], columns })).stdout
    for (const columns of [80, 60, 40, 200]) {
      const drawn = await draw(columns, { LANG: 'C.UTF-8' })
      for (const line of strip(drawn).trimEnd().split('\n')) expect(textWidth(line)).toBeLessThanOrEqual(columns)
      expect(strip(drawn)).not.toMatch(/NaN|undefined|Infinity/)
    }
    expect(await draw(80, { LANG: 'C.UTF-8' })).toMatch(/[▁▂▃▄▅▆▇█░▒]/)
    expect(await draw(80, { LANG: 'C' })).not.toMatch(/[^\x00-\x7f]/)
    expect(await draw(80, { LANG: 'C' })).toMatch(/[#+.=@-]{4}/)
    for (const env of [
      { LANG: 'C.UTF-8', TERM: 'dumb' },
      { LANG: 'C', NO_COLOR: '1' },
    ])
      expect(await draw(80, env)).not.toMatch(/\u001b|[^\x00-\x7f]/)
    const piped = (await door.run(words.split(' '), { env: { LANG: 'C.UTF-8' } })).stdout
    expect(piped).not.toMatch(/\u001b|[^\x00-\x7f]/)
  },
)

test('what is drawn is to scale', async () => {
  await busy()
  const draw = async (words: string) =>
    strip((await door.run(words.split(' '), { env: { LANG: 'C.UTF-8' }, tty: ['stdout'], columns: 80 })).stdout)
  const barOf = (text: string, name: string): string => new RegExp(`^${name} +([█▒░]*) `, 'm').exec(text)?.[1] ?? ''
  const queue = await draw('queue stats')
  expect(barOf(queue, 'Deferred')).toHaveLength(48)
  expect(barOf(queue, 'Queued')).toHaveLength(Math.round((48 * 4) / 7))
  expect(barOf(queue, 'Active')).toBe('')
  expect(barOf(queue, 'example.net')).toMatch(/^█+▒+$/)
  const stats = await draw('stats --since 3d')
  expect(barOf(stats, '2026-01-02').length).toBeGreaterThan(barOf(stats, '2026-01-01').length)
  // 3 of 63: below the mark of a review at 5 of 12 parts, and of a suspension at 10.
  const gauge = /Bounces.*\n +([█░│]+)\n/.exec(await draw('reputation'))?.[1] ?? ''
  expect([gauge.indexOf('│'), gauge.lastIndexOf('│'), gauge.length]).toEqual([25, 50, 60])
  expect(gauge.match(/█/g)).toHaveLength(Math.round((60 * (3 / 63)) / 0.12))
})

test.each<[what: string, prepare: (store: Store) => Promise<void>, next: string]>([
  ['a new account', async () => {}, 'mailctl verify domain example.com'],
  [
    'a verified sender in the sandbox',
    store => store.addIdentity(identityOf('shop.example')),
    'mailctl account request-production --approve',
  ],
  ['a paused one', async store => store.saveAccount({ ...(await store.account()), sendingEnabled: false }), 'mailctl account resume'],
  ['nothing sent so far', openTheGates, 'mailctl simulate success --from hello@example.com'],
  [
    'an address to be verified',
    store => store.addIdentity(identityOf('ann@shop.example', { status: 'PENDING', proof: null })),
    'mailctl verify email ann@shop.example',
  ],
  [
    'mail that waits',
    async store => {
      await openTheGates(store)
      await deliver(store, ['a@example.net'], { at: T0, outcome: null })
    },
    'mailctl queue flush',
  ],
  [
    'a quota that is nearly used',
    async store => {
      await openTheGates(store)
      await store.saveAccount({ ...(await store.account()), max24HourSend: 1 })
      await deliver(store, ['a@example.net'], { at: T0, outcome: null })
    },
    'mailctl account request-production --approve --max-24h-send N',
  ],
])('next for %s', async (_, prepare, next) => {
  await door.use(async ({ store }) => await prepare(store))
  expect((await json()).NextCommand).toBe(next)
  expect(await screen()).toContain(`Next       ${next}\n`)
})

test('--watch goes on until it is stopped: an object a line, or screens', async () => {
  const watch = async (argv: readonly string[], tty: readonly 'stdout'[] = []) => {
    const stop = new AbortController()
    let opened = 0
    const ran = await door.run(['status', '--watch', '--interval', '100ms', ...argv], {
      signal: stop.signal,
      tty,
      columns: 80,
      env: { LANG: 'C', NO_COLOR: '1' },
      openApp: async config => {
        const { store, clock, ids } = (await import('../../src/adapters/sqlite/account-file.ts')).openAccount(door.home, 'lab')
        // The third look is the last.
        const counting: Store = {
          ...store,
          usage: now => {
            opened += 1
            if (opened === 3) stop.abort()
            return store.usage(now)
          },
        }
        return { settings: config.settings, store: counting, clock, ids, close: () => store.close() } as never
      },
    })
    return ran
  }
  const { code, stdout } = await watch(['--json'])
  expect(code).toBe(0)
  const lines = stdout.trimEnd().split('\n')
  expect(lines.map(line => JSON.parse(line).Network)).toEqual(['lab', 'lab', 'lab'])
  const plain = await watch([])
  expect(plain.stdout.split('Next ')).toHaveLength(4)
  expect(plain.stdout).not.toContain('\u001b')
  const drawn = await watch([], ['stdout'])
  expect(drawn.stdout.split('\u001b[H')).toHaveLength(4)
  expect(drawn.stdout.endsWith('\u001b[?25h')).toBe(true)
  expect(await door.run(['status', '--interval', '1s'])).toMatchObject({ code: 64, stdout: '' })
  expect(await door.run(['status', '--watch', '--interval', '1ms'])).toMatchObject({ code: 64, stdout: '' })
})
