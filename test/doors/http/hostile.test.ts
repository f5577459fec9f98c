/** What is sent to break the API: every request is answered, in words, and the door goes on. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { deflateSync, gzipSync } from 'node:zlib'
import { describe, expect, onTestFinished, test } from 'vitest'
import { silent } from '../../../src/base/log.ts'
import { openHttpDoor } from '../../../src/http/server.ts'
import { askPort, openHttpAccount } from '../../support/http-door.ts'

const SEND = '/v2/email/outbound-emails'
const VALID = JSON.stringify({
  FromEmailAddress: 'orders@shop.example',
  Destination: { ToAddresses: ['ann@example.net'] },
  Content: { Simple: { Subject: { Data: 'Hello' }, Body: { Text: { Data: 'Hi' } } } },
})

test.each([
  ['a body that is no JSON', '{"FromEmailAddress":', {}],
  ['JSON a thousand levels deep', `${'['.repeat(1_000)}${']'.repeat(1_000)}`, {}],
  ['objects a thousand levels deep', `${'{"a":'.repeat(1_000)}1${'}'.repeat(1_000)}`, {}],
  ['a list instead of an object', '[]', {}],
  ['a number instead of an address', VALID.replace('"orders@shop.example"', '7'), {}],
  ['a list of nothing', VALID.replace('["ann@example.net"]', '[null]'), {}],
  ['__proto__ as a member', '{"__proto__":{"FromEmailAddress":"orders@shop.example"},"Content":{}}', {}],
  ['raw octets that are no base64', '{"Content":{"Raw":{"Data":"*"}}}', {}],
  ['gzip that is none', VALID, { 'content-encoding': 'gzip' }],
  ['a coding nobody knows', VALID, { 'content-encoding': 'br' }],
])('%s is answered as a fault of the client', async (_, body, headers) => {
  const { ask, app, warnings } = await openHttpAccount()
  const { status, headers: answered, body: said } = await ask('POST', SEND, { body, headers })
  expect(status).toBeGreaterThanOrEqual(400)
  expect(status).toBeLessThan(500)
  expect(answered['x-amzn-errortype']).toMatch(/Exception$|^MessageRejected$/)
  expect(() => JSON.parse(said)).not.toThrow()
  expect([warnings, await app.store.messages(1)]).toEqual([[], []])
})

test('what unpacks to more than a message may have is cut off, whatever it was packed in', async () => {
  const { ask } = await openHttpAccount()
  const bomb = gzipSync(Buffer.alloc(200 * 1024 * 1024, 'x'))
  expect(bomb.length).toBeLessThan(300_000)
  const before = process.memoryUsage().rss
  const { status } = await ask('POST', SEND, { body: bomb, headers: { 'content-encoding': 'gzip' } })
  expect(status).toBe(413)
  expect(process.memoryUsage().rss - before).toBeLessThan(160 * 1024 * 1024)
})

test('what goes on behind its packed end is a broken body, also while it is being answered', async () => {
  const { port, ask } = await openHttpAccount()
  const packed = Buffer.concat([deflateSync(VALID), Buffer.from('more')])
  for (let times = 0; times < 20; times += 1) {
    const socket = connect(port, '127.0.0.1')
    let said = ''
    socket
      .on('error', () => {})
      .on('data', chunk => {
        said += chunk
      })
    socket.setNoDelay(true)
    socket.write(
      `POST ${SEND} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Encoding: deflate\r\nContent-Length: ${packed.length + 100_000}\r\n\r\n`,
    )
    socket.write(packed)
    while (!said.includes('Exception') && !socket.destroyed) {
      socket.write('.')
      await new Promise(setImmediate)
    }
    socket.destroy()
    expect(said).toMatch(/^HTTP\/1\.1 400 [\s\S]*SerializationException/)
  }
  expect((await ask('POST', SEND, { body: packed, headers: { 'content-encoding': 'deflate' } })).status).toBe(400)
  expect((await ask('POST', SEND, { body: deflateSync(VALID), headers: { 'content-encoding': 'deflate' } })).status).toBe(200)
})

test.each([
  ['parameters', '&a'.repeat(20_000_000)],
  ['a name of dots', `Action=SendEmail&${'.'.repeat(40_000_000)}=1`],
])('a form of forty megabytes of %s is refused before anything is made of it', async (_, body) => {
  const { ask } = await openHttpAccount()
  const before = process.memoryUsage().heapUsed
  expect(await ask('POST', '/', { body })).toMatchObject({ status: 400, body: expect.stringContaining('MalformedInput') })
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(256 * 1024 * 1024)
})

test('more header fields than anybody sends are refused, not left out', async () => {
  const { ask } = await openHttpAccount()
  const headers = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`x-${index}`, '1']))
  expect((await ask('GET', '/healthz', { headers: headers(190) })).status).toBe(200)
  expect((await ask('GET', '/healthz', { headers: headers(201) })).status).toBe(431)
})

describe('where requests are signed', () => {
  const scope = `${new Date().toISOString().slice(0, 10).replaceAll('-', '')}/us-east-1/ses/aws4_request`
  const authorization = (signedHeaders: string): string =>
    `AWS4-HMAC-SHA256 Credential=AKIAXXXXXXXXXXXXXXXX/${scope}, SignedHeaders=${signedHeaders}, Signature=${'0'.repeat(64)}`
  const date = new Date().toISOString().replace(/[-:]|\.\d{3}/g, '')

  test.each([
    ['has no signature', {}, 'MissingAuthenticationTokenException'],
    ['has none of our keys', { Authorization: authorization('host;x-amz-date'), 'X-Amz-Date': date }, 'UnrecognizedClientException'],
  ])('the body of a request that %s is not waited for', async (_, fields, type) => {
    const { port } = await openHttpAccount({ auth: 'sigv4' })
    for (const path of [SEND, '/']) {
      const socket = connect(port, '127.0.0.1')
      const lines = Object.entries({ Host: '127.0.0.1', 'Content-Length': '60000000', ...fields }).map(
        ([name, value]) => `${name}: ${value}`,
      )
      socket.write(`POST ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`)
      const [said] = await once(socket, 'data')
      socket.destroy()
      expect(String(said)).toContain(path === SEND ? type : type.replace(/^Unrecog.*/, 'InvalidClientTokenId').replace(/Exception$/, ''))
    }
  })

  test('a header that is signed twice is signed by nobody', async () => {
    const { ask } = await openHttpAccount({ auth: 'sigv4' })
    const headers = { authorization: authorization('host;x-amz-date;host'), 'x-amz-date': date }
    expect((await ask('POST', SEND, { body: VALID, headers })).headers['x-amzn-errortype']).toBe('IncompleteSignatureException')
  })
})

