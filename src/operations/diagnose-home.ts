/** What the account needs of its own machine: a home that nobody else reads, a disk that keeps, a whole store, keys, a certificate, a clock. */
import { createPublicKey, X509Certificate } from 'node:crypto'
import { keyRoles } from '../account/dkim-keys.ts'
import type { Identity } from '../account/identity.ts'
import { formatDuration, formatSize } from '../base/duration.ts'
import { MailctlError, messageOf } from '../base/errors.ts'
import type { Machine } from '../ports/machine.ts'
import type { App } from './app.ts'
import { cannotTell, type Diagnosis, fail, pass, warn } from './diagnosis.ts'

const MB = 1024 * 1024
/** Below it a few large messages fill the disk; below the other, the next one does. */
const LITTLE_BYTES = 1024 * MB
const TOO_LITTLE_BYTES = 100 * MB
/** A commit waits for one sync: above it, few messages a second are taken. */
const SLOW_SYNC_MS = 50
/** Of that much, signatures and logins begin to fail elsewhere. */
const CLOCK_OFF_MS = 5_000
const DAY_MS = 86_400_000
const EXPIRES_SOON_MS = 14 * DAY_MS
/** Keys are read up to so many identities. */
const MOST_IDENTITIES = 1_000

export interface ClockAsk {
  readonly machine: Machine
  /** Whom to ask the time; absent: nobody. */
  readonly ntp: { readonly host: string; readonly port: number } | undefined
  readonly signal: AbortSignal
}

export async function diagnoseHome(machine: Machine, home: string): Promise<Diagnosis> {
  const exposed = await machine.exposed().catch(asError)
  if (exposed instanceof MailctlError) return fail('HOME', exposed.message, 'mailctl init makes a home.')
  if (exposed.length === 0) return pass('HOME', `${home} is its owner's alone`)
  const [first = ''] = exposed
  const more = exposed.length > 1 ? ` and ${exposed.length - 1} more` : ''
  return fail('HOME', `others than its owner may read or write in ${home}: ${first}${more}`, `chmod -R go= '${home}'`)
}

export async function diagnoseDisk(machine: Machine): Promise<Diagnosis> {
  const disk = await machine.disk().catch(asError)
  if (disk instanceof MailctlError) return fail('DISK', disk.message, disk.hint ?? 'Free some space, or make the home writable.')
  const { freeBytes, syncMs } = disk
  const evidence = `${formatSize(freeBytes)} free, a sync takes ${syncMs.toFixed(1)} ms`
  if (freeBytes < TOO_LITTLE_BYTES) return fail('DISK', evidence, 'Free some space: mail is refused when the disk is full.')
  if (freeBytes < LITTLE_BYTES) return warn('DISK', evidence, 'Free some space: one message may be 40 MB.')
  if (syncMs > SLOW_SYNC_MS) return warn('DISK', evidence, 'Keep the home on a local disk: every accepted message waits for a sync.')
  return pass('DISK', evidence)
}

export async function diagnoseStore({ store }: Pick<App, 'store'>, full: boolean): Promise<Diagnosis> {
  const { sizeBytes, isWhollyRead, problems } = await store.integrity({ full })
  const [first] = problems
  if (first !== undefined) {
    const more = problems.length > 1 ? `, and ${problems.length - 1} more` : ''
    return fail('STORE', `${first}${more}`, 'Stop serve and restore account.db and spool/ together from a copy of one moment.')
  }
  if (isWhollyRead) return pass('STORE', `account.db is whole (${formatSize(sizeBytes)}), and so are the files of the spool`)
  return cannotTell(
    'STORE',
    `account.db has ${formatSize(sizeBytes)}: its pages were not all read, the spool is whole`,
    'mailctl doctor --full',
  )
}

/** Every key that a domain signs with, or will: its file is there and is the key whose public half is told. */
export async function diagnoseKeys(app: Pick<App, 'store' | 'keys'>): Promise<Diagnosis> {
  const signing = (await app.store.identities()).filter(({ type, dkim }) => type === 'DOMAIN' && dkim.signingEnabled)
  let found = 0
  for (const identity of signing.slice(0, MOST_IDENTITIES)) {
    for (const { token, state } of keyRoles(identity.dkim)) {
      if (state === 'RETIRED') continue
      const why = await faultOf(app, identity, token)
      if (why !== undefined) return fail('KEYS', why, `mailctl identity set ${identity.name} --dkim txt makes new keys.`)
      found += 1
    }
  }
  if (signing.length > MOST_IDENTITIES)
    return cannotTell('KEYS', `the keys of ${MOST_IDENTITIES} of ${signing.length} domains were read, all are there`)
  if (found === 0) return pass('KEYS', 'no domain signs with DKIM yet')
  return pass('KEYS', `${found} DKIM keys of ${signing.length} domain${signing.length === 1 ? '' : 's'} are there`)
}

