/** `mailctl/test` from its source: an account of a test's own, without a port, on a clock of its own. */

import dgram from 'node:dgram'
import { readdirSync } from 'node:fs'
import net from 'node:net'
import { SESClient, SendEmailCommand as SendEmailV1 } from '@aws-sdk/client-ses'
import { CreateEmailIdentityCommand, GetAccountCommand, SESv2Client, SendEmailCommand } from '@aws-sdk/client-sesv2'
import { createTransport } from 'nodemailer'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { type MailAccount, type MailAccountOptions, mailAccount } from '../../src/test-kit/index.ts'
import { tempFolder } from '../support/account.ts'

async function open(options?: MailAccountOptions): Promise<MailAccount> {
  const account = await mailAccount(options)
  onTestFinished(() => account.close())
  return account
}

const ORDER = { from: 'Shop <orders@example.com>', to: 'ann@gmail.com', subject: 'Your order', text: 'Thank you' } as const

test('mail goes the whole way: rules, signature, receiver, events', async () => {
  const account = await open()
  const { messageId } = await account.send({
    ...ORDER,
    cc: ['Bob <bob@example.net>'],
    html: '<p>Thank <a href="https://shop.example/o?id=1&amp;x=2">you</a></p>',
    text: 'Thank you: https://shop.example/plain.',
    headers: { 'X-Order': '17' },
    attachments: [{ name: 'a.txt', content: 'hello', type: 'text/plain' }],
    tags: { flow: 'order' },
  })
  const mail = await account.inbox.next({ to: 'ann@gmail.com' })
  expect(mail).toMatchObject({
    from: 'orders@example.com',
    to: ['ann@gmail.com'],
    cc: ['bob@example.net'],
    subject: 'Your order',
    links: ['https://shop.example/o?id=1&x=2', 'https://shop.example/plain'],
    authentication: { spf: 'pass', dkim: 'pass', dmarc: 'pass' },
    folder: 'inbox',
  })
  expect(mail.header('x-order')).toBe('17')
  expect(mail.attachments.map(({ name, content }) => [name, content.toString()])).toEqual([['a.txt', 'hello']])
  expect(mail.raw.toString()).toContain('DKIM-Signature')
  expect((await account.inbox.next({ to: 'BOB@example.net' })).subject).toBe('Your order')
  const events = await account.events({ messageId })
  expect(events.map(({ type }) => type)).toEqual(['Send', 'Delivery', 'Delivery'])
  expect(events[0]?.event['mail']).toMatchObject({ tags: { flow: ['order'] } })
})

test('nothing listens and nobody is dialled: no port, no datagram', async () => {
  const spies = [vi.spyOn(net.Server.prototype, 'listen'), vi.spyOn(net.Socket.prototype, 'connect'), vi.spyOn(dgram, 'createSocket')]
  onTestFinished(() => void vi.restoreAllMocks())
  const account = await open({ verified: ['shop.example', 'ann@elsewhere.example'] })
  await account.send({ ...ORDER, from: 'ann@elsewhere.example', to: 'bounce@simulator.amazonses.com' })
  await account.send({ ...ORDER, from: 'orders@shop.example' })
  await account.clock.advance('1h')
  await new SESv2Client(account.ses).send(new GetAccountCommand({}))
  expect((await account.inbox.all()).length).toBeGreaterThan(0)
  for (const spy of spies) expect(spy).not.toHaveBeenCalled()
})

describe('the application sends by', () => {
  test('nodemailer', async () => {
    const account = await open()
    const transport = createTransport(account.transport)
    expect(await transport.verify()).toBe(true)
    const info = await transport.sendMail({ ...ORDER, attachments: [{ filename: 'b.txt', content: 'x' }] })
    expect(info.messageId).toMatch(/^[0-9a-f-]{30,}/)
    const mail = await account.inbox.next()
    expect(mail.attachments.map(({ name }) => name)).toEqual(['b.txt'])
    await expect(transport.sendMail({ ...ORDER, from: 'eve@other.example' })).rejects.toThrow('Email address is not verified')
  })

  test('the SES clients of both versions', async () => {
    const account = await open()
    const v2 = new SESv2Client(account.ses)
    await v2.send(new CreateEmailIdentityCommand({ EmailIdentity: 'new.example' }))
    const simple = { Subject: { Data: 'Two' }, Body: { Text: { Data: 'Hello' } } }
    const sent = await v2.send(
      new SendEmailCommand({
        FromEmailAddress: 'a@new.example',
        Destination: { ToAddresses: ['ann@gmail.com'] },
        Content: { Simple: simple },
      }),
    )
    expect((await account.inbox.next({ subject: 'Two' })).authentication.dkim).toBe('pass')
    expect((await account.events({ type: 'Delivery' }))[0]?.messageId).toBe(sent.MessageId)
    const v1 = new SESClient(account.ses)
    const message = { Subject: { Data: 'One' }, Body: { Text: { Data: 'Hello' } } }
    await v1.send(new SendEmailV1({ Source: ORDER.from, Destination: { ToAddresses: ['ann@gmail.com'] }, Message: message }))
    expect((await account.inbox.next({ subject: /^One$/ })).text).toContain('Hello')
  })
})