test.each([
  ['header fields without end', '', Buffer.from('X-Endless: 1\r\n'.repeat(5_000)), /^HTTP\/1\.1 431 /],
  ['a body without end', 'Transfer-Encoding: chunked\r\n\r\n', Buffer.from(`fffff\r\n${'x'.repeat(0xfffff)}\r\n`), /^HTTP\/1\.1 413 /],
])('whoever sends %s and listens afterwards hears why he was cut', async (_, fields, octets, answer) => {
  const { port } = await openHttpAccount()
  const socket = connect(port, '127.0.0.1').pause()
  onTestFinished(() => void socket.destroy())
  let said = ''
  socket.on('error', () => {}).write(`POST ${SEND} HTTP/1.1\r\nHost: 127.0.0.1\r\n${fields}`)
  for (let times = 0; times < 80 && !socket.destroyed; times += 1) await new Promise(done => socket.write(octets, done))
  socket.on('data', chunk => {
    said += chunk
  })
  socket.resume()
  await expect.poll(() => said).toMatch(answer)
})

test('requests that a lost connection had sent are answered to nobody', async () => {
  const { port, ask, warnings } = await openHttpAccount({ auth: 'sigv4' })
  const request = `POST ${SEND} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\n`
  for (let times = 0; times < 200; times += 1) {
    const socket = connect(port, '127.0.0.1')
    const closed = new Promise(done => socket.on('error', () => {}).on('close', done))
    await once(socket, 'connect')
    await new Promise(done => socket.write(`${request}1234`, done))
    if (times % 2 === 0) await new Promise(setImmediate)
    socket.write(`56789${`${request}123456789`.repeat(times % 40)}${request}1234`)
    if (times % 3 === 0) await new Promise(setImmediate)
    socket.resetAndDestroy()
    await closed
  }
  expect([(await ask('GET', '/healthz')).status, warnings]).toEqual([200, []])
})

test('who takes no octet of an answer does not keep it waiting for ever', async () => {
  const answered: number[] = []
  const door = await openHttpDoor({
    host: '127.0.0.1',
    port: 0,
    routes: [{ method: 'GET', path: '/large', from: 'any', handle: () => ({ status: 200, body: Buffer.alloc(64 * 1024 * 1024) }) }],
    names: new Set(),
    metrics: { answered: ({ status }) => answered.push(status) },
    log: silent,
    warn: () => {},
    stalledMs: 100,
  })
  onTestFinished(() => door.close(0))
  const socket = connect(door.port, '127.0.0.1').pause()
  onTestFinished(() => void socket.destroy())
  socket.on('error', () => {})
  socket.write('GET /large HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n')
  await expect.poll(() => answered.length, { timeout: 5_000 }).toBe(1)
})

/** The same numbers for the same seed. */
function numbers(seed: number): (below: number) => number {
  let state = seed >>> 0
  return below => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

function mutated(text: string, seed: number): Buffer {
  const next = numbers(seed)
  const octets = Buffer.from(text)
  const rounds = 1 + next(4)
  let result = octets
  for (let round = 0; round < rounds; round += 1) {
    const at = next(result.length)
    const kind = next(4)
    if (kind === 0) result = Buffer.concat([result.subarray(0, at), Buffer.from([next(256)]), result.subarray(at + 1)])
    else if (kind === 1) result = result.subarray(0, at)
    else if (kind === 2) result = Buffer.concat([result.subarray(0, at), result.subarray(next(result.length))])
    else result = Buffer.concat([result.subarray(0, at), Buffer.alloc(next(200), next(256)), result.subarray(at)])
    if (result.length === 0) return result
  }
  return result
}

test('a thousand mutated requests: each is answered, none is a failure of ours, and the door still sends', async () => {
  const { port, ask, app, warnings } = await openHttpAccount()
  const odd: unknown[] = []
  const seeds = Array.from({ length: 1_000 }, (_, seed) => seed)
  const worker = async (): Promise<void> => {
    for (let seed = seeds.pop(); seed !== undefined; seed = seeds.pop()) {
      const { status } = await askPort(port, { method: 'POST', path: SEND, body: mutated(VALID, seed) })
      if (status !== 200 && (status < 400 || status > 499)) odd.push({ seed, status })
    }
  }
  await Promise.all(Array.from({ length: 8 }, worker))
  expect([odd, warnings]).toEqual([[], []])
  // What was taken is from the sender who may send.
  for (const { facts } of await app.store.messages(1_000)) expect(facts.fromAddress).toMatch(/@(?:[\w.-]+\.)?shop\.example$/)
  expect((await ask('POST', SEND, { body: VALID })).status).toBe(200)
})
