import { Readable } from 'node:stream'
import { simpleParser } from 'mailparser'
import { createTransport } from 'nodemailer'
import { expect, onTestFinished, test } from 'vitest'
import { silent } from '../../src/base/log.ts'
import type { HttpRequest } from '../../src/http/route.ts'
import { unsubscribeRoutes } from '../../src/http/unsubscribe.ts'
import { createContactList, readContact } from '../../src/operations/contacts.ts'
import { deliverDue } from '../../src/operations/deliver-due.ts'
import { openInboundMx } from '../../src/smtpd/inbound-mx.ts'
import { certificate } from '../support/certificate.ts'
import { openEngine } from '../support/engine.ts'
import { type WholeDoor, wholeDoor } from '../support/whole-door.ts'

const fails = async (door: WholeDoor, ...argv: string[]) => {
  const ran = await door.run([...argv, '--json'])
  return { code: ran.code, stdout: ran.stdout, ...JSON.parse(ran.stderr).Error }
}
const signal = new AbortController().signal

test('a list and its contacts live as in SES', async () => {
  const door = await wholeDoor()
  expect(await fails(door, 'contacts', 'show-list')).toMatchObject({ code: 1, Code: 'NotFoundException' })
  const list = await door.json(['contacts', 'create-list', 'news', '--topic', 'weekly=Weekly news', '--opt-in-topic', 'offers'])
  expect(list.Topics).toEqual([
    { TopicName: 'weekly', DisplayName: 'Weekly news', DefaultSubscriptionStatus: 'OPT_IN' },
    { TopicName: 'offers', DisplayName: 'offers', DefaultSubscriptionStatus: 'OPT_OUT' },
  ])
  expect(await fails(door, 'contacts', 'create-list', 'other')).toMatchObject({
    code: 65,
    Message: 'A maximum of 1 Lists allowed per account.',
  })
  expect(await door.json(['contacts', 'add', 'ann@X.test', '--opt-in', 'offers', '--attributes', '{"n":1}'])).toMatchObject({
    EmailAddress: 'ann@x.test',
    TopicPreferences: [{ TopicName: 'offers', SubscriptionStatus: 'OPT_IN' }],
    UnsubscribeAll: false,
    AttributesData: '{"n":1}',
  })
  expect(await fails(door, 'contacts', 'add', 'ann@x.test')).toMatchObject({ code: 1, Message: 'ann@x.test already exists in List.' })
  expect(await fails(door, 'contacts', 'add', 'bob@x.test', '--opt-in', 'gone')).toMatchObject({
    code: 65,
    Message: "List: news doesn't contain Topic: gone",
  })
  expect(await fails(door, 'contacts', 'show', 'bob@x.test')).toMatchObject({ code: 1, Message: "bob@x.test doesn't exist in List." })
  const changed = await door.json(['contacts', 'update', 'ann@x.test', '--opt-out', 'weekly'])
  expect(changed.TopicPreferences).toHaveLength(2)
  expect(changed.AttributesData).toBe('{"n":1}')
  expect((await door.json(['contacts', 'list', '--status', 'OPT_OUT', '--topic', 'weekly'])).Contacts).toHaveLength(1)
  expect((await door.json(['contacts', 'list', '--status', 'OPT_IN', '--topic', 'weekly'])).Contacts).toEqual([])
  expect(await door.json(['contacts', 'remove', 'ann@x.test', '--yes'])).toMatchObject({ Removed: true })
  expect(await fails(door, 'contacts', 'delete-list', 'news')).toMatchObject({ code: 64 })
  expect(await door.json(['contacts', 'delete-list', 'news', '--yes'])).toMatchObject({ Deleted: true })
})