async function faultOf({ keys }: Pick<App, 'keys'>, { name }: Identity, token: string): Promise<string | undefined> {
  try {
    const key = await keys.privateKey(token, name)
    const told = await keys.publicKey(token, name)
    const own = createPublicKey(key).export({ type: 'spki', format: 'der' }).toString('base64')
    return own === told ? undefined : `the key ${token} of ${name} is another than the one in its records`
  } catch (error) {
    return `the key ${token} of ${name} cannot be used: ${messageOf(error)}`
  }
}

/** Of the doors. @param now of the machine, epoch milliseconds */
export async function diagnoseCertificate(
  { certificates, settings }: Pick<App, 'certificates' | 'settings'>,
  now: number,
): Promise<Diagnosis> {
  const tls = await certificates.own().catch(asError)
  if (tls instanceof MailctlError) return fail('CERTIFICATE', tls.message, tls.hint ?? 'Remove keys/tls: a new one is made then.')
  const certificate = new X509Certificate(tls.cert)
  const [from, until] = [Date.parse(certificate.validFrom), Date.parse(certificate.validTo)]
  const day = (at: number): string => new Date(at).toISOString().slice(0, 10)
  const fix = 'Remove keys/tls and restart serve: a new certificate is made then.'
  if (now < from) return fail('CERTIFICATE', `the doors' certificate is valid from ${day(from)} on`, fix)
  if (now >= until) return fail('CERTIFICATE', `the doors' certificate ended on ${day(until)}`, fix)
  if (certificate.checkHost(settings.hostname) === undefined)
    return warn('CERTIFICATE', `the doors' certificate is not for ${settings.hostname}`, fix)
  if (until - now < EXPIRES_SOON_MS) return warn('CERTIFICATE', `the doors' certificate ends on ${day(until)}`, fix)
  return pass('CERTIFICATE', `the doors' certificate is for ${settings.hostname}, valid until ${day(until)}`)
}

export async function diagnoseClock({ machine, ntp, signal }: ClockAsk): Promise<Diagnosis> {
  if (ntp !== undefined) return await compareClock(machine, ntp, signal)
  const isKept = await machine.clockIsKept()
  if (isKept === true) return pass('CLOCK', 'the system keeps its clock by the network')
  const ask = 'mailctl doctor --ntp pool.ntp.org compares it.'
  if (isKept === false) return warn('CLOCK', 'the system has not yet set its clock by the network', ask)
  return cannotTell('CLOCK', 'nothing here says whether the clock is right', ask)
}

async function compareClock(machine: Machine, ntp: NonNullable<ClockAsk['ntp']>, signal: AbortSignal): Promise<Diagnosis> {
  const ahead = await machine.clockAheadMs(ntp, signal).catch(asError)
  if (ahead instanceof MailctlError) return cannotTell('CLOCK', ahead.message, 'mailctl doctor --ntp HOST asks another.')
  const off = formatDuration(Math.abs(Math.round(ahead)))
  const evidence = `the clock is ${off} ${ahead >= 0 ? 'ahead of' : 'behind'} ${ntp.host}`
  return Math.abs(ahead) < CLOCK_OFF_MS
    ? pass('CLOCK', evidence)
    : fail('CLOCK', evidence, 'Set the clock: signatures and requests carry its time.')
}

/** Whether somebody delivers what waits. */
export async function diagnoseEngine({ store }: Pick<App, 'store'>): Promise<Diagnosis> {
  const { queued, deferred } = await store.queueStats()
  const waiting = queued + deferred
  if (await store.othersAtWork()) return pass('ENGINE', `another process is at work on this account; recipients that wait: ${waiting}`)
  if (waiting === 0) return pass('ENGINE', 'nothing waits to be delivered')
  return warn('ENGINE', `recipients that wait: ${waiting}; no process delivers them`, 'mailctl serve, or mailctl queue flush once.')
}

/** Refusals are findings; anything else is a bug. */
export function asError(error: unknown): MailctlError {
  if (error instanceof MailctlError) return error
  throw error
}
