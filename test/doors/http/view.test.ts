/** The web view without a browser: what it answers, to whom, and what it refuses. Documents and policies are read as a browser gets them. */
import { createHash, randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { asset } from '../../../src/http/view/assets.ts'
import { refusedView } from '../../../src/http/view/guard.ts'
import { createAccessKey, revokeCredential } from '../../../src/operations/credentials.ts'
import { deliverDue } from '../../../src/operations/deliver-due.ts'
import { type HttpAccount, openHttpAccount } from '../../support/http-door.ts'

const PNG = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64')
const file = randomBytes(200_000)
const lines = (octets: Buffer): string => octets.toString('base64').replace(/.{76}/g, '$&\n')

const MAIL = `From: Shop <orders@shop.example>
To: ann@gmail.com, bob@example.net
Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe_4711?=
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=m

--m
Content-Type: multipart/related; boundary=r

--r
Content-Type: multipart/alternative; boundary=a

--a
Content-Type: text/plain

The parcel left.
--a
Content-Type: text/html

<!doctype html><link rel=preconnect href="http://127.0.0.1:9/"><META http-equiv=refresh content="0;url=http://127.0.0.1:9/"><p>The parcel left. <a href="https://shop.example/t?a=1&amp;b=2">Track it</a><img src="cid:logo%40shop"><img src="http://127.0.0.1:9/x.gif">
--a--
--r
Content-Type: image/png
Content-ID: <logo@shop>
Content-Disposition: inline
Content-Transfer-Encoding: base64

${lines(PNG)}
--r--
--m
Content-Type: text/html; name="in.html"
Content-Disposition: attachment; filename*=UTF-8''R%C3%A9%22%2F..%2Finvoice.html
Content-Transfer-Encoding: base64

${lines(file)}
--m--
`

/** @returns the id of what was sent, and where its parts are */
async function sent(account: HttpAccount, message = MAIL) {
  const { messageId } = await account.submit(message)
  return { messageId, base: `/view/messages/${messageId}` }
}

async function json(account: HttpAccount, path: string, status = 200) {
  const answer = await account.ask('GET', path)
  expect([path, answer.status, answer.headers['content-type']]).toEqual([path, status, 'application/json'])
  return JSON.parse(answer.body)
}

test('the page and its files run nothing but themselves, and nobody frames them', async () => {
  const account = await openHttpAccount()
  const page = await account.ask('GET', '/')
  expect(page).toMatchObject({ status: 200, headers: { 'content-type': 'text/html; charset=utf-8', 'x-content-type-options': 'nosniff' } })
  expect(page.headers['referrer-policy']).toBe('no-referrer')
  const policy = String(page.headers['content-security-policy'])
  expect(policy.split('; ')).toEqual(
    expect.arrayContaining(["default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"]),
  )
  expect(policy).not.toContain('unsafe')
  expect(page.headers['access-control-allow-origin']).toBeUndefined()
  // Nothing in it that its own policy would stop.
  expect(page.body).not.toMatch(/<script(?![^>]* src="\/view\/files\/)|<style|\son\w+=|\sstyle=|https?:/)
  const named = [...page.body.matchAll(/(?:src|href)="(\/view\/files\/[^"]+)"/g)].map(([, path = '']) => path)
  expect(named.length).toBeGreaterThan(2)
  const script = String((await asset('view.mjs'))?.octets)
  for (const path of [...named, ...[...script.matchAll(/from '\.\/([\w.]+)'/g)].map(([, name]) => `/view/files/${name}`)])
    expect([path, (await account.ask('GET', path)).status]).toEqual([path, 200])
  expect((await account.ask('GET', '/view/files/..%2froute.ts')).status).toBe(404)
  expect((await account.ask('HEAD', '/')).body).toBe('')
  expect((await account.ask('POST', '/view/account')).status).toBe(405)
})

test.each([
  [{ host: 'evil.example' }, 403],
  [{ host: '127.0.0.1.evil.example:80' }, 403],
  // The rest of the door answers to these; mail is shown to this machine alone.
  [{ host: 'mta.mailctl.test' }, 403],
  [{ host: '192.0.2.1' }, 403],
  [{ host: '0.0.0.0' }, 403],
  [{ host: 'localhost:1' }, 200],
  [{ host: '[::1]:1' }, 200],
  [{ 'x-forwarded-for': '203.0.113.9' }, 403],
  [{ via: '1.1 proxy' }, 403],
  [{ origin: 'http://localhost:3000' }, 403],
  [{ 'sec-fetch-site': 'cross-site' }, 403],
  [{ 'sec-fetch-site': 'same-site' }, 403],
  [{ 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' }, 403],
  [{ 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }, 403],
  [{ 'sec-fetch-site': 'same-origin' }, 200],
])('with %j its data answers %d', async (headers, status) => {
  const account = await openHttpAccount({ domain: null })
  const answer = await account.ask('GET', '/view/account', { headers })
  expect(answer.status).toBe(status)
  if (status !== 200) expect(answer.body).not.toContain('accountId')
})

test('a page of another port may lead to it, no other page may', async () => {
  const account = await openHttpAccount({ domain: null })
  const navigation = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }
  const status = async (site: string) => (await account.ask('GET', '/', { headers: { ...navigation, 'sec-fetch-site': site } })).status
  expect([await status('same-site'), await status('none'), await status('cross-site')]).toEqual([200, 200, 403])
})

test('who is not on this machine sees nothing, whatever door is open to him', async () => {
  const { app, ask } = await openHttpAccount({ domain: null })
  expect((await ask('GET', '/view/account')).status).toBe(200)
  const request = { headers: { host: 'localhost' }, path: '/', peer: '203.0.113.9' } as unknown as Parameters<typeof refusedView>[1]
  expect(await refusedView(app, request, { asksForKey: false })).toMatchObject({ status: 403 })
  expect(await refusedView(app, { ...request, peer: '127.0.0.1' }, { asksForKey: false })).toBeUndefined()
  expect(await refusedView(app, { ...request, peer: '::1' }, { asksForKey: false })).toBeUndefined()
})

test('where requests are signed, an access key in use opens it, and nothing else', async () => {
  const { app, ask } = await openHttpAccount({ domain: null, auth: 'sigv4' })
  const { id, secret } = await createAccessKey(app)
  const smtp = await app.credentials.create('smtp', app.clock.now())
  const status = async (name: string, password: string, path = '/view/account') =>
    (await ask('GET', path, { headers: { authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}` } })).status
  const bare = await ask('GET', '/')
  expect([bare.status, bare.headers['www-authenticate']]).toEqual([401, 'Basic realm="mailctl", charset="UTF-8"'])
  expect(await status(id, secret)).toBe(200)
  expect(await status(id, secret, '/')).toBe(200)
  expect([await status(id, ''), await status(id, `${secret}x`), await status('', ''), await status('AKIAUNKNOWN', '')]).toEqual([
    401, 401, 401, 401,
  ])
  expect(await status(smtp.id, smtp.secret)).toBe(401)
  await revokeCredential(app, 'api', id)
  expect(await status(id, secret)).toBe(401)
})

test('the account at a glance', async () => {
  const account = await openHttpAccount()
  await sent(account)
  expect(await json(account, '/view/account')).toMatchObject({
    network: 'lab',
    access: 'production',
    health: 'HEALTHY',
    quota: { sentLast24Hours: 2 },
    queue: { queued: 2 },
    day: { sent: 2, delivered: 0 },
    identities: [{ name: 'shop.example', status: 'SUCCESS', concern: null }],
    next: 'mailctl queue flush',
  })
})

test('a message before it is delivered: its story, its parts, its octets', async () => {
  const account = await openHttpAccount()
  const { messageId, base } = await sent(account)
  expect((await json(account, '/view/messages')).entries).toEqual([
    expect.objectContaining({ id: messageId, subject: 'Grüße 4711', to: ['ann@gmail.com', 'bob@example.net'], states: { queued: 2 } }),
  ])
  expect(await json(account, base)).toMatchObject({ hasContent: true, copies: [], timeline: [{ kind: 'accepted' }, {}, {}, {}] })
  expect(await json(account, `${base}/content`)).toMatchObject({
    text: 'The parcel left.',
    hasHtml: true,
    links: [{ href: 'https://shop.example/t?a=1&b=2', text: 'Track it' }],
    attachments: [
      { type: 'image/png', contentId: 'logo@shop' },
      { sizeBytes: file.length, sha256: createHash('sha256').update(file).digest('hex') },
    ],
  })
  const source = await account.ask('GET', `${base}/source`)
  const content = await account.app.store.content(messageId)
  expect(source.headers['content-type']).toBe('text/plain; charset=utf-8')
  expect(source.body.startsWith(content?.head.toString() ?? '-')).toBe(true)
  expect(source.body).toContain(lines(file).split('\n', 1)[0])
})

test('its HTML is a document without script, network or a way out; its pictures are in it', async () => {
  const account = await openHttpAccount()
  const { base } = await sent(account)
  const { status, headers, body } = await account.ask('GET', `${base}/html`)
  expect([status, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8'])
  expect(headers['content-security-policy']).toBe(
    "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'self'",
  )
  expect(headers['referrer-policy']).toBe('no-referrer')
  expect(body).toContain(`<img src="data:image/png;base64,${PNG.toString('base64')}">`)
  expect(body).not.toMatch(/<(link|meta)\b/i)
  expect(body).toMatch(/^<!doctype html><base target="_blank">/)
})

test('an attachment is a file to be saved, whatever it claims to be', async () => {
  const account = await openHttpAccount()
  const { base } = await sent(account)
  const response = await fetch(`${account.url}${base}/attachments/1`)
  expect(response.headers.get('content-type')).toBe('application/octet-stream')
  expect(response.headers.get('content-disposition')).toBe(
    `attachment; filename="R___.._invoice.html"; filename*=UTF-8''R%C3%A9%22_.._invoice.html`,
  )
  expect(Buffer.from(await response.arrayBuffer()).equals(file)).toBe(true)
  for (const number of ['2', '9999', '-1', 'x', '00000'])
    expect((await account.ask('GET', `${base}/attachments/${number}`)).status).toBe(404)
})

test('after delivery the content comes from the lab, with the verdicts of who took it', async () => {
  const account = await openHttpAccount()
  const { messageId, base } = await sent(account)
  await deliverDue(account.app, { signal: new AbortController().signal })
  const shown = await json(account, base)
  expect(await account.app.store.content(messageId)).toBeUndefined()
  expect(shown.copies).toHaveLength(2)
  expect(shown.copies[0].authentication).toMatchObject({ spf: { result: 'pass' }, dmarc: { result: 'pass' } })
  expect((await json(account, `${base}/content`)).text).toBe('The parcel left.')
  const { entries } = await json(account, '/view/inbox?q=gmail')
  expect(entries).toHaveLength(1)
  expect(await json(account, `/view/inbox/${entries[0].id}`)).toMatchObject({ messageId, folder: 'inbox' })
  expect((await account.ask('GET', `/view/inbox/${entries[0].id}/source`)).body).toMatch(/^Return-Path: /)
})

test('a page of the lists, and the next; what was looked for, and only that', async () => {
  const account = await openHttpAccount()
  for (let number = 0; number < 55; number += 1)
    await account.submit(`From: orders@shop.example\nTo: c${number}@example.org\nSubject: Receipt ${number}\n\nx\n`)
  const first = await json(account, '/view/messages')
  expect([first.entries.length, first.entries[0].subject, typeof first.next]).toEqual([50, 'Receipt 54', 'string'])
  const second = await json(account, `/view/messages?before=${first.next}`)
  expect([second.entries.length, second.entries.at(-1).subject, second.next]).toEqual([5, 'Receipt 0', null])
  expect((await json(account, '/view/messages?q=RECEIPT+c7@')).entries.map(({ subject }: { subject: string }) => subject)).toEqual([
    'Receipt 7',
  ])
  expect((await json(account, `/view/messages?q=${first.entries[3].id}`)).entries).toEqual([first.entries[3]])
  expect((await json(account, '/view/messages?q=is:bounced')).entries).toEqual([])
  await json(account, '/view/messages?before=nowhere', 404)
  await json(account, `/view/messages?q=${'x'.repeat(201)}`, 400)
})

test('events after one that is known, each once', async () => {
  const account = await openHttpAccount()
  const { messageId } = await sent(account)
  const { events, after } = await json(account, '/view/events')
  expect(events).toMatchObject([{ type: 'Send', messageId, count: 2, subject: 'Grüße 4711' }])
  expect(await json(account, `/view/events?after=${after}`)).toEqual({ events: [], after })
  await deliverDue(account.app, { signal: new AbortController().signal })
  const news = await json(account, `/view/events?after=${after}`)
  expect(news.events.map(({ type }: { type: string }) => type)).toEqual(['Delivery', 'Delivery'])
  expect((await json(account, '/view/events?type=Send')).events).toHaveLength(1)
  await json(account, '/view/events?after=x', 400)
})

test('what is not there is said to be not there', async () => {
  const account = await openHttpAccount()
  for (const path of [
    '/view/messages/x',
    '/view/messages/x/content',
    '/view/messages/x/html',
    '/view/messages/x/source',
    '/view/inbox/7/source',
  ])
    await json(account, path, 404)
  const { base } = await sent(account, 'From: orders@shop.example\nTo: ann@example.org\nSubject: Plain\n\nHi\n')
  await json(account, `${base}/html`, 404)
  expect(account.warnings).toEqual([])
})

const large = (): string => `From: orders@shop.example
To: ann@example.org
Subject: Large
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=m

--m

Hi
--m
Content-Type: application/octet-stream
Content-Disposition: attachment; filename=large.bin
Content-Transfer-Encoding: base64

${lines(randomBytes(6_000_000))}
--m--
`

test('only so many messages are read at once, and who goes away makes room', async () => {
  const account = await openHttpAccount()
  const { base } = await sent(account, large())
  const asked = await Promise.all(Array.from({ length: 12 }, async () => (await account.ask('GET', `${base}/content`)).status))
  expect(asked.filter(status => status === 503)).toHaveLength(4)
  expect(asked.filter(status => status === 200)).toHaveLength(8)
  // Eight begin a download and never go on with it.
  const ends = Array.from({ length: 8 }, () => new AbortController())
  await Promise.all(ends.map(({ signal }) => fetch(`${account.url}${base}/attachments/0`, { signal })))
  expect((await account.ask('GET', `${base}/content`)).status).toBe(503)
  for (const end of ends) end.abort()
  await expect.poll(async () => (await account.ask('GET', `${base}/content`)).status, { timeout: 10_000 }).toBe(200)
  expect(account.warnings).toEqual([])
})
