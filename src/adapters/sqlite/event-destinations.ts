/**
 * The store's event destinations on SQLite. Who publishes to a destination holds it, so that two processes do not tell the same events
 * twice or out of order: until it lets go, until its process is gone, or for ten minutes of the machine's time.
 */
import type { Database } from '../../base/database.ts'
import type { EventDestinations } from '../../ports/event-destinations.ts'
import { number, optional } from './columns.ts'
import { findDestination, findDestinations, insertDestination, removeDestination, replaceDestination } from './event-destination-rows.ts'
import type { Commit } from './group-commit.ts'
import type { Owner } from './owner.ts'
import { dueDestinations, dueFor, earliestPublication, findDeadLetters, findTries, putAgain, redrive, settle } from './publication-rows.ts'

/** Longer than the slowest batch takes. */
const HOLD_MS = 600_000

interface Around {
  readonly commit: Commit
  readonly owner: Owner
  /** Epoch milliseconds. */
  readonly machineNow: () => number
}

export function eventDestinations(database: Database, { commit, owner, machineNow }: Around): EventDestinations {
  const isOurs = (id: number): boolean => {
    const row = database.prepare('SELECT holder FROM event_destination WHERE id = ?').get(id)
    return row !== undefined && optional(row, 'holder', number) === owner.id()
  }

  /** Nobody's, ours, or of one that is gone or hangs. */
  function isFree(id: number): boolean {
    const row = database.prepare('SELECT holder, held_until FROM event_destination WHERE id = ?').get(id)
    const holder = row ? optional(row, 'holder', number) : null
    if (row === undefined || holder === null) return row !== undefined
    if (owner.exists() && holder === owner.id()) return true
    return (optional(row, 'held_until', number) ?? 0) <= machineNow() || !owner.isAlive(holder)
  }

  return {
    addEventDestination: destination => commit(() => insertDestination(database, destination)),
    eventDestinations: async of => findDestinations(database, of),
    saveEventDestination: destination => commit(() => replaceDestination(database, destination)),
    deleteEventDestination: (of, name) => commit(() => removeDestination(database, of, name)),

    destinationsToPublish: async now => dueDestinations(database, now).filter(isFree),
    nextPublishAt: async now => earliestPublication(database, now),
    async takePublications({ destination: id, now, limit, all = false }) {
      const holder = owner.id() // the first call commits it by itself
      return await commit(() => {
        const destination = findDestination(database, id)
        if (!destination?.enabled || !isFree(id)) return undefined
        if (!all && (destination.restsUntil ?? 0) > now) return undefined
        owner.renew()
        database.prepare('UPDATE event_destination SET holder = ?, held_until = ? WHERE id = ?').run(holder, machineNow() + HOLD_MS, id)
        return { destination, ...dueFor(database, destination, { now, limit, all }) }
      })
    },
    settlePublications: settlement =>
      commit(() => {
        if (isOurs(settlement.destination)) settle(database, settlement)
      }),
    releasePublications: id =>
      commit(() => {
        if (isOurs(id)) database.prepare('UPDATE event_destination SET holder = NULL, held_until = NULL WHERE id = ?').run(id)
      }),

    deadLetters: async (destination, limit) => findDeadLetters(database, destination, limit),
    redriveDeadLetters: (destination, now) => commit(() => redrive(database, destination, now)),
    republish: (eventId, destinations, now) =>
      commit(() => {
        for (const destination of destinations) putAgain(database, eventId, destination, now)
      }),
    publishTries: async messageId => findTries(database, messageId),
  }
}