test('mail of the list carries the fields and the link, signed; one click ends it, with an event, and further mail is not sent', async () => {
  const engine = await openEngine()
  const { app } = engine
  await createContactList(app, 'news', { topics: [{ name: 'weekly', displayName: 'Weekly', defaultStatus: 'OPT_IN' }] })
  const raw = (fields = '') =>
    `From: a@shop.example\nTo: ann@gmail.com\nSubject: Hi\nList-Unsubscribe: <mailto:old@shop.example>\nX-SES-LIST-MANAGEMENT-OPTIONS: news; topic=weekly\n${fields}\nLeave: {{amazonSESUnsubscribeUrl}}\n`
  const first = await engine.submit(raw())
  await deliverDue(app, { signal })
  const [arrived] = await app.lab.inbox.list({})
  const octets = await (await app.lab.inbox.open(arrived?.id ?? ''))?.toArray()
  const read = await simpleParser(Buffer.concat(octets ?? []))
  const unfolded = Buffer.concat(octets ?? [])
    .toString()
    .replace(/\r\n[ \t]+/g, ' ')
  const [, mailto = '', url = ''] = /^List-Unsubscribe: <mailto:([^>]*)>, ?<([^>]*)>\r$/m.exec(unfolded) ?? []
  const [, id, mac = ''] = /^http:\/\/127\.0\.0\.1:8025\/unsubscribe\/([^/]+)\/([0-9a-f]{32})$/.exec(url) ?? []
  expect(id).toBe(first.messageId)
  expect(mailto).toBe(`${first.messageId}@mta.mailctl.test?subject=unsubscribe-${mac}`)
  expect(Buffer.concat(octets ?? []).toString()).toMatch(/List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n/)
  expect(Buffer.concat(octets ?? []).toString()).not.toMatch(/mailto:old|X-SES-LIST/)
  expect(read.text).toBe(`Leave: ${url}\n`)
  // The lab's receiver verified the signature over the body as it was changed.
  expect(arrived?.authentication.dkim).toMatchObject([{ result: 'pass' }])
  expect(
    Buffer.concat(octets ?? [])
      .toString()
      .replace(/\r\n\s+/g, ''),
  ).toMatch(/h=[^;]*List-Unsubscribe:List-Unsubscribe-Post/i)
  expect((await readContact(app, 'news', 'ann@gmail.com')).topics).toEqual({})

  const follow = async (method: 'GET' | 'POST', messageId: string, proof = mac) => {
    const route = unsubscribeRoutes(app).find(one => one.method === method)
    return await route?.handle({
      labels: { MessageId: messageId, Mac: proof },
      stream: Readable.from(['List-Unsubscribe=One-Click']),
    } as unknown as HttpRequest)
  }
  // The id alone, which many see, and the MAC of another link open nothing.
  for (const wrong of [
    '',
    mac.slice(1),
    `${mac.slice(0, -1)}${mac.endsWith('0') ? '1' : '0'}`,
    app.ids.macOf(JSON.stringify(['open', first.messageId])),
  ])
    expect(await follow('POST', first.messageId, wrong)).toMatchObject({ status: 404 })
  expect(await follow('GET', first.messageId)).toMatchObject({ status: 200, body: expect.stringContaining('<form method="post">') })
  expect((await readContact(app, 'news', 'ann@gmail.com')).topics).toEqual({})
  expect(await follow('POST', first.messageId)).toMatchObject({ status: 200, body: expect.stringContaining('Unsubscribed') })
  await follow('POST', first.messageId)
  expect((await readContact(app, 'news', 'ann@gmail.com')).topics).toEqual({ weekly: 'OPT_OUT' })
  const told = (await app.store.events({ messageId: first.messageId })).filter(({ type }) => type === 'Subscription')
  expect(told.map(({ event }) => event['subscription'])).toMatchObject([
    {
      contactList: 'news',
      source: 'UnsubscribeHeader',
      newTopicPreferences: { topicSubscriptionStatus: [{ topicName: 'weekly', subscriptionStatus: 'OptOut' }] },
      oldTopicPreferences: { topicSubscriptionStatus: [{ topicName: 'weekly', subscriptionStatus: 'OptIn' }] },
    },
  ])
  for (const id of ['x', `${first.messageId.slice(0, -8)}0-000000`, '../etc'])
    expect(await follow('POST', id)).toMatchObject({ status: 404 })

  const second = await engine.submit(raw())
  expect(second.suppressed).toMatchObject([{ list: 'contacts', address: 'ann@gmail.com' }])
  const bounce = (await app.store.events({ messageId: second.messageId })).find(({ type }) => type === 'Bounce')
  expect(bounce?.event['bounce']).toMatchObject({ bounceType: 'Permanent', bounceSubType: 'UnsubscribedRecipient' })
  // Mail that is not of the list still goes.
  expect((await engine.submit('From: a@shop.example\nTo: ann@gmail.com\nSubject: Receipt\n\nx\n')).suppressed).toBeUndefined()
})

