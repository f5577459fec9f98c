/** The HTTP door itself: who is let in, what it says of its health, and what it does with requests that are none. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { checkHttpDoors } from '../../../src/http/doors.ts'
import { startEmailVerification } from '../../../src/operations/verify-email.ts'
import { bytesOf } from '../../support/account.ts'
import { openHttpAccount } from '../../support/http-door.ts'

test('says that it lives, that it is ready, and what it counted', async () => {
  const { ask, submit } = await openHttpAccount()
  await submit('From: ann@shop.example\nTo: bob@example.net, eve@example.net\nSubject: Hello\n\nHi\n')
  expect(await ask('GET', '/healthz')).toMatchObject({ status: 200, body: 'ok\n' })
  expect(await ask('GET', '/readyz')).toMatchObject({ status: 200, body: 'ready\n' })
  const { status, headers, body } = await ask('GET', '/metrics')
  expect({ status, type: headers['content-type'] }).toEqual({ status: 200, type: 'text/plain; version=0.0.4; charset=utf-8' })
  expect(body).toContain('mailctl_queue_recipients{state="queued"} 2\n')
  expect(body).toContain('mailctl_event_recipients_total{type="Send"} 2\n')
  expect(body).toContain('http_requests_total{method="GET",route="/healthz",code="200"} 1\n')
  expect(body).toMatch(/^process_resident_memory_bytes \d+$/m)
  // Every line is a comment or a sample, and each family is announced once.
  expect(body.split('\n').filter(line => line !== '' && !/^(# (HELP|TYPE) \w+ .+|\w+(\{[^}]*\})? [-\d.e]+)$/.test(line))).toEqual([])
  const types = [...body.matchAll(/^# TYPE (\w+)/gm)].map(([, name]) => name)
  expect(new Set(types).size).toBe(types.length)
})

test.each([
  [{ host: 'evil.example' }, 403],
  [{ host: 'evil.example:8025' }, 403],
  [{ host: '127.0.0.1.evil.example' }, 403],
  [{ host: 'localhost:1' }, 200],
  [{ host: '[::1]:1' }, 200],
  [{ host: 'mta.mailctl.test' }, 200],
  [{ origin: 'https://evil.example' }, 403],
  [{ origin: 'null' }, 403],
  [{ host: 'localhost:1', origin: 'http://localhost:1' }, 200],
  [{ 'sec-fetch-site': 'cross-site' }, 403],
])('with %j it answers %d', async (headers, status) => {
  const { ask } = await openHttpAccount({ domain: null })
  expect((await ask('GET', '/readyz', { headers })).status).toBe(status)
})

test('the mailed link proves an address, once, and not to who only looks', async () => {
  const { app, ask } = await openHttpAccount()
  const { messageId } = await startEmailVerification(app, 'ann+x@example.net')
  const content = await app.store.content(messageId ?? '')
  const mail = content ? (await bytesOf(content.body)).toString().replaceAll('=\r\n', '').replaceAll('=3D', '=') : ''
  const link = new URL(/^http:\/\/127\.0\.0\.1:8025\S+$/m.exec(mail.replaceAll('\r', ''))?.[0] ?? '')
  const status = async () => (await app.store.identity('ann+x@example.net'))?.verification.status
  expect((await ask('HEAD', link.pathname + link.search)).status).toBe(200)
  expect(await status()).toBe('PENDING')
  expect((await ask('GET', `${link.pathname}?address=ann%2Bx%40example.net&token=00`)).status).toBe(400)
  expect(await ask('GET', link.pathname + link.search, { headers: { host: 'mail.example.com' } })).toMatchObject({ status: 200 })
  expect(await status()).toBe('SUCCESS')
  expect((await ask('GET', link.pathname + link.search)).status).toBe(400)
})

test.each([
  ['nonsense\r\n\r\n', /^HTTP\/1\.1 400 /],
  ['GET /healthz HTTP/1.1\r\n\r\n', /^HTTP\/1\.1 400 /],
  [`GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(40_000)}\r\n\r\n`, /^HTTP\/1\.1 431 /],
  [`GET /${'x'.repeat(10_000)} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`, /^HTTP\/1\.1 414 /],
  ['GET /nowhere HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n', /^HTTP\/1\.1 404 /],
  ['DELETE /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n', /^HTTP\/1\.1 405 /],
  ['GET /healthz/%zz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n', /^HTTP\/1\.1 404 /],
  ['POST /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', /^HTTP\/1\.1 400 /],
])('octets that begin %j are answered and the connection ends', async (octets, answer) => {
  const { port } = await openHttpAccount({ domain: null })
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  let heard = ''
  socket.setEncoding('latin1').on('data', text => {
    heard += text
  })
  socket.write(octets)
  await once(socket, 'close')
  expect(heard).toMatch(answer)
})

test('beyond loopback only with TLS and signatures', () => {
  const wide = { host: '0.0.0.0', port: 0 }
  const own = { host: '127.0.0.1', port: 0 }
  expect(() => checkHttpDoors({ http: wide, https: undefined, auth: 'sigv4' })).toThrow(/HTTP door does not open on 0\.0\.0\.0/)
  expect(() => checkHttpDoors({ http: own, https: wide, auth: 'none' })).toThrow(/HTTPS door does not open on 0\.0\.0\.0/)
  expect(() => checkHttpDoors({ http: own, https: wide, auth: 'sigv4' })).not.toThrow()
  expect(() => checkHttpDoors({ http: own, https: own, auth: 'none' })).not.toThrow()
})
