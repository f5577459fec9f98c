/**
 * Opens the transport's TCP connections: the only place that does. A connection that must stay on this machine passes the loopback guard
 * immediately before the socket is made, so no packet of it can leave.
 */
import { isIP, type Socket } from 'node:net'
import { MailctlError } from '../base/errors.ts'
import type { Lab } from '../ports/lab.ts'
import type { Network } from '../ports/settings.ts'
import type { Hop } from '../ports/transport.ts'
import { assertLoopback } from '../wire/loopback.ts'
import { SessionBroken } from '../wire/session-broken.ts'
import { describeSocketError } from '../wire/smtp-client-connection.ts'
import type { Transcript } from '../wire/smtp-transcript.ts'
import type { Sockets } from '../wire/sockets.ts'

/** RFC 8305 §5, connection attempt delay. */
export const STAGGER_MS = 250

/** Where a socket goes, from where, and whether that may be off this machine. */
interface Place {
  readonly address: string
  readonly port: number
  /** An address of this machine; absent: the system chooses. */
  readonly source?: string
  readonly reach: 'loopback' | 'anywhere'
}

/**
 * A door of the lab for hops through it, the hop's own addresses for the others, in order of preference.
 * @throws SessionBroken connect, when the lab has no such door, or no address may be dialled from the hop's source
 */
export async function placesOf(
  hop: Hop,
  { network, lab }: { readonly network: Network; readonly lab: Pick<Lab, 'door'> },
): Promise<Place[]> {
  const { hostName, address, rival, port, source } = hop
  if (hop.via === 'lab') return [{ ...(await doorOf(hop, lab)), reach: 'loopback' }]
  const reach = network === 'lab' ? 'loopback' : 'anywhere'
  const addresses = rival === undefined ? [address] : [address, rival]
  const places = addresses.flatMap((one): Place[] => {
    if (source === undefined) return [{ address: one, port, reach }]
    const from = source.find(own => isIP(own) === isIP(one))
    return from === undefined ? [] : [{ address: one, port, source: from, reach }]
  })
  if (places.length > 0) return places
  throw new SessionBroken('connect', `${hostName} has no address that can be reached from ${source?.join(' and ')}`)
}

async function doorOf({ hostName, address }: Hop, lab: Pick<Lab, 'door'>): ReturnType<Lab['door']> {
  try {
    return await lab.door(hostName, address)
  } catch (thrown) {
    if (thrown instanceof MailctlError && thrown.code === 'unreachable') throw new SessionBroken('connect', thrown.message)
    throw thrown
  }
}

interface Dialling {
  readonly timeoutMs: number
  /** How long a place is dialled alone before the next one is too. */
  readonly staggerMs: number
  readonly transcript: Transcript
  /** Every open socket is in it, until it closes. */
  readonly open: Set<Socket>
  readonly sockets: Sockets
  readonly signal?: AbortSignal
}

interface Connected {
  readonly socket: Socket
  /** Where the connection really went. */
  readonly address: string
}

/**
 * The first connection that stands; the others are given up. A place is dialled when those before it have failed, or have not answered
 * for a moment. RFC 8305 §5.
 * @throws SessionBroken connect, of the last place that failed; MailctlError forbidden, when a place must be on loopback and is not
 */
export function connectToOneOf(places: readonly Place[], dialling: Dialling): Promise<Connected> {
  const race: Race = { isOver: false, sockets: new Set() }
  return new Promise((resolve, reject) => {
    let next = 0
    let running = 0
    let timer: NodeJS.Timeout | undefined
    const finish = (settle: () => void): void => {
      clearTimeout(timer)
      race.isOver = true
      for (const socket of race.sockets) socket.destroy()
      settle()
    }
    const start = (): void => {
      clearTimeout(timer)
      const place = places[next]
      if (place === undefined) return
      next += 1
      running += 1
      if (next < places.length) timer = setTimeout(start, dialling.staggerMs)
      connectTo(place, dialling, race).then(
        socket => finish(() => resolve({ socket, address: place.address })),
        (thrown: unknown) => {
          running -= 1
          if (race.isOver) return
          if (next < places.length && !dialling.signal?.aborted) start()
          else if (running === 0) finish(() => reject(thrown))
        },
      )
    }
    start()
  })
}

/** Connections to one host that compete. */
interface Race {
  isOver: boolean
  /** Those that do not stand yet. */
  readonly sockets: Set<Socket>
}

/** @throws SessionBroken connect; MailctlError forbidden, when the place must be on loopback and is not */
async function connectTo(place: Place, { timeoutMs, transcript, open, sockets, signal }: Dialling, race: Race): Promise<Socket> {
  const { address, port, source } = place
  if (place.reach === 'loopback') assertLoopback(address)
  transcript.add('*', `connecting to ${address}:${port}${source === undefined ? '' : ` from ${source}`}`)
  const socket = sockets.connect({ host: address, port, ...(source !== undefined && { localAddress: source }) })
  open.add(socket)
  race.sockets.add(socket)
  socket.once('close', () => open.delete(socket))
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => socket.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs)
    const onAbort = (): void => void socket.destroy(new Error('interrupted'))
    const finish = (): void => {
      clearTimeout(timer)
      race.sockets.delete(socket)
      signal?.removeEventListener('abort', onAbort)
      socket.off('error', onError).off('close', onClose)
    }
    const fail = (words: string): void => {
      finish()
      // A second error of a destroyed socket is of no interest, but would end the process.
      socket.on('error', () => {})
      if (!race.isOver) transcript.add('*', words)
      reject(new SessionBroken('connect', words))
    }
    const onError = (error: Error): void => fail(describeSocketError(error))
    const onClose = (): void => fail('the connection was closed before it stood')
    socket.on('error', onError).on('close', onClose)
    socket.once('connect', () => {
      finish()
      if (race.isOver) socket.destroy()
      else resolve(socket)
    })
    signal?.addEventListener('abort', onAbort, { once: true })
    if (signal?.aborted) onAbort()
  })
}
