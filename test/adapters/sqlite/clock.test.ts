import { describe, expect, it, onTestFinished } from 'vitest'
import { createAccount, type NewAccount, type OpenAccount, openAccount } from '../../../src/adapters/sqlite/account-file.ts'
import { systemClock } from '../../../src/adapters/sqlite/clock.ts'
import { isMessageId } from '../../../src/base/ids.ts'
import { T0, tempFolder } from '../../support/account.ts'

function opened(home: string): OpenAccount {
  const account = openAccount(home, 'lab')
  onTestFinished(() => account.store.close())
  return account
}
function made(fields: Partial<NewAccount> = {}): { home: string; account: OpenAccount } {
  const home = tempFolder()
  createAccount({ home, region: 'eu-west-1', clock: 'virtual', startAt: T0, ...fields })
  return { home, account: opened(home) }
}

describe('the virtual clock', () => {
  it('stands still until somebody waits, then stands there for every process, and never goes back', async () => {
    const { home, account } = made()
    const other = opened(home)
    expect([account.clock.kind, account.clock.now(), account.clock.now()]).toEqual(['virtual', T0, T0])
    await account.clock.waitUntil(T0 + 60_000)
    expect([account.clock.now(), other.clock.now()]).toEqual([T0 + 60_000, T0 + 60_000])
    await other.clock.waitUntil(T0)
    expect(account.clock.now()).toBe(T0 + 60_000)
    await other.clock.waitUntil(T0 + 60_000.5)
    expect(account.clock.now()).toBe(T0 + 60_001)
  })

  it('is not moved by a wait that was aborted', async () => {
    const { account } = made()
    await expect(account.clock.waitUntil(T0 + 1, AbortSignal.abort())).rejects.toMatchObject({ code: 'interrupted' })
    expect(account.clock.now()).toBe(T0)
  })
})

describe('the system clock', () => {
  it('waits, at once for what has passed, and until it is aborted', async () => {
    const before = Date.now()
    await systemClock.waitUntil(before - 1)
    await systemClock.waitUntil(before + 20)
    expect(systemClock.now()).toBeGreaterThanOrEqual(before + 20)
    const stop = new AbortController()
    const waiting = systemClock.waitUntil(before + 1e12, stop.signal)
    stop.abort()
    await expect(waiting).rejects.toMatchObject({ code: 'interrupted' })
  })

  it('is what an account gets by default', () => {
    const { account } = made({ clock: 'system' })
    expect(Math.abs(account.clock.now() - Date.now())).toBeLessThan(5_000)
  })
})

describe('ids and chance', () => {
  async function story(seed: string): Promise<unknown> {
    const { home, account } = made({ seed })
    const first = [account.ids.newMessageId(), account.ids.newFeedbackId(), account.ids.newMessageId()]
    await account.clock.waitUntil(T0 + 1_000)
    const other = opened(home)
    return [(await account.store.account()).accountId, first, other.ids.newMessageId(), account.ids.newMessageId(), other.ids.chance('mx')]
  }

  it('are the same for the same seed, whichever process asks, and others for another', async () => {
    const [once, again, other] = [await story('7'), await story('7'), await story('8')]
    expect(again).toEqual(once)
    const flat = (value: unknown): string[] => [value].flat(3).map(String)
    expect(flat(once).filter(value => flat(other).includes(value))).toEqual([])
    expect(new Set(flat(once)).size).toBe(flat(once).length)
  })

  it('have the shape and the time of SES ids', () => {
    for (const seed of [{ seed: '7' }, {}]) {
      const { ids } = made(seed).account
      for (const id of [ids.newMessageId(), ids.newFeedbackId()]) {
        expect(isMessageId(id)).toBe(true)
        expect(id.slice(0, 4)).toBe('0102')
        expect(Number.parseInt(id.slice(4, 16), 16)).toBe(T0)
      }
    }
  })

  it('differ between accounts without a seed', () => {
    const [one, two] = [made().account, made().account]
    expect(one.ids.newMessageId()).not.toBe(two.ids.newMessageId())
    expect(one.ids.chance('a')).not.toBe(two.ids.chance('a'))
    expect(one.ids.chance('a')).toBe(one.ids.chance('a'))
  })

  it('spread chance over [0, 1)', () => {
    const { ids } = made({ seed: '7' }).account
    const drawn = Array.from({ length: 1_000 }, (_, i) => ids.chance(`key ${i}`))
    expect(Math.min(...drawn)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...drawn)).toBeLessThan(1)
    const tenths = new Array(10).fill(0)
    for (const x of drawn) tenths[Math.floor(x * 10)] += 1
    for (const count of tenths) expect(count).toBeGreaterThan(60)
  })
})

describe('init', () => {
  it('is safe to repeat: the account that is there stays', async () => {
    const home = tempFolder()
    const first = createAccount({ home, region: 'us-east-1', clock: 'virtual', startAt: T0, seed: '7' })
    const second = createAccount({ home, region: 'eu-west-1', clock: 'system', seed: '8' })
    expect([first.created, second.created]).toEqual([true, false])
    expect(second.account).toEqual(first.account)
    expect(first.account).toMatchObject({ createdAt: T0, productionAccess: false, accountId: expect.stringMatching(/^[1-9]\d{11}$/) })
    expect(opened(home).clock.kind).toBe('virtual')
  })
})
