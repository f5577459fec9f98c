import { once } from 'node:events'
import type { Socket } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readDirectly } from '../../../src/wire/direct-reading.ts'
import { memorySockets, type SocketListener, type Sockets, tcpSockets } from '../../../src/wire/sockets.ts'

let listener: SocketListener
let near: Socket
let far: Socket
let heard: string
let giveBack: () => void
/** Of the far socket, what it heard so far once it is so long. */
let reached: { readonly length: number; readonly resolve: () => void } | undefined

const hears = (length: number): Promise<void> =>
  new Promise(resolve => {
    reached = { length, resolve }
    if (heard.length >= length) resolve()
  })

function take(chunk: Buffer): void {
  heard += chunk.toString('latin1')
  if (reached && heard.length >= reached.length) reached.resolve()
}

async function connect(sockets: Sockets): Promise<void> {
  const accepted = new Promise<Socket>(resolve => {
    sockets.listen({ host: '127.0.0.1', port: 0 }, resolve).then(made => {
      listener = made
      near = sockets.connect({ host: '127.0.0.1', port: made.port })
    })
  })
  far = await accepted
  giveBack = readDirectly(far, take)
}

beforeEach(() => {
  heard = ''
  reached = undefined
})

afterEach(async () => {
  near.destroy()
  far.destroy()
  await listener.close()
})

test.each([
  ['TCP', tcpSockets],
  ['memory', memorySockets()],
])('over %s every octet comes once and in order, pauses or not, and then the end', async (_, sockets) => {
  await connect(sockets)
  const ended = once(far, 'end')
  near.write('one ')
  await hears(4)
  far.pause()
  near.write('two ')
  await new Promise(resolve => near.write('three ', resolve))
  expect(heard).toBe('one ')
  far.resume()
  await hears(14)
  near.end('four')
  await ended
  expect(heard).toBe('one two three four')
})

test('who lags is waited for: what a paused socket does not take stays with the sender', async () => {
  await connect(tcpSockets)
  far.pause()
  const much = 'x'.repeat(16 * 1024 * 1024)
  expect(near.write(much)).toBe(false)
  await new Promise(resolve => setImmediate(resolve))
  expect(heard).toBe('')
  expect(near.writableLength).toBeGreaterThan(0)
  expect(far.readableLength).toBeLessThan(1024 * 1024)
  far.resume()
  await hears(much.length)
  expect(heard.length).toBe(much.length)
})

test('given back, the socket is its stream again', async () => {
  await connect(tcpSockets)
  near.write('ours')
  await hears(4)
  giveBack()
  const theirs = once(far, 'data')
  near.write('theirs')
  expect(String(await theirs)).toBe('theirs')
  expect(heard).toBe('ours')
})
