/**
 * Octets of a socket straight to whoever reads it. Node's streams ask for more after every chunk, on a tick of its own, which costs as much as a
 * command's answer; while a socket flows and nothing of it is buffered there is no need. Everything else goes their way: what comes while
 * the socket is paused, its end, and whatever a Node that reads in another manner hands them.
 */
import type { Socket } from 'node:net'
import { Readable } from 'node:stream'

/** @returns what gives the socket back to its stream */
export function readDirectly(socket: Socket, take: (chunk: Buffer) => void): () => void {
  const flows = (): boolean => socket.readableFlowing === true && socket.readableLength === 0
  socket.push = (chunk: unknown, encoding?: BufferEncoding): boolean => {
    if (!Buffer.isBuffer(chunk) || !flows()) return Readable.prototype.push.call(socket, chunk, encoding)
    take(chunk)
    return true
  }
  socket.on('data', take)
  return () => {
    socket.push = Readable.prototype.push
    socket.off('data', take)
  }
}
