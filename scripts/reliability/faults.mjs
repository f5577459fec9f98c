// A disk and a clock that fail on command, for one process: see faults.c. Needs a C compiler and Linux; where they are missing the runs that
// need them are left out, and the reason is reported.
import { spawnSync } from 'node:child_process'
import { closeSync, openSync, readSync, writeFileSync, writeSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const KINDS = { full: 1, 'sync-fails': 2, 'die-in-write': 3, 'die-before-sync': 4, 'die-after-sync': 5, 'read-only': 6 }
const FILES = { wal: 1, database: 2, spool: 4 }

/** @returns {{ library: string } | { missing: string }} */
export function buildFaults(folder) {
  if (process.platform !== 'linux') return { missing: `needs Linux, this is ${process.platform}` }
  const library = `${folder}/faults.so`
  const source = fileURLToPath(new URL('faults.c', import.meta.url))
  const { error, status, stderr } = spawnSync('cc', ['-shared', '-fPIC', '-O2', '-Wall', '-o', library, source, '-ldl'], {
    encoding: 'utf8',
  })
  if (error) return { missing: `no C compiler (${error.message})` }
  return status === 0 ? { library } : { missing: `faults.c does not compile here: ${stderr.trim().split('\n')[0]}` }
}

/** @param {string} file made here; the process finds it by its environment */
export function faultSwitch(file, library) {
  writeFileSync(file, Buffer.alloc(64))
  const put = (index, value) => {
    const octets = Buffer.alloc(8)
    octets.writeBigInt64LE(BigInt(value))
    const descriptor = openSync(file, 'r+')
    writeSync(descriptor, octets, 0, 8, index * 8)
    closeSync(descriptor)
  }
  return {
    env: { LD_PRELOAD: library, MAILCTL_FAULTS: file },
    /** @param fault `pass` calls go well first, then `fail` of them do not (-1: all) */
    arm({ kind, files, pass, fail }) {
      put(2, pass)
      put(3, fail)
      put(
        4,
        files.reduce((mask, name) => mask | FILES[name], 0),
      )
      put(1, KINDS[kind])
    },
    disarm: () => put(1, 0),
    jumpClock: ms => put(0, BigInt(ms) * 1_000_000n),
    /** How many calls were made to fail. */
    failed() {
      const octets = Buffer.alloc(8)
      const descriptor = openSync(file, 'r')
      readSync(descriptor, octets, 0, 8, 40)
      closeSync(descriptor)
      return Number(octets.readBigInt64LE())
    },
  }
}
