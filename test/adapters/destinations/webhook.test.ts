import { expect, onTestFinished, test } from 'vitest'
import { openWebhooks, type WebhookOptions } from '../../../src/adapters/destinations/webhook.ts'
import { openEndpoint } from '../../support/endpoint.ts'

const signal = new AbortController().signal
const parcel = { body: '{"eventType":"Send"}', headers: { 'content-type': 'application/json', 'x-amz-sns-message-id': '7' } }

function webhooks(options: Partial<WebhookOptions> = {}) {
  const opened = openWebhooks({ isLab: true, allowed: [], ...options })
  onTestFinished(() => opened.close())
  return opened
}

test('an event is posted with its headers, and connections are kept', async () => {
  const endpoint = await openEndpoint()
  const { post } = webhooks()
  for (let count = 0; count < 3; count += 1)
    expect(await post(`${endpoint.url}?a=1`, parcel, signal)).toMatchObject({ taken: true, summary: '200 OK', response: { status: 200 } })
  expect(endpoint.posted[0]).toMatchObject({
    method: 'POST',
    url: '/hooks?a=1',
    body: parcel.body,
    headers: { 'x-amz-sns-message-id': '7', host: `127.0.0.1:${endpoint.port}` },
  })
  expect([endpoint.posted.length, endpoint.connections()]).toEqual([3, 1])
})

test('localhost is this machine, without asking a name server', async () => {
  const endpoint = await openEndpoint()
  expect(await webhooks().post(`http://localhost:${endpoint.port}/`, parcel, signal)).toMatchObject({ taken: true })
  expect(endpoint.posted[0]?.headers.host).toBe(`localhost:${endpoint.port}`)
})

test.each([
  [302, 'redirects are not followed'],
  [500, 'oh dear'],
  [404, 'oh dear'],
])('%i is not taken', async (status, words) => {
  const elsewhere = await openEndpoint()
  const endpoint = await openEndpoint((_, response) => {
    response.writeHead(status, { location: elsewhere.url }).end('oh dear\nand more')
  })
  const receipt = await webhooks().post(endpoint.url, parcel, signal)
  expect(receipt).toMatchObject({ taken: false, response: { status } })
  expect(receipt.summary).toContain(words)
  expect(elsewhere.posted).toEqual([])
})

test('in the lab nothing but loopback is asked, and no name is looked up', async () => {
  const { post } = webhooks()
  for (const host of ['10.0.0.1', '169.254.169.254', '[fe80::1]', 'hooks.example.com', '[::ffff:10.0.0.1]'])
    expect(await post(`http://${host}/`, parcel, signal)).toMatchObject({ taken: false, summary: expect.stringContaining('loopback only') })
})

test('a name that leads to an address that is not allowed is not connected to', async () => {
  const receipt = await webhooks({ isLab: false }).post('http://169.254.169.254/latest/meta-data/', parcel, signal)
  expect(receipt).toMatchObject({ taken: false, summary: expect.stringContaining('not a public address') })
  expect(receipt.response).toBeUndefined()
})

test('an endpoint that says nothing, or never ends, is not waited for', async () => {
  const silent = await openEndpoint(() => {})
  expect(await webhooks({ timeoutMs: 50 }).post(silent.url, parcel, signal)).toMatchObject({
    taken: false,
    summary: 'no answer within 0.05 s',
  })
  const endless = await openEndpoint((_, response) => {
    response.writeHead(200)
    const more = (): void => void (response.destroyed || response.write('x'.repeat(32 * 1024), more))
    more()
  })
  const receipt = await webhooks().post(endless.url, parcel, signal)
  expect(receipt.taken).toBe(true)
  expect(receipt.response?.body.length).toBe(2_048)
})

test('nobody there is told in words', async () => {
  const endpoint = await openEndpoint()
  const { post } = webhooks()
  const closed = new URL(endpoint.url)
  closed.port = '1'
  expect(await post(closed.href, parcel, signal)).toMatchObject({ taken: false, summary: 'connection refused' })
  const cut = await openEndpoint((_, response) => void response.socket?.destroy())
  expect(await post(cut.url, parcel, signal)).toMatchObject({ taken: false })
  expect(await post(endpoint.url, parcel, AbortSignal.abort())).toMatchObject({ taken: false, summary: 'interrupted' })
})
