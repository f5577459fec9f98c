// One measured run: source → peer (queue on disk, signature) → sink, all on loopback. The clock runs from the first connection of the source
// to the last message that the sink accepted; CPU time is the peer's alone, all of its processes; memory its highest.
import { generateKeyPairSync } from 'node:crypto'
import { chmodSync, existsSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, greeting, startSink, startSource } from './load/load.mjs'
import { machineCapacityMs, machineCpuMs, processGroup } from './processes.mjs'

const WARM_UP = 100
const SESSIONS = 20
const WITHIN_MS = 300_000
const LOOK_AT_MEMORY_MS = 250
/** statfs(2) calls it TMPFS_MAGIC. */
const TMPFS = 0x01021994

const folders = new Set()
process.on('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

/** On a disk, where syncing costs something: /tmp may be memory. Searchable by the users that peers run as. Gone with this process at the latest. */
export function makeFolder() {
  const folder = mkdtempSync(join(existsSync('/var/tmp') ? '/var/tmp' : tmpdir(), 'mailctl-bench-'))
  chmodSync(folder, 0o755)
  folders.add(folder)
  if (statfsSync(folder).type === TMPFS) console.error(`note: ${folder} is in memory, so no sync to disk is measured`)
  return folder
}

/** A throw-away RSA-2048 key, readable by the users that peers run as. @returns its file */
export function makeKey(folder) {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048, publicKeyEncoding: PUBLIC, privateKeyEncoding: PRIVATE })
  const file = join(folder, 'dkim.pem')
  writeFileSync(file, privateKey, { mode: 0o644 })
  return file
}
const PUBLIC = { type: 'spki', format: 'pem' }
const PRIVATE = { type: 'pkcs1', format: 'pem' }

/**
 * @typedef {object} Run
 * @property {number} perSecond messages that arrived, a second
 * @property {number} cpuMs of the peer, for each message
 * @property {number} pssMiB of the peer at its highest, as seen four times a second
 * @property {number} peakRssMiB of its processes, as the kernel has kept it
 * @property {number} otherShare of the machine's CPU time that neither peer nor load used
 */

/**
 * @typedef {object} Peer a running one
 * @property {number} port where it takes mail
 * @property {() => Promise<unknown>} stop
 * @property {(messages: number) => string | undefined} [unaccounted] after the end: what is wrong in its own account of what it delivered
 */

/**
 * @param {{ peer: { name: string, start(place: object): Promise<Peer> }, kind: 'postfix' | 'own',
 *   messages: number, size: number, recipients?: number, domains?: number }} what `peer.start` gets `{ folder, group, key, sinkPort }`
 * @returns {Promise<Run>}
 * @throws Error when the peer does not sign, not everything arrives, or its own account differs
 */
export async function measure({ peer, kind, messages, size, recipients = 1, domains = 1 }) {
  const folder = makeFolder()
  const [peerGroup, load] = [processGroup(), processGroup()]
  const cleanUp = [() => rmSync(folder, { recursive: true, force: true }), () => Promise.all([peerGroup.close(), load.close()])]
  try {
    const sinkPort = await freePort()
    const started = await peer.start({ folder, group: peerGroup, key: makeKey(folder), sinkPort })
    let stopped
    const stopPeer = () => {
      stopped ??= started.stop()
      return stopped
    }
    cleanUp.push(stopPeer)
    const place = { group: load, port: sinkPort, folder }
    await warmUp({ place, port: started.port, signs: peer.signs !== false })

    const sink = await startSink({ ...place, kind })
    cleanUp.push(() => sink.stop())
    const before = { peer: peerGroup.cpuMs(), load: load.cpuMs(), machine: machineCpuMs() }
    const memory = watchMemory(peerGroup)
    cleanUp.push(() => memory.stop())
    const source = await startSource({ kind, group: load, port: started.port, messages, size, sessions: SESSIONS, recipients, domains })
    const [{ at }] = await Promise.all([sink.reached(kind === 'own' ? messages * recipients : messages, WITHIN_MS), source.done])
    const used = { peer: peerGroup.cpuMs() - before.peer, load: load.cpuMs() - before.load, machine: machineCpuMs() - before.machine }
    const highest = memory.highest()
    await stopPeer()
    const wrong = started.unaccounted?.(WARM_UP + messages)
    if (wrong !== undefined) throw new Error(wrong)
    const wallMs = at - source.began
    return {
      perSecond: messages / (wallMs / 1000),
      cpuMs: used.peer / messages,
      ...highest,
      otherShare: Math.max(0, used.machine - used.peer - used.load) / machineCapacityMs(wallMs),
    }
  } catch (error) {
    throw new Error(`${peer.name}: ${error.message}`, { cause: error })
  } finally {
    await runAll(cleanUp.reverse())
  }
}

/** One after the other, also after one that fails. @throws the first failure, in the end */
async function runAll(steps) {
  const failures = []
  for (const step of steps)
    try {
      await step()
    } catch (error) {
      failures.push(error)
    }
  if (failures.length > 0) throw failures[0]
}

/** Fills caches and compiles what is hot, and shows that the peer signs. Our own sink, which keeps the first message's header. */
async function warmUp({ place, port, signs }) {
  const sink = await startSink({ ...place, kind: 'own' })
  try {
    await greeting(port)
    const source = await startSource({
      kind: 'own',
      group: place.group,
      port,
      messages: WARM_UP,
      size: 1024,
      sessions: SESSIONS,
      recipients: 1,
      domains: 1,
    })
    const [{ head }] = await Promise.all([sink.reached(WARM_UP, 60_000), source.done])
    if (signs && !/^DKIM-Signature:/im.test(head)) throw new Error('its mail is not signed')
  } finally {
    await sink.stop()
  }
}

function watchMemory(group) {
  const highest = { pssMiB: 0, peakRssMiB: 0 }
  const look = () => {
    for (const [name, value] of Object.entries(group.memory())) highest[name] = Math.max(highest[name], value)
  }
  const timer = setInterval(look, LOOK_AT_MEMORY_MS)
  return {
    highest() {
      look()
      return highest
    },
    stop: () => clearInterval(timer),
  }
}

/** No peer at all: what source and sink can do. */
export const wirePeer = {
  name: 'source straight into sink',
  signs: false,
  start: async ({ sinkPort }) => ({ port: sinkPort, stop: async () => {} }),
}
