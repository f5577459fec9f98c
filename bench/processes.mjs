// Groups of processes, and what they cost: CPU time and memory of everything a program started, also of what has ended since.
//
// Where the kernel lets us make a control group, that counts exactly and nothing escapes. Elsewhere the tree below what was started is read
// from /proc: a process counts with the children it has waited for, to 10 ms. Linux only; `accounting()` says why not elsewhere.
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'

/** The kernel's unit in /proc: 100 a second on every architecture that Node runs on. */
const TICK_MS = 10
/** Control groups of the first kind have a folder of their own for CPU time. */
const CONTROL_GROUPS = ['/sys/fs/cgroup/cpuacct', '/sys/fs/cgroup']

let made = 0
/** What was started goes with this process. */
const open = new Set()
process.on('exit', () => {
  for (const group of open) group.kill()
})

/** @returns undefined, or why nothing can be accounted here */
export const accounting = () =>
  existsSync('/proc/self/smaps_rollup') ? undefined : `CPU and memory of other programs are read from Linux's /proc`

/**
 * @typedef {object} Group
 * @property {(command: string, args: readonly string[], options?: import('node:child_process').SpawnOptions) => import('node:child_process').ChildProcess} spawn
 * @property {() => number} cpuMs user and system time of all its processes since it began
 * @property {() => { pssMiB: number, peakRssMiB: number }} memory `pss` shares common pages out, so that it can be summed; `peakRss` is
 *   the sum of what each living process had resident at its highest
 * @property {() => Promise<void>} close waits for its processes to end; kills what has not ended by itself within 10 s
 */

/** @returns {Group} */
export function processGroup() {
  made += 1
  const folder = makeControlGroup(`mailctl-bench-${process.pid}-${made}`)
  const group = folder === undefined ? treeGroup() : controlGroup(folder)
  open.add(group)
  return {
    ...group,
    async close() {
      await ended(group)
      group.remove()
      open.delete(group)
    },
  }
}

function makeControlGroup(name) {
  for (const parent of CONTROL_GROUPS.filter(existsSync)) {
    const folder = join(parent, name)
    try {
      mkdirSync(folder)
      if (existsSync(join(folder, 'cgroup.procs')) && readCpu(folder) !== undefined) return folder
      rmdirSync(folder)
    } catch {
      // Not root, or a container that only shows its groups.
    }
  }
  return undefined
}

/** Milliseconds. @returns undefined where the folder counts no CPU time */
function readCpu(folder) {
  if (existsSync(join(folder, 'cpuacct.usage'))) return Number(readFileSync(join(folder, 'cpuacct.usage'), 'utf8')) / 1e6
  if (!existsSync(join(folder, 'cpu.stat'))) return undefined
  const used = /^usage_usec (\d+)$/m.exec(readFileSync(join(folder, 'cpu.stat'), 'utf8'))
  return used === null ? undefined : Number(used[1]) / 1e3
}

function controlGroup(folder) {
  const processes = join(folder, 'cgroup.procs')
  const pids = () => readFileSync(processes, 'utf8').split('\n').filter(Boolean).map(Number)
  return {
    // The shell enters the group before it becomes the program, so that not a moment is missed.
    spawn: (command, args, options = {}) =>
      spawn('/bin/sh', ['-c', `echo $$ >'${processes}' && exec "$@"`, 'sh', command, ...args], options),
    cpuMs: () => readCpu(folder) ?? 0,
    memory: () => memoryOf(pids()),
    pids,
    kill: () => killAll(pids()),
    remove: () => rmdirSync(folder),
  }
}

function treeGroup() {
  const started = []
  const living = () => {
    const processes = allProcesses()
    const members = new Set(started)
    // Parents have smaller numbers than their children only until numbers wrap, so this goes on until nothing is added.
    for (let size = -1; size !== members.size; ) {
      size = members.size
      for (const { pid, parent } of processes) if (members.has(parent)) members.add(pid)
    }
    return processes.filter(({ pid }) => members.has(pid))
  }
  const pids = () => living().map(({ pid }) => pid)
  return {
    spawn(command, args, options = {}) {
      const child = spawn(command, args, options)
      if (child.pid !== undefined) started.push(child.pid)
      return child
    },
    cpuMs: () => living().reduce((sum, { ticks }) => sum + ticks, 0) * TICK_MS,
    memory: () => memoryOf(pids()),
    pids,
    kill: () => killAll(pids()),
    remove() {},
  }
}

async function ended({ pids, kill }) {
  for (let waited = 0; pids().length > 0; waited += 1) {
    if (waited === 200) kill()
    if (waited > 400) throw new Error(`processes ${pids().join(', ')} do not end`)
    await new Promise(done => setTimeout(done, 50))
  }
}

function killAll(pids) {
  for (const pid of pids)
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It has just ended.
    }
}

/** Number, parent and CPU time of each process: fields 1, 4 and 14 to 17 of proc_pid_stat(5). */
function allProcesses() {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .flatMap(name => {
      const stat = readOrNothing(`/proc/${name}/stat`)
      // The name of the program stands in parentheses and may hold anything.
      const fields = stat
        .slice(stat.lastIndexOf(')') + 2)
        .split(' ')
        .map(Number)
      if (fields.length < 15) return []
      return [{ pid: Number(name), parent: fields[1], ticks: fields.slice(11, 15).reduce((sum, field) => sum + field, 0) }]
    })
}

function memoryOf(pids) {
  const kib = (text, field) => Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1] ?? 0)
  let pss = 0
  let peak = 0
  for (const pid of pids) {
    pss += kib(readOrNothing(`/proc/${pid}/smaps_rollup`), 'Pss')
    peak += kib(readOrNothing(`/proc/${pid}/status`), 'VmHWM')
  }
  return { pssMiB: pss / 1024, peakRssMiB: peak / 1024 }
}

/** CPU time of the whole machine since it started, in milliseconds, without what it idled. Field 8 is what a hypervisor took away. */
export function machineCpuMs() {
  const fields = readOrNothing('/proc/stat').split('\n', 1)[0]?.split(/\s+/).slice(1).map(Number) ?? []
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = fields
  return (user + nice + system + irq + softirq + steal) * TICK_MS
}

/** Milliseconds of CPU time that the machine has in `ms` of wall time. */
export const machineCapacityMs = ms => ms * cpus().length

/** A process may be gone before it is read. */
function readOrNothing(file) {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

/** Ends a process that we started. @returns its exit code, or null when a signal ended it */
export async function stop(child, { signal = 'SIGTERM', withinMs = 20_000 } = {}) {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
  const ended = new Promise(done => child.once('exit', done))
  child.kill(signal)
  const impatient = setTimeout(() => child.kill('SIGKILL'), withinMs)
  try {
    return await ended
  } finally {
    clearTimeout(impatient)
  }
}

/** @returns where the program is, in PATH or where system programs lie */
export function findProgram(name) {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin', '/usr/local/sbin']
  return folders.map(folder => join(folder, name)).find(existsSync)
}
