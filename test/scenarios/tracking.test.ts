/** Opens and clicks, from the message as it is sent to the events that a link leaves. */
import { simpleParser } from 'mailparser'
import { expect, test } from 'vitest'
import { changeConfigurationSet, createConfigurationSet } from '../../src/operations/configuration-sets.ts'
import { createDestination } from '../../src/operations/event-destinations.ts'
import { bytesOf } from '../support/account.ts'
import { type HttpAccount, openHttpAccount } from '../support/http-door.ts'

const MESSAGE = `From: Shop <orders@shop.example>
To: ann@example.net
Subject: Hello
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary=b

--b
Content-Type: text/plain

https://shop.example/plain
--b
Content-Type: text/html; charset=utf-8

<body><a href="https://shop.example/a?x=1&amp;y=2" ses:tags="product:book;">A</a>
<a ses:no-track href="https://shop.example/b">B</a></body>
--b--
`

async function openTracked(eventTypes: readonly string[]): Promise<HttpAccount> {
  const account = await openHttpAccount()
  const { app, home } = account
  await createConfigurationSet(app, 'main', {})
  await createDestination(app, {
    owner: { kind: 'set', name: 'main' },
    name: 'log',
    enabled: true,
    eventTypes,
    service: { kind: 'plain' },
    place: { kind: 'file', path: `${home}/events.jsonl` },
  })
  return account
}

async function sent({ app, submit }: HttpAccount, configurationSet: string | null = 'main') {
  const { messageId } = await submit(MESSAGE, { configurationSet })
  const content = await app.store.content(messageId)
  if (!content) throw new Error('it is gone')
  const { html, text } = await simpleParser(Buffer.concat([content.head, await bytesOf(content.body)]))
  const page = String(html)
  return {
    messageId,
    html: page,
    text,
    links: [...page.matchAll(/href="([^"]*)"/g)].map(([, url = '']) => url.replaceAll('&amp;', '&')),
    pictures: [...page.matchAll(/<img [^>]*src="([^"]*)"/g)].map(([, url = '']) => url),
  }
}

const pathOf = (url = ''): string => new URL(url).pathname + new URL(url).search
const eventsOf = async ({ app }: HttpAccount, messageId: string) =>
  (await app.store.events({ messageId })).filter(({ type }) => type === 'Open' || type === 'Click').map(({ event }) => event)

test('a link leads where it did, a picture is a picture, and each leaves an event', async () => {
  const account = await openTracked(['OPEN', 'CLICK'])
  const { messageId, text, links, pictures } = await sent(account)
  expect(text).toContain('https://shop.example/plain')
  const [tracked, spared] = links
  expect(spared).toBe('https://shop.example/b')
  expect(tracked).toMatch(/^http:\/\/127\.0\.0\.1:8025\/L0\//)
  const picture = await account.ask('GET', pathOf(pictures[0]), { headers: { 'user-agent': 'MailApp/9', host: 'anything.example' } })
  expect([picture.status, picture.headers['content-type']]).toEqual([200, 'image/gif'])
  const followed = await account.ask('GET', pathOf(tracked), { headers: { 'user-agent': 'MailApp/9' } })
  expect([followed.status, followed.headers['location']]).toEqual([302, 'https://shop.example/a?x=1&y=2'])
  expect(await eventsOf(account, messageId)).toMatchObject([
    { eventType: 'Open', open: { ipAddress: '127.0.0.1', userAgent: 'MailApp/9' } },
    { eventType: 'Click', click: { link: 'https://shop.example/a?x=1&y=2', linkTags: { product: ['book'] } } },
  ])
})

test('a link that was in no message leads nowhere and leaves nothing', async () => {
  const account = await openTracked(['OPEN', 'CLICK'])
  const { messageId, links, pictures } = await sent(account)
  const tracked = pathOf(links[0])
  const forged = [
    tracked.replace(encodeURIComponent('shop.example'), 'evil.example'),
    tracked.replace('/1/', '/2/'),
    tracked.replace('product', 'produce'),
    tracked.replace(/[0-9a-f](?=\?|$)/, digit => (digit === '0' ? '1' : '0')),
    `${pathOf(pictures[0]).slice(0, -1)}x`,
    `/L0/${encodeURIComponent('https://evil.example/')}/1/${messageId}/${'0'.repeat(32)}`,
  ]
  for (const path of forged) {
    expect(path).not.toBe(tracked)
    expect([path, (await account.ask('GET', path)).status]).toEqual([path, 404])
  }
  expect((await account.ask('HEAD', tracked)).status).toBe(405)
  expect(await eventsOf(account, messageId)).toEqual([])
})

test('a line break in a link does not let another link go by its MAC', async () => {
  const account = await openTracked(['CLICK'])
  const { messageId } = await account.submit(
    MESSAGE.replace('https://shop.example/a?x=1&amp;y=2', 'https://shop.example/&#10;https://evil.example/'),
    {
      configurationSet: 'main',
    },
  )
  const content = await account.app.store.content(messageId)
  const { html } = await simpleParser(
    Buffer.concat([content?.head ?? '', content ? await bytesOf(content.body) : ''].map(part => Buffer.from(part))),
  )
  const mac = /\/([0-9a-f]{32})(?:\?|")/.exec(String(html))?.[1]
  expect(mac).toBeDefined()
  const tags = encodeURIComponent('product:book;\nhttps://shop.example/')
  const moved = `/L0/${encodeURIComponent('https://evil.example/')}/1/${messageId}/${mac}?tags=${tags}`
  expect((await account.ask('GET', moved)).status).toBe(404)
})

test('only what a destination of the set wants to hear of changes a message', async () => {
  const clicks = await sent(await openTracked(['CLICK', 'SEND']))
  expect([clicks.pictures, clicks.links[0]?.includes('/L0/')]).toEqual([[], true])
  const opens = await sent(await openTracked(['OPEN']))
  expect([opens.pictures.length, opens.links]).toEqual([1, ['https://shop.example/a?x=1&y=2', 'https://shop.example/b']])
  const neither = await openTracked(['SEND', 'DELIVERY'])
  for (const set of ['main', null]) {
    const { html } = await sent(neither, set)
    expect(html).toContain('ses:no-track href="https://shop.example/b"')
  }
})

test("the set's own domain, by the scheme that its policy says", async () => {
  const account = await openTracked(['OPEN', 'CLICK'])
  await changeConfigurationSet(account.app, 'main', { tracking: { customRedirectDomain: 'click.shop.example' } })
  const optional = await sent(account)
  expect([optional.pictures[0]?.slice(0, 30), optional.links[0]?.slice(0, 30)]).toEqual([
    'http://click.shop.example/I0/0',
    'https://click.shop.example/L0/',
  ])
  await changeConfigurationSet(account.app, 'main', { tracking: { httpsPolicy: 'REQUIRE' } })
  expect((await sent(account)).pictures[0]).toMatch(/^https:\/\/click\.shop\.example\//)
})
