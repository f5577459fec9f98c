/**
 * Opens the transport's TCP connections: the only place that does. A connection that must stay on this machine passes the loopback guard
 * immediately before the socket is made, so no packet of it can leave.
 */
import net, { type Socket } from 'node:net'
import { MailctlError } from '../base/errors.ts'
import type { Lab } from '../ports/lab.ts'
import type { Network } from '../ports/settings.ts'
import type { Hop } from '../ports/transport.ts'
import { assertLoopback } from '../wire/loopback.ts'
import { SessionBroken } from '../wire/session-broken.ts'
import { describeSocketError } from '../wire/smtp-client-connection.ts'
import type { Transcript } from '../wire/smtp-transcript.ts'

/** Where a socket goes, and whether that may be off this machine. */
export interface Place {
  readonly address: string
  readonly port: number
  readonly reach: 'loopback' | 'anywhere'
}

/** A door of the lab for hops through it, the hop's own address for the others. @throws SessionBroken connect, when the lab has no such door */
export async function whereTo(hop: Hop, { network, lab }: { readonly network: Network; readonly lab: Pick<Lab, 'door'> }): Promise<Place> {
  if (hop.via !== 'lab') return { address: hop.address, port: hop.port, reach: network === 'lab' ? 'loopback' : 'anywhere' }
  try {
    return { ...(await lab.door(hop.hostName, hop.address)), reach: 'loopback' }
  } catch (thrown) {
    if (thrown instanceof MailctlError && thrown.code === 'unreachable') throw new SessionBroken('connect', thrown.message)
    throw thrown
  }
}

interface Dialling {
  readonly timeoutMs: number
  readonly transcript: Transcript
  /** Every open socket is in it, until it closes. */
  readonly sockets: Set<Socket>
  readonly signal?: AbortSignal
}

/** @throws SessionBroken connect; MailctlError forbidden, when the place must be on loopback and is not */
export function connectTo(place: Place, { timeoutMs, transcript, sockets, signal }: Dialling): Promise<Socket> {
  const { address, port } = place
  if (place.reach === 'loopback') assertLoopback(address)
  transcript.add('*', `connecting to ${address}:${port}`)
  const socket = net.connect({ host: address, port, noDelay: true })
  sockets.add(socket)
  socket.once('close', () => sockets.delete(socket))
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => socket.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs)
    const onAbort = (): void => void socket.destroy(new Error('interrupted'))
    const finish = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
      socket.off('error', onError).off('close', onClose)
    }
    const fail = (words: string): void => {
      finish()
      // A second error of a destroyed socket is of no interest, but would end the process.
      socket.on('error', () => {})
      transcript.add('*', words)
      reject(new SessionBroken('connect', words))
    }
    const onError = (error: Error): void => fail(describeSocketError(error))
    const onClose = (): void => fail('the connection was closed before it stood')
    socket.on('error', onError).on('close', onClose)
    socket.once('connect', () => {
      finish()
      resolve(socket)
    })
    signal?.addEventListener('abort', onAbort, { once: true })
    if (signal?.aborted) onAbort()
  })
}
