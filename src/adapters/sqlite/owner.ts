/**
 * Which process holds what. A process that leases or spools has a row; when it is gone, by its own end or by `kill -9`, the others see
 * that at their next look and take back what it held. A number that the system gave to another process since does not fool them: the row
 * also has the moment of the process's start.
 *
 * A process that hangs is not gone: what it holds is its own until the time in its row, which it moves on while it works, at most once a
 * minute. All times here are the machine's.
 */
import { readFileSync } from 'node:fs'
import type { Database, SqlRow } from '../../base/database.ts'
import { codeOf } from '../../base/errors.ts'
import type { Leased } from '../../ports/store.ts'
import { openClock } from './clock.ts'
import { number, optional, text } from './columns.ts'

export interface Owner {
  /** This process's number in the database. The first call commits it, so that call is never made inside a transaction. */
  readonly id: () => number
  exists(): boolean
  /** Whether another process that has a row is alive. */
  hasOthers(): boolean
  /** Makes sure the row is (still) there. Inside a transaction. */
  renew(): void
  /** What is leased in this transaction, and all that was before, is this process's for at least `leaseMs` from now. */
  hold(now: number, leaseMs: number): void
  /** The same for what it holds already, if it holds anything: called by whatever it does. Inside a transaction. */
  stay(now: number): void
  /** The rows may be others than this process knows them to be: read them again. */
  forget(): void
  /** Whether another process that has this number is there. */
  isAlive(owner: number): boolean
  /** Takes back what dead processes held, due at once, and removes them. Inside a transaction. */
  takeBackFromDead(): void
  /** Takes back what others hold beyond their time, due at once. Inside a transaction. */
  takeBackLapsed(now: number): void
  /** Gives back every lease of this process. Inside a transaction. */
  releaseAll(): void
  /** Gives back these groups, as far as this process holds them. Inside a transaction. */
  release(groups: readonly Leased[]): void
  /** Removes this process. Inside a transaction. */
  remove(): void
}

/** How to ask whether a process is there; replaced in tests. */
export interface Processes {
  readonly own: { readonly pid: number; readonly token: string }
  isAlive(pid: number, token: string): boolean
}

export const systemProcesses: Processes = {
  own: { pid: process.pid, token: startToken(process.pid) ?? '' },
  isAlive(pid, token) {
    if (token !== '') return startToken(pid) === token
    try {
      process.kill(pid, 0)
      return true
    } catch (error) {
      return codeOf(error) === 'EPERM'
    }
  },
}

/** The boot and the clock tick a process started at; undefined when it is gone, a zombie, or this is no Linux. proc(5). */
function startToken(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The command name in parentheses may hold anything; the third field, the state, follows its last one.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()}:${fields[19]}`
  } catch {
    return undefined
  }
}

/** How far beyond what was asked for a lease is made, so that it is written this seldom. */
const RENEWAL_MS = 60_000

/** For the try of what was in flight, where its time is over by now: its site may be busy. */
const TRY_AGAIN_MS = 5 * 60_000

/** Due as it was; what was never tried is due at once, whatever has become of the clock. */
const GIVE_BACK = `UPDATE recipient SET state = was, was = NULL, owner = NULL,
  next_attempt_at = CASE was WHEN 'queued' THEN MIN(next_attempt_at, ?) ELSE next_attempt_at END`

export function openOwner(database: Database, processes: Processes = systemProcesses): Owner {
  const { pid, token } = processes.own
  let id: number | undefined
  let leaseMs: number | undefined
  /** The end of the lease as the row has it; undefined when that is not known. */
  let until: number | undefined

  const clock = openClock(database)

  /**
   * Due at once, whatever time it was given: the clock that gave it may have been set back since. And not yet over: the receiver may have
   * taken it, so it is tried again before anybody is told that it failed.
   */
  function takeBack(owner: number): void {
    const now = clock.now()
    database
      .prepare(
        `UPDATE recipient SET state = was, was = NULL, owner = NULL, next_attempt_at = MIN(next_attempt_at, ?), expires_at = MAX(expires_at, ?)
         WHERE state = 'active' AND owner = ?`,
      )
      .run(now, now + TRY_AGAIN_MS, owner)
  }

  function stay(now: number): void {
    if (leaseMs === undefined) return
    until ??= storedLease()
    if (until !== undefined && until >= now + leaseMs) return
    until = now + leaseMs + RENEWAL_MS
    database
      .prepare(
        `INSERT INTO owner (id, pid, token, lease_until) VALUES (?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET lease_until = excluded.lease_until`,
      )
      .run(ownId(), pid, token, until)
  }

  function storedLease(): number | undefined {
    const row = database.prepare('SELECT lease_until FROM owner WHERE id = ?').get(ownId())
    return (row && optional(row, 'lease_until', number)) ?? undefined
  }

  function ownId(): number {
    if (id !== undefined) return id
    const row = database.prepare('INSERT INTO owner (pid, token) VALUES (?, ?) RETURNING id').all(pid, token)[0]
    id = row ? number(row, 'id') : 0
    return id
  }

  const others = () => database.prepare('SELECT id, pid, token FROM owner WHERE id <> ?').all(id ?? 0)
  const isAlive = (row: SqlRow): boolean => processes.isAlive(number(row, 'pid'), text(row, 'token'))

  return {
    id: ownId,
    exists: () => id !== undefined,
    hasOthers: () => others().some(isAlive),
    renew() {
      database.prepare('INSERT INTO owner (id, pid, token) VALUES (?, ?, ?) ON CONFLICT DO NOTHING').run(ownId(), pid, token)
    },
    hold(now, asked) {
      leaseMs = Math.max(leaseMs ?? 0, asked)
      stay(now)
    },
    stay,
    forget() {
      until = undefined
    },
    isAlive(owner) {
      const row = database.prepare('SELECT pid, token FROM owner WHERE id = ?').get(owner)
      return row !== undefined && processes.isAlive(number(row, 'pid'), text(row, 'token'))
    },
    takeBackFromDead() {
      for (const row of others()) {
        if (isAlive(row)) continue
        takeBack(number(row, 'id'))
        database.prepare('DELETE FROM owner WHERE id = ?').run(number(row, 'id'))
      }
    },
    takeBackLapsed(now) {
      for (const row of database.prepare('SELECT id FROM owner WHERE lease_until <= ? AND id <> ?').all(now, id ?? 0)) {
        takeBack(number(row, 'id'))
        database.prepare('UPDATE owner SET lease_until = NULL WHERE id = ?').run(number(row, 'id'))
      }
    },
    releaseAll() {
      if (id !== undefined) database.prepare(`${GIVE_BACK} WHERE state = 'active' AND owner = ?`).run(clock.now(), id)
    },
    release(groups) {
      const now = clock.now()
      const giveBack = database.prepare(
        `${GIVE_BACK} WHERE message = (SELECT seq FROM message WHERE id = ?) AND position = ? AND state = 'active' AND owner = ?`,
      )
      for (const { message, recipients } of groups) for (const { index } of recipients) giveBack.run(now, message.id, index, ownId())
    },
    remove() {
      if (id !== undefined) database.prepare('DELETE FROM owner WHERE id = ?').run(id)
      id = undefined
    },
  }
}
