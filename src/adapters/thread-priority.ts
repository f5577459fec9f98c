/**
 * On Linux each thread has a priority of its own. One thread answers all clients and writes the queue; those beside it sign, sync and compile
 * for it. When it wakes one of them the kernel often puts that one on its own core and takes the core away from it, while another is idle.
 * What was measured: docs/decisions/011-thread-priority.md.
 */
import { readdirSync } from 'node:fs'
import { getPriority, setPriority } from 'node:os'

/** By so many steps of niceness the others stand back; 19 is the last there is. */
const STEPS = 10
const NICEST = 19

/** To be called once the threads are there: those made later keep the priority of who makes them. Does nothing where there is no such thing. */
export function preferMainThread(): void {
  if (process.platform !== 'linux') return
  const niceness = Math.min(NICEST, getPriority() + STEPS)
  for (const thread of otherThreads()) {
    try {
      setPriority(thread, niceness)
    } catch {
      // It has ended, or the system does not let it be changed: the engine works without.
    }
  }
}

function otherThreads(): number[] {
  try {
    return readdirSync('/proc/self/task')
      .map(Number)
      .filter(id => id !== process.pid)
  } catch {
    return []
  }
}
