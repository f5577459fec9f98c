/** `mailctl queue stats` drawn for a terminal: what waits by state, and for whom. */
import { formatDuration } from '../base/duration.ts'
import type { QueueSummary } from '../operations/queue.ts'
import { count } from './account-text.ts'
import { showBarTable } from './bar-table.ts'
import type { Part } from './bars.ts'
import type { Io } from './io.ts'
import { queueJson } from './queue-json.ts'

export function drawQueue(io: Io, summary: QueueSummary, now: number): void {
  const { destinations } = summary
  const part = (value: number, colour: 'cyan' | 'yellow' | 'dim' | 'green', fill: Part['fill']): Part => ({
    value,
    paint: io.colour[colour],
    fill,
  })
  const queued = (value: number): Part => part(value, 'cyan', ['█', '#'])
  const deferred = (value: number): Part => part(value, 'yellow', ['▒', '+'])
  const held = (value: number): Part => part(value, 'dim', ['░', '-'])
  const states = Object.entries(queueJson(summary))
  showBarTable(io, {
    names: { head: 'State', cells: states.map(([name]) => name), rank: 0 },
    columns: [{ head: 'Recipients', rank: 0, cells: states.map(([, number]) => count(number)) }],
    bars: [[queued(summary.queued)], [part(summary.active, 'green', ['█', '*'])], [deferred(summary.deferred)], [held(summary.held)]],
  })
  if (destinations.length === 0) return
  io.line()
  showBarTable(io, {
    names: { head: 'Destination', cells: destinations.map(({ domain }) => domain), rank: 0 },
    bars: destinations.map(one => [queued(one.queued), deferred(one.deferred), held(one.held)]),
    columns: [
      { head: 'Queued', rank: 2, cells: destinations.map(one => count(one.queued)) },
      { head: 'Deferred', rank: 2, cells: destinations.map(one => count(one.deferred)) },
      { head: 'Held', rank: 3, cells: destinations.map(one => count(one.held)) },
      {
        head: 'Oldest',
        rank: 1,
        cells: destinations.map(({ oldestAt }) => (oldestAt === null ? '-' : formatDuration(Math.max(0, now - oldestAt)))),
      },
    ],
  })
}
