/**
 * Which process holds what. A process that leases or spools has a row; when it is gone, by its own end or by `kill -9`, the others see
 * that at their next look and take back what it held. A number that the system gave to another process since does not fool them: the row
 * also has the moment of the process's start.
 */
import { readFileSync } from 'node:fs'
import type { Database } from '../../base/database.ts'
import { number, text } from './columns.ts'

export interface Owner {
  /** This process's number in the database. The first call commits it, so that call is never made inside a transaction. */
  readonly id: () => number
  exists(): boolean
  /** Makes sure the row is (still) there. Inside a transaction. */
  renew(): void
  /** Takes back what dead processes held and removes them. Inside a transaction. */
  takeBackFromDead(): void
  /** Gives back every lease of this process. Inside a transaction. @returns how many */
  releaseAll(): number
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
      return error instanceof Error && 'code' in error && error.code === 'EPERM'
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

const TAKE_BACK = `UPDATE recipient SET state = was, was = NULL, owner = NULL, lease_until = NULL WHERE state = 'active'`

export function openOwner(database: Database, processes: Processes = systemProcesses): Owner {
  const { pid, token } = processes.own
  let id: number | undefined

  function takeBack(owner: number): number {
    return database.prepare(`${TAKE_BACK} AND owner = ?`).run(owner).changes
  }

  function ownId(): number {
    if (id !== undefined) return id
    const row = database.prepare('INSERT INTO owner (pid, token) VALUES (?, ?) RETURNING id').all(pid, token)[0]
    id = row ? number(row, 'id') : 0
    return id
  }

  return {
    id: ownId,
    exists: () => id !== undefined,
    renew() {
      database.prepare('INSERT INTO owner (id, pid, token) VALUES (?, ?, ?) ON CONFLICT DO NOTHING').run(ownId(), pid, token)
    },
    takeBackFromDead() {
      for (const row of database.prepare('SELECT id, pid, token FROM owner WHERE id <> ?').all(id ?? 0)) {
        if (processes.isAlive(number(row, 'pid'), text(row, 'token'))) continue
        takeBack(number(row, 'id'))
        database.prepare('DELETE FROM owner WHERE id = ?').run(number(row, 'id'))
      }
    },
    releaseAll: () => (id === undefined ? 0 : takeBack(id)),
    remove() {
      if (id !== undefined) database.prepare('DELETE FROM owner WHERE id = ?').run(id)
      id = undefined
    },
  }
}

/** Ends leases whose time has passed. Inside a transaction. @param machineNow real time, as for every lock */
export function takeBackLapsed(database: Database, machineNow: number): void {
  database.prepare(`${TAKE_BACK} AND lease_until <= ?`).run(machineNow)
}
