/** X-SES fields: what they do, what is refused, and that none of them reaches a recipient. */
import { expect, test } from 'vitest'
import { type Engine, openEngine } from '../support/engine.ts'
import { readAll } from '../support/smtp-sink.ts'

const mail = (...fields: readonly string[]): string =>
  ['From: orders@shop.example', 'To: ann@gmail.com', ...fields, 'Subject: x', '', 'Hello', ''].join('\n')

async function tagsOf({ app }: Engine, messageId: string): Promise<Readonly<Record<string, readonly string[]>> | undefined> {
  const [event] = await app.store.events({ messageId, type: 'Send' })
  return event?.event.mail['tags'] as Readonly<Record<string, readonly string[]>> | undefined
}

test('tags of the message count, of several fields too; tags of the call replace all of them', async () => {
  const engine = await openEngine()
  const message = mail('X-SES-MESSAGE-TAGS: flow=receipt,  step = 1', 'x-ses-message-tags: step=2, ses:feedback-id-a=batch7')
  const own = await engine.submit(message)
  expect(await tagsOf(engine, own.messageId)).toMatchObject({ flow: ['receipt'], step: ['2'], 'ses:feedback-id-a': ['batch7'] })
  const called = await engine.submit(message, { tags: { step: ['9'] } })
  const tags = await tagsOf(engine, called.messageId)
  expect([tags?.['step'], tags?.['flow']]).toEqual([['9'], undefined])
})

test.each([
  ['=x', 'The tag name must be specified.'],
  ['flow', 'The tag value must be specified.'],
  ['fl ow=x', "Invalid tag name <fl ow>: only alphanumeric ASCII characters, '_',  '-' are allowed."],
  ['ses:source-ip=x', "Invalid tag name <ses:source-ip>: only alphanumeric ASCII characters, '_',  '-' are allowed."],
  ['flow=a b', "Invalid tag value <a b>: only alphanumeric ASCII characters, '_',  '-' , '.', '@' are allowed."],
  [`${'n'.repeat(256)}=x`, 'Tag name cannot exceed 255 characters.'],
])('the tag %s is refused in the words of SES', async (tag, words) => {
  const engine = await openEngine()
  await expect(engine.submit(mail(`X-SES-MESSAGE-TAGS: ${tag}`))).rejects.toMatchObject({ code: 'bad-data', message: words })
})

test('a tag called __proto__ is a tag', async () => {
  const engine = await openEngine()
  const { messageId } = await engine.submit(mail('X-SES-MESSAGE-TAGS: __proto__=x, constructor=y'))
  const tags = await tagsOf(engine, messageId)
  expect(Object.entries(tags ?? {})).toEqual(expect.arrayContaining([['constructor', ['y']]]))
  expect(({} as { x?: string }).x).toBeUndefined()
})

test('ARNs of this account are taken, those of others refused in the words of SES, and nonsense too', async () => {
  const engine = await openEngine()
  const { accountId } = await engine.app.store.account()
  const arn = (owner: string, name: string): string => `arn:aws:ses:us-east-1:${owner}:identity/${name}`
  for (const name of ['shop.example', 'orders@shop.example'])
    await engine.submit(mail(`X-SES-SOURCE-ARN: ${arn(accountId, name)}`, `X-SES-FROM-ARN: ${arn(accountId, name)}`))
  const foreign = arn('111122223333', 'shop.example')
  for (const field of ['X-SES-SOURCE-ARN', 'x-ses-from-arn', 'X-SES-RETURN-PATH-ARN'])
    await expect(
      engine.submit(mail(`${field}: ${foreign}`), { caller: { sourceIp: '127.0.0.1', identity: 'AKIAX' } }),
    ).rejects.toMatchObject({
      code: 'forbidden',
      message: `User \`arn:aws:iam::${accountId}:user/AKIAX' is not authorized to perform \`ses:SendRawEmail' on resource \`${foreign}'`,
    })
  for (const [value, words] of [
    ['shop.example', /^Invalid identity ARN <shop.example>\.$/],
    [arn(accountId, 'other.example'), /does not speak for orders@shop\.example/],
    [arn(accountId, 'op.example'), /does not speak for/],
  ] as const)
    await expect(engine.submit(mail(`X-SES-FROM-ARN: ${value}`))).rejects.toMatchObject({
      code: 'bad-data',
      message: expect.stringMatching(words),
    })
})

test('a tenant is refused, for there are none', async () => {
  const engine = await openEngine()
  await expect(engine.submit(mail('X-SES-TENANT: blue'))).rejects.toMatchObject({
    code: 'not-found',
    message: 'Tenant <blue> does not exist.',
  })
})

test('nothing of them, nor of Bcc and Return-Path, is stored for delivery', async () => {
  const engine = await openEngine()
  const { accountId } = await engine.app.store.account()
  const { messageId } = await engine.submit(
    mail(
      'x-ses-message-tags: flow=receipt',
      `X-Ses-Source-Arn: arn:aws:ses:us-east-1:${accountId}:identity/shop.example`,
      'Bcc: eve@gmail.com,',
      ' mallory@gmail.com',
      'bcc: trudy@gmail.com',
      'Return-Path: <bounces@shop.example>',
      'X-Session: kept',
    ),
    { recipients: ['ann@gmail.com', 'eve@gmail.com'] },
  )
  const content = await engine.app.store.content(messageId)
  if (content === undefined) throw new Error('the message is not there')
  const header = content.head.toString('latin1')
  expect(header).toContain('X-Session: kept')
  expect(header).not.toMatch(/x-ses-|bcc|eve@|mallory|trudy|return-path/i)
  expect((await readAll(content.body.open())).toString()).toBe('Hello\r\n')
})
