/** The `Machine` port over Node: file modes, the disk of the home, interfaces, and the time of another clock. */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { lstat, open, readdir, rm, statfs } from 'node:fs/promises'
import { isIPv6 } from 'node:net'
import { arch, cpus, networkInterfaces, platform, release, totalmem } from 'node:os'
import { join, relative } from 'node:path'
import { MailctlError, messageOf } from '../base/errors.ts'
import type { DiskState, Machine } from '../ports/machine.ts'
import { fileFailure } from './private-files.ts'

const MOST_EXPOSED = 20
const SYNCS = 5
const NTP_WAIT_MS = 3_000
/** Seconds from 1900 to 1970. */
const NTP_EPOCH = 2_208_988_800

/** @param home of the account; it need not be there */
export function openMachine(home: string): Machine {
  return {
    facts: {
      node: process.versions.node,
      platform: platform(),
      release: release(),
      arch: arch(),
      cpus: cpus().length,
      memoryBytes: totalmem(),
    },
    exposed: async () => (platform() === 'win32' ? [] : await exposedBelow(home)),
    disk: () => diskOf(home),
    addresses: () =>
      Object.values(networkInterfaces())
        .flatMap(list => list ?? [])
        .filter(({ internal, address }) => !internal && !/^fe[89ab]/i.test(address))
        .map(({ address }) => address),
    async clockIsKept() {
      if (!existsSync('/run/systemd/timesync')) return undefined
      return existsSync('/run/systemd/timesync/synchronized')
    },
    clockAheadMs,
  }
}

async function exposedBelow(home: string): Promise<string[]> {
  const found: string[] = []
  const look = async (path: string): Promise<void> => {
    if (found.length >= MOST_EXPOSED) return
    const state = await lstat(path)
    if (state.isSymbolicLink()) return
    if ((state.mode & 0o077) !== 0) found.push(relative(home, path) || '.')
    if (state.isDirectory()) for (const name of (await readdir(path)).sort()) await look(join(path, name))
  }
  try {
    await look(home)
  } catch (error) {
    throw fileFailure(`cannot look at ${home}`, error)
  }
  return found
}

async function diskOf(home: string): Promise<DiskState> {
  const file = join(home, `.doctor-${process.pid}`)
  try {
    const { bavail, bsize } = await statfs(home)
    const taken: number[] = []
    const handle = await open(file, 'wx', 0o600)
    try {
      for (let i = 0; i < SYNCS; i += 1) {
        const begun = performance.now()
        await handle.write('x'.repeat(4_096))
        await handle.sync()
        taken.push(performance.now() - begun)
      }
    } finally {
      await handle.close()
    }
    return { freeBytes: bavail * bsize, syncMs: taken.sort((a, b) => a - b)[SYNCS >> 1] ?? 0 }
  } catch (error) {
    throw fileFailure(`cannot write in ${home}`, error)
  } finally {
    await rm(file, { force: true }).catch(() => {})
  }
}

async function clockAheadMs({ host, port }: { readonly host: string; readonly port: number }, signal: AbortSignal): Promise<number> {
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4')
  const limit = AbortSignal.any([signal, AbortSignal.timeout(NTP_WAIT_MS)])
  try {
    const question = Buffer.alloc(48)
    question[0] = 0x23 // version 4, client
    socket.connect(port, host)
    await once(socket, 'connect', { signal: limit })
    const sentAt = Date.now()
    writeTime(question, 40, sentAt)
    socket.send(question)
    for (;;) {
      const [answer] = (await once(socket, 'message', { signal: limit })) as [Buffer]
      const receivedAt = Date.now()
      // What does not repeat our own moment is no answer to us.
      if (answer.length < 48 || !answer.subarray(24, 32).equals(question.subarray(40, 48))) continue
      if (answer[1] === 0) throw new Error('it sends clients away')
      return (sentAt - readTime(answer, 32) + (receivedAt - readTime(answer, 40))) / 2
    }
  } catch (error) {
    if (signal.aborted) throw error
    const why = limit.aborted ? `no answer in ${NTP_WAIT_MS / 1_000} s` : messageOf(error)
    throw new MailctlError('unreachable', `${host} does not tell the time: ${why}`)
  } finally {
    socket.close()
  }
}

function writeTime(packet: Buffer, at: number, ms: number): void {
  packet.writeUInt32BE(Math.floor(ms / 1_000) + NTP_EPOCH, at)
  packet.writeUInt32BE(Math.floor(((ms % 1_000) / 1_000) * 2 ** 32), at + 4)
}

const readTime = (packet: Buffer, at: number): number =>
  (packet.readUInt32BE(at) - NTP_EPOCH) * 1_000 + (packet.readUInt32BE(at + 4) / 2 ** 32) * 1_000