test('time stands still, and everything on the way of a day happens when it is advanced', async () => {
  const account = await open({ startAt: new Date('2026-05-01T00:00:00Z') })
  const { messageId } = await account.send({ ...ORDER, to: 'complaint@simulator.amazonses.com' })
  expect((await account.events({ messageId })).map(({ type }) => type)).toEqual(['Send', 'Delivery'])
  await account.clock.advance('1m')
  expect((await account.events({ messageId })).map(({ type }) => type)).toEqual(['Send', 'Delivery', 'Complaint'])
  expect(account.clock.now()).toEqual(new Date('2026-05-01T00:01:00Z'))
  await account.send({ ...ORDER, to: 'ann@nouser.test' })
  await account.settle()
  expect((await account.run('suppression', 'list', '--json')).json().SuppressedDestinationSummaries).toMatchObject([
    { EmailAddress: 'ann@nouser.test' },
  ])
})

test('the rules are those of the account: sandbox, verification, configuration sets by any command', async () => {
  const account = await open({ access: 'sandbox' })
  await expect(account.send(ORDER)).rejects.toThrow('identities failed the check in region US-EAST-1: ann@gmail.com')
  await account.verify('ann@gmail.com')
  await account.clock.advance('1s')
  await account.send(ORDER)
  await expect(account.send(ORDER)).rejects.toThrow('Maximum sending rate exceeded.')
  expect((await account.run('config-set', 'create', 'receipts')).exit).toBe(0)
  expect(await account.run('config-set', 'show', 'none')).toMatchObject({ exit: 1, stdout: '' })
  await account.clock.advance('1s')
  await account.send({ ...ORDER, configurationSet: 'receipts' })
  expect(await account.events({ type: 'Send' })).toHaveLength(2)
})

test('accounts know nothing of each other, and leave nothing behind', async () => {
  const folder = tempFolder()
  vi.stubEnv('TMPDIR', folder)
  onTestFinished(() => void vi.unstubAllEnvs())
  const [one, two] = await Promise.all([mailAccount(), mailAccount({ seed: 2 })])
  await Promise.all([one.send(ORDER), two.send({ ...ORDER, subject: 'Mine' })])
  expect((await one.inbox.all()).map(({ subject }) => subject)).toEqual(['Your order'])
  expect((await two.inbox.all()).map(({ subject }) => subject)).toEqual(['Mine'])
  expect(readdirSync(folder)).toHaveLength(2)
  await Promise.all([one.close(), two.close(), two.close()])
  expect(readdirSync(folder)).toEqual([])
})

test('the inbox gives each message once, and says what it has instead of what was asked for', async () => {
  const account = await open()
  await expect(account.inbox.next()).rejects.toThrow('no further mail has come; the inbox is empty')
  await account.send(ORDER)
  await account.send({ ...ORDER, subject: 'Second' })
  expect((await account.inbox.next()).subject).toBe('Your order')
  expect((await account.inbox.next({ from: 'orders@example.com' })).subject).toBe('Second')
  await expect(account.inbox.next({ subject: 'Third' })).rejects.toThrow(
    'no further mail with subject Third has come; the inbox holds:\n  to ann@gmail.com: Second (given out before)\n  to ann@gmail.com: Your order (given out before)',
  )
  await account.inbox.clear()
  expect(await account.inbox.all()).toEqual([])
})

test('several parts of a test may ask for mail at once', async () => {
  const account = await open()
  const people = Array.from({ length: 6 }, (_, index) => `ann@site${index}.example`)
  for (const to of people) await account.send({ ...ORDER, to, subject: to })
  const mails = await Promise.all(people.map(to => account.inbox.next({ to })))
  expect(mails.map(({ subject }) => subject)).toEqual(people)
})

test('each advance moves the clock, also when they are asked for together', async () => {
  const account = await open()
  await Promise.all([account.clock.advance('1h'), account.clock.advance('1h')])
  expect(account.clock.now()).toEqual(new Date('2026-01-01T02:00:00Z'))
})

test('it is closed when close resolves, whoever asked first', async () => {
  const account = await mailAccount()
  let isClosed = false
  const first = account.close().then(() => {
    isClosed = true
  })
  await account.close()
  await Promise.resolve()
  expect(isClosed).toBe(true)
  await first
})

test('timers of the runner may stand still, as the page says', async () => {
  const account = await open()
  vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval', 'Date'] })
  onTestFinished(() => void vi.useRealTimers())
  await account.send(ORDER)
  expect((await account.inbox.next()).subject).toBe('Your order')
  await account.clock.advance('24h')
})