test('a mail to the return path does what the link does, and only with its MAC', async () => {
  const engine = await openEngine()
  const { app } = engine
  await createContactList(app, 'news', { topics: [{ name: 'weekly', displayName: 'Weekly', defaultStatus: 'OPT_IN' }] })
  const { messageId } = await engine.submit(
    'From: a@shop.example\nTo: ann@gmail.com\nSubject: Hi\nX-SES-LIST-MANAGEMENT-OPTIONS: news; topic=weekly\n\nHi\n',
  )
  await deliverDue(app, { signal })
  const path = `${messageId}@mta.mailctl.test`
  const mac = app.ids.macOf(JSON.stringify(['unsubscribe', messageId]))
  const door = await openInboundMx(app, { host: '127.0.0.1', port: 0 }, { tls: certificate, log: silent })
  onTestFinished(() => door.close(0))
  const client = createTransport({ host: door.address, port: door.port, ignoreTLS: true })
  const mailed = async (subject: string): Promise<unknown> => {
    await client.sendMail({ from: 'ann@gmail.com', to: path, subject, text: '' })
    return (await readContact(app, 'news', 'ann@gmail.com')).topics
  }
  for (const wrong of ['unsubscribe', `unsubscribe-${mac.slice(1)}0`, `Re: unsubscribe-${mac}`]) expect(await mailed(wrong)).toEqual({})
  expect(await mailed(`unsubscribe-${mac}`)).toEqual({ weekly: 'OPT_OUT' })
  expect(await mailed(`unsubscribe-${mac}`)).toEqual({ weekly: 'OPT_OUT' })
  client.close()
  const events = (await app.store.events({ messageId })).filter(({ type }) => type === 'Subscription')
  expect(events.map(({ event }) => event['subscription'])).toMatchObject([{ contactList: 'news', source: 'UnsubscribeHeader' }])
})

test('a message to several has no link, and those who left are still left out', async () => {
  const engine = await openEngine()
  await createContactList(engine.app, 'news', { topics: [] })
  await engine.app.store.addContact({
    address: 'bob@gmail.com',
    topics: {},
    unsubscribeAll: true,
    attributes: null,
    createdAt: 0,
    updatedAt: 0,
  })
  const { suppressed, messageId } = await engine.submit(
    'From: a@shop.example\nTo: ann@gmail.com, bob@gmail.com\nSubject: Hi\n\n{{amazonSESUnsubscribeUrl}}\n',
    { listManagement: { list: 'news', topic: null } },
  )
  expect(suppressed?.map(({ address }) => address)).toEqual(['bob@gmail.com'])
  expect((await engine.app.store.message(messageId))?.facts.headers.map(([name]) => name)).not.toContain('List-Unsubscribe')
  await expect(
    engine.submit('From: a@shop.example\nTo: a@b.test\n\nx\n', { listManagement: { list: 'gone', topic: null } }),
  ).rejects.toMatchObject({
    message: "List with name: gone doesn't exist.",
  })
  await expect(
    engine.submit('From: a@shop.example\nTo: a@b.test\n\nx\n', { listManagement: { list: 'news', topic: 't' } }),
  ).rejects.toMatchObject({
    message: 'Topic t does not exist in contact list news.',
  })
})
