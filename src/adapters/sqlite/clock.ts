/**
 * The account's time and chance. A virtual clock is a row: it stands still for every process of the home until one of them waits. Ids of
 * a seeded account are HMAC-SHA256(seed, purpose and count) with the count a row, so the same seed gives the same sequence whichever
 * process asks; without a seed they come from the operating system.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Database } from '../../base/database.ts'
import { MailctlError } from '../../base/errors.ts'
import { isMessageIdOf, messageId } from '../../base/ids.ts'
import type { Clock, Ids } from '../../ports/clock.ts'
import { readAccount } from './account-rows.ts'
import { blob, number, optional, text } from './columns.ts'

/** The longest time a Node timer can be set to. */
const LONGEST_TIMER_MS = 2 ** 31 - 1
/** Hexadecimal. */
const MAC_DIGITS = 32

export function openClock(database: Database): Clock {
  const row = database.prepare('SELECT kind FROM clock').get()
  return row && text(row, 'kind') === 'virtual' ? virtualClock(database) : systemClock
}

export const systemClock: Clock = {
  kind: 'system',
  now: Date.now,
  async waitUntil(at, signal) {
    for (let left = at - Date.now(); left > 0; left = at - Date.now()) {
      refuseAborted(signal)
      await sleep(Math.min(left, LONGEST_TIMER_MS), undefined, signal ? { signal } : {}).catch(() => refuseAborted(signal))
    }
    refuseAborted(signal)
  },
}

function virtualClock(database: Database): Clock {
  return {
    kind: 'virtual',
    now() {
      const row = database.prepare('SELECT virtual_now FROM clock').get()
      if (!row) throw new TypeError('the account has no clock row')
      return number(row, 'virtual_now')
    },
    async waitUntil(at, signal) {
      refuseAborted(signal)
      database.prepare('UPDATE clock SET virtual_now = ? WHERE virtual_now < ?').run(Math.ceil(at), Math.ceil(at))
    },
  }
}

function refuseAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new MailctlError('interrupted', 'interrupted while waiting')
}

/** @param region named in message ids; absent: the one the account was made with */
export function openIds(database: Database, clock: Clock, region = readAccount(database).region): Ids {
  const row = database.prepare('SELECT seed, salt FROM clock').get()
  if (!row) throw new TypeError('the account has no clock row')
  const seed = optional(row, 'seed', text)
  const salt = blob(row, 'salt')

  function draw(purpose: string): Uint8Array {
    if (seed === null) return randomOctets()
    const counted = database
      .prepare('INSERT INTO draw (purpose, count) VALUES (?, 1) ON CONFLICT (purpose) DO UPDATE SET count = count + 1 RETURNING count')
      .all(purpose)[0]
    return seeded(seed, `${purpose}:${counted ? number(counted, 'count') : 0}`)
  }

  const key = seeded(seed ?? salt, 'message id')
  const linkKey = seeded(seed ?? salt, 'link')
  const macOf = (text: string): string => createHmac('sha256', linkKey).update(text).digest('hex').slice(0, MAC_DIGITS)
  return {
    newMessageId: () => messageId(region, clock.now(), { random: draw('message'), key }),
    newFeedbackId: () => messageId(region, clock.now(), { random: draw('feedback'), key }),
    isOwnMessageId: text => isMessageIdOf(key, text),
    macOf,
    isMacOf: (text, mac) => mac.length === MAC_DIGITS && timingSafeEqual(Buffer.from(mac, 'latin1'), Buffer.from(macOf(text), 'latin1')),
    chance: key => seeded(seed ?? salt, `chance:${key}`).readUIntBE(0, 6) / 2 ** 48,
  }
}

/** Drawn from the operating system by the page: one call for each id would cost more than the rest of it. */
let pool = Buffer.alloc(0)

/** 16 octets nobody had before. */
function randomOctets(): Uint8Array {
  if (pool.length < 16) pool = randomBytes(4096)
  const octets = pool.subarray(0, 16)
  pool = pool.subarray(16)
  return octets
}

/** 32 octets that follow from the seed and what they are for. */
export function seeded(seed: string | Buffer, purpose: string): Buffer {
  return createHmac('sha256', seed).update(purpose).digest()
}
