/** Connections by TCP and inside the process: the same in what a peer can see of them. */
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { memorySockets, type SocketListener, type Sockets, tcpSockets } from '../../src/wire/sockets.ts'

async function pair(sockets: Sockets): Promise<{ near: Socket; far: Socket; listener: SocketListener }> {
  const accepted: Socket[] = []
  let arrived: (() => void) | undefined
  const listener = await sockets.listen({ host: '127.0.0.1', port: 0 }, socket => {
    accepted.push(socket)
    arrived?.()
  })
  const near = sockets.connect({ host: '127.0.0.1', port: listener.port })
  const came = new Promise<void>(resolve => {
    arrived = resolve
  })
  await Promise.all([once(near, 'connect'), came])
  const [far] = accepted
  if (!far) throw new Error('nobody came')
  onTestFinished(async () => {
    near.destroy()
    far.destroy()
    await listener.close()
  })
  return { near, far, listener }
}

async function all(socket: Socket): Promise<string> {
  let text = ''
  socket.on('data', chunk => {
    text += String(chunk)
  })
  await once(socket, 'end')
  return text
}

describe.each([
  ['TCP', () => tcpSockets],
  ['memory', memorySockets],
])('%s', (_, make) => {
  test('octets come in order, both ways, and each direction ends on its own', async () => {
    const { near, far } = await pair(make())
    expect(far.remoteAddress).toBe('127.0.0.1')
    near.write('a')
    near.write('bc')
    near.end('d')
    expect(await all(far)).toBe('abcd')
    expect(far.writable).toBe(true)
    far.end('answer')
    expect(await all(near)).toBe('answer')
  })

  test('a writer waits for a reader who does not read', async () => {
    const { near, far } = await pair(make())
    const piece = Buffer.alloc(256 * 1024, 'x')
    let written = 0
    while (near.write(piece) && written < 400) written += 1
    expect(written).toBeLessThan(400)
    let seen = 0
    far.on('data', (chunk: Buffer) => {
      seen += chunk.length
    })
    await once(near, 'drain')
    near.end()
    await once(far, 'end')
    expect(seen).toBe((written + 1) * piece.length)
  })

  test('one that goes away is noticed', async () => {
    const { near, far } = await pair(make())
    const ended = once(far.resume(), 'end')
    near.destroy()
    await ended
    far.on('error', () => {})
    far.write('too late')
    far.end()
    await new Promise(closed => far.once('close', closed))
  })

  test('where nobody listens a connection is refused', async () => {
    const sockets = make()
    const listener = await sockets.listen({ host: '127.0.0.1', port: 0 }, socket => socket.destroy())
    await listener.close()
    const [error] = await once(sockets.connect({ host: '127.0.0.1', port: listener.port }), 'error')
    expect(error).toMatchObject({ code: 'ECONNREFUSED' })
  })

  test('a listener is closed when its connections are', async () => {
    const { near, far, listener } = await pair(make())
    let isClosed = false
    const closed = listener.close().then(() => {
      isClosed = true
    })
    await new Promise(setImmediate)
    expect(isClosed).toBe(false)
    near.destroy()
    far.destroy()
    await closed
  })
})

test('two networks in memory know nothing of each other', async () => {
  const [one, two] = [memorySockets(), memorySockets()]
  const listener = await one.listen({ host: '127.0.0.1', port: 0 }, socket => socket.destroy())
  onTestFinished(() => listener.close())
  const [error] = await once(two.connect({ host: '127.0.0.1', port: listener.port }), 'error')
  expect(error).toMatchObject({ code: 'ECONNREFUSED' })
})
