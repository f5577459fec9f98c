/**
 * Writing `config.json` with `conf`: mode 0600 in a folder of mode 0700, whole or not at all. `conf` alone loses settings when two
 * processes write at once, so read-modify-write stands under a lock file. A damaged file is never replaced by an empty one.
 */
import { randomBytes } from 'node:crypto'
import { mkdir, open, readFile, rename, rm, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { MailctlError, messageOf } from './base/errors.ts'

/** A lock is held for one write, some milliseconds; older than this its owner is dead or stuck. */
const STALE_MS = 10_000
const GIVE_UP_MS = 15_000

/** @param value undefined removes the setting  @throws MailctlError store-unavailable, config (the file is damaged) */
export async function storeSetting(home: string, key: string, value: string | readonly string[] | undefined): Promise<void> {
  try {
    await mkdir(home, { recursive: true, mode: 0o700 })
    await withLock(join(home, 'config.json.lock'), async () => await write(home, key, value))
  } catch (thrown) {
    if (thrown instanceof MailctlError) throw thrown
    if (thrown instanceof SyntaxError)
      throw new MailctlError('config', `${join(home, 'config.json')} is not JSON: ${messageOf(thrown)}`, {
        hint: 'Correct it or move it away.',
        cause: thrown,
      })
    throw new MailctlError('store-unavailable', `cannot write ${join(home, 'config.json')}: ${messageOf(thrown)}`, {
      hint: 'Make the folder and its files writable for this user, free some space, or choose another --home.',
      cause: thrown,
    })
  }
}

/** @throws MailctlError store-unavailable */
export async function storeRelayPassword(home: string, password: string): Promise<void> {
  const file = join(home, 'keys', 'relay-password')
  const fresh = `${file}.${process.pid}.${randomBytes(6).toString('hex')}`
  try {
    await mkdir(join(home, 'keys'), { recursive: true, mode: 0o700 })
    const handle = await open(fresh, 'wx', 0o600)
    try {
      await handle.writeFile(`${password}\n`)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(fresh, file)
  } catch (thrown) {
    await rm(fresh, { force: true }) // no copy of the password stays behind
    throw new MailctlError('store-unavailable', `cannot write ${file}: ${messageOf(thrown)}`, { cause: thrown })
  }
}

async function write(home: string, key: string, value: string | readonly string[] | undefined): Promise<void> {
  const { default: Conf } = await import('conf')
  const conf = new Conf<Record<string, unknown>>({
    cwd: home,
    configName: 'config',
    fileExtension: 'json',
    projectName: 'mailctl',
    projectSuffix: '',
    configFileMode: 0o600,
    accessPropertiesByDotNotation: false,
  })
  if (value === undefined) conf.delete(key)
  else conf.set(key, value)
}

async function withLock<T>(lock: string, work: () => Promise<T>): Promise<T> {
  const mark = `${process.pid} ${randomBytes(12).toString('hex')}`
  const giveUpAt = Date.now() + GIVE_UP_MS
  while (!(await take(lock, mark))) {
    if (Date.now() > giveUpAt)
      throw new MailctlError('store-unavailable', `${lock} is held by another process`, { hint: 'Remove it if no mailctl is running.' })
    await breakStale(lock)
    await delay(2 + Math.random() * 10)
  }
  try {
    return await work()
  } finally {
    if ((await readMark(lock)) === mark) await unlink(lock)
  }
}

async function take(lock: string, mark: string): Promise<boolean> {
  try {
    const file = await open(lock, 'wx', 0o600)
    await file.writeFile(mark)
    await file.close()
    return true
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw thrown
  }
}

const readMark = async (file: string): Promise<string | undefined> => await readFile(file, 'utf8').catch(() => undefined)

/**
 * Moves a dead owner's lock out of the way. By rename, which only one of several breakers can do to the same file; by unlink a slow
 * breaker could remove the lock that a fast one has just taken. A living lock moved by mistake is moved back.
 */
async function breakStale(lock: string): Promise<void> {
  const found = await stat(lock).catch(() => undefined)
  const judged = await readMark(lock)
  if (!found || judged === undefined || (Date.now() - found.mtimeMs < STALE_MS && !isDead(judged))) return
  const aside = `${lock}.${process.pid}.${randomBytes(6).toString('hex')}`
  try {
    await rename(lock, aside)
  } catch {
    return
  }
  if ((await readMark(aside)) === judged) await unlink(aside)
  else await rename(aside, lock)
}

function isDead(mark: string): boolean {
  const pid = Number(mark.split(' ')[0])
  if (!Number.isInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
    return false
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === 'ESRCH'
  }
}
