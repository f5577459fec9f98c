/** Event destinations from the terminal to a real HTTP endpoint on loopback. SNS is judged by the `sns-validator` package and by its rules alone. */
import { createVerify, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { get, globalAgent } from 'node:https'
import { join } from 'node:path'
import MessageValidator from 'sns-validator'
import { expect, test } from 'vitest'
import { openEndpoint, type Posted } from '../support/endpoint.ts'
import { type WholeDoor, wholeDoor } from '../support/whole-door.ts'

type Json = Readonly<Record<string, string>>

async function shop(clock: 'system' | 'virtual' = 'virtual'): Promise<WholeDoor> {
  const door = await wholeDoor(clock)
  await door.json(['verify', 'domain', 'shop.example'])
  await door.json(['config-set', 'create', 'receipts'])
  return door
}

const certificateOf = (door: WholeDoor): string => readFileSync(join(door.home, 'keys', 'tls', 'certificate.pem'), 'utf8')

const fetched = (url: string, ca: string): Promise<{ readonly status: number; readonly text: string }> =>
  new Promise((resolve, reject) => {
    get(url, { ca, agent: false }, response => {
      let text = ''
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
    }).on('error', reject)
  })

/** The rules of the SNS guide: the lines that are signed, in order, by the certificate that the message names. */
async function isSigned(message: Json, ca: string): Promise<boolean> {
  const names =
    message['Type'] === 'Notification'
      ? ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type']
      : ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type']
  const signed = names.filter(name => message[name] !== undefined).map(name => `${name}\n${message[name]}\n`)
  const { text } = await fetched(message['SigningCertURL'] ?? '', ca)
  return createVerify(message['SignatureVersion'] === '2' ? 'sha256' : 'sha1')
    .update(signed.join(''), 'utf8')
    .verify(new X509Certificate(text).publicKey, message['Signature'] ?? '', 'base64')
}

/** With the certificate's host as the pattern and the account's TLS certificate trusted, nothing else of it changed. */
async function validated(body: string, ca: string): Promise<unknown> {
  const before = globalAgent.options.ca
  globalAgent.options.ca = ca
  try {
    return await new Promise((resolve, reject) => {
      new MessageValidator(/^127\.0\.0\.1:\d+$/).validate(body, (error, message) => (error ? reject(error) : resolve(message)))
    })
  } finally {
    globalAgent.options.ca = before
  }
}

test.each(['1', '2'])(
  'signature version %s: an endpoint confirms, and gets what sns-validator and the rules of SNS accept',
  async version => {
    const door = await shop()
    const judged: unknown[] = []
    // The certificate is there until the endpoint has answered: as an application does, it looks before it answers.
    const endpoint = await openEndpoint(async ({ body }: Posted, response) => {
      const ca = certificateOf(door)
      const message = JSON.parse(body) as Json
      const verdict = await validated(body, ca).then(
        () => 'valid',
        (error: Error) => error.message,
      )
      judged.push(verdict, await isSigned(message, ca), await isSigned({ ...message, Message: `${message['Message']} ` }, ca))
      if (message['Type'] === 'SubscriptionConfirmation') judged.push((await fetched(message['SubscribeURL'] ?? '', ca)).status)
      response.end()
    })
    const made = await door.json([
      'destination',
      'create',
      'hooks',
      '--config-set',
      'receipts',
      '--url',
      endpoint.url,
      '--signature-version',
      version,
    ])
    expect(made).toMatchObject({
      Name: 'hooks',
      Enabled: true,
      SubscriptionStatus: 'CONFIRMED',
      SnsDestination: { TopicArn: expect.stringMatching(/:hooks$/) },
    })
    await door.json(['simulate', 'bounce', '--config-set', 'receipts'])
    expect(judged.slice(0, 4)).toEqual(['valid', true, false, 200])
    expect(judged.slice(4)).toEqual(Array.from({ length: 3 }, () => ['valid', true, false]).flat())
    const [confirmation, validation, ...events] = endpoint.posted.map(({ body }) => JSON.parse(body))
    expect(confirmation).toMatchObject({ Type: 'SubscriptionConfirmation', SignatureVersion: version })
    expect(confirmation).not.toHaveProperty('UnsubscribeURL')
    expect(validation.Message).toBe('Successfully validated SNS topic for Amazon SES event publishing.')
    expect(events.map(({ Message }) => JSON.parse(Message).eventType)).toEqual(['Send', 'Bounce'])
    expect(events[0]).toMatchObject({ Subject: 'Amazon SES Email Event Notification', TopicArn: made.SnsDestination.TopicArn })
    expect(endpoint.posted.at(-1)?.headers).toMatchObject({
      'x-amz-sns-message-type': 'Notification',
      'content-type': 'text/plain; charset=UTF-8',
    })
  },
)

test('an endpoint that does not confirm gets no event until it does, and then all of them', async () => {
  const door = await shop()
  const endpoint = await openEndpoint()
  const create = ['destination', 'create', 'hooks', '--config-set', 'receipts', '--url', endpoint.url, '--timeout', '50ms']
  expect(await door.json(create, 75)).toMatchObject({ SubscriptionStatus: 'PENDING' })
  await door.json(['simulate', 'success', '--config-set', 'receipts'])
  expect(endpoint.posted.map(({ body }) => JSON.parse(body).Type)).toEqual(['SubscriptionConfirmation', 'SubscriptionConfirmation'])
  const { Token } = JSON.parse(endpoint.posted[0]?.body ?? '')
  expect((await door.run(['destination', 'set', 'hooks', '--token', 'guessed'])).code).toBe(65)
  expect(await door.json(['destination', 'set', 'hooks', '--token', Token])).toMatchObject({ SubscriptionStatus: 'CONFIRMED' })
  await door.run(['queue', 'flush'])
  expect(endpoint.posted.slice(2).map(({ body }) => JSON.parse(JSON.parse(body).Message).eventType)).toEqual(['Send', 'Delivery'])
})

test('raw delivery, EventBridge, Firehose, a file and a command each get the event in their form', async () => {
  const door = await shop()
  const endpoint = await openEndpoint()
  const file = join(door.home, 'events.jsonl')
  const piped = join(door.home, 'piped.jsonl')
  const make = (name: string, ...flags: string[]) =>
    door.json(['destination', 'create', name, '--config-set', 'receipts', '--events', 'DELIVERY', ...flags])
  await make('raw', '--url', endpoint.url.replace('hooks', 'raw'), '--raw', 'on', '--confirmed')
  await make('bus', '--url', endpoint.url.replace('hooks', 'bus'), '--form', 'eventbridge')
  await make('stream', '--url', endpoint.url.replace('hooks', 'stream'), '--form', 'firehose')
  await make('log', '--file', file)
  await make('pipe', '--command', `cat >> '${piped}'`)
  endpoint.posted.length = 0
  const { MessageId } = await door.json(['simulate', 'success', '--config-set', 'receipts'])
  const at = (path: string) => endpoint.posted.filter(({ url }) => url === path).map(({ body }) => JSON.parse(body))
  const event = JSON.parse(readFileSync(file, 'utf8'))
  expect(event).toMatchObject({ eventType: 'Delivery', mail: { messageId: MessageId } })
  expect(readFileSync(piped, 'utf8')).toBe(readFileSync(file, 'utf8'))
  expect(at('/raw')).toEqual([event])
  expect(endpoint.posted.find(({ url }) => url === '/raw')?.headers).toMatchObject({ 'x-amz-sns-rawdelivery': 'true' })
  expect(at('/bus')).toEqual([
    {
      version: '0',
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      'detail-type': 'Email Delivered',
      source: 'aws.ses',
      account: event.mail.sendingAccountId,
      time: event.delivery.timestamp.replace(/\.\d{3}Z$/, 'Z'),
      region: 'us-east-1',
      resources: [`arn:aws:ses:us-east-1:${event.mail.sendingAccountId}:configuration-set/receipts`],
      detail: event,
    },
  ])
  const [batch] = at('/stream')
  expect(batch.records.map(({ data }: { data: string }) => Buffer.from(data, 'base64').toString())).toEqual([`${JSON.stringify(event)}\n`])
  expect(endpoint.posted.find(({ url }) => url === '/stream')?.headers['x-amz-firehose-request-id']).toBe(batch.requestId)
  const listed = await door.json(['destination', 'list', '--config-set', 'receipts'])
  expect(listed.EventDestinations.map(({ Name }: { Name: string }) => Name)).toEqual(['bus', 'log', 'pipe', 'raw', 'stream'])
})

test('what an endpoint refuses waits, is said, and is told by the clock as it moves on', async () => {
  const door = await shop()
  let refuses = true
  const endpoint = await openEndpoint((_, response) => response.writeHead(refuses ? 503 : 200).end('busy'))
  await door.run(['destination', 'create', 'hooks', '--config-set', 'receipts', '--url', endpoint.url, '--raw', 'on', '--confirmed'])
  const sent = await door.run(['simulate', 'success', '--config-set', 'receipts'])
  expect(sent.code).toBe(0)
  expect(sent.stderr).toContain('event destination hooks: 503 Service Unavailable: busy; mailctl serve or mailctl queue flush tries again')
  const messageId = /success: .*?(\S+)$/m.exec(sent.stdout)?.[1] ?? ''
  expect((await door.json(['destination', 'list'])).EventDestinations[0]).toMatchObject({
    WaitingEvents: 2,
    LastError: '503 Service Unavailable: busy',
  })
  refuses = false
  const before = endpoint.posted.length
  await door.json(['clock', 'advance', '10s'])
  expect(endpoint.posted.slice(before).map(({ body }) => JSON.parse(body).eventType)).toEqual(['Send', 'Delivery'])
  expect((await door.json(['destination', 'list'])).EventDestinations[0]).toMatchObject({ WaitingEvents: 0, DeadLetters: 0 })
  const { Timeline } = await door.json(['why', messageId])
  expect(Timeline.filter(({ Kind }: { Kind: string }) => Kind === 'DESTINATION').map(({ Text }: { Text: string }) => Text)).toEqual([
    'Send was not taken by hooks of the configuration set receipts: 503 Service Unavailable: busy',
    'Send was told to hooks of the configuration set receipts: 200 OK',
    'Delivery was told to hooks of the configuration set receipts: 200 OK',
  ])
})

test('destination test shows both sides and stores nothing', async () => {
  const door = await shop()
  const endpoint = await openEndpoint((_, response) => response.writeHead(418).end('short and stout'))
  await door.run(['destination', 'create', 'hooks', '--config-set', 'receipts', '--url', endpoint.url, '--confirmed'])
  const tested = await door.json(['destination', 'test', 'hooks', '--type', 'BOUNCE'], 1)
  expect(tested).toMatchObject({
    Taken: false,
    Request: { Method: 'POST', Url: endpoint.url },
    Response: { StatusCode: 418, Body: 'short and stout' },
  })
  expect(JSON.parse(JSON.parse(tested.Request.Body).Message)).toMatchObject({ eventType: 'Bounce', bounce: { bounceType: 'Permanent' } })
  expect(endpoint.posted.at(-1)?.body).toBe(tested.Request.Body)
  expect((await door.json(['events', 'list'])).Events).toEqual([])
})

test('names, numbers and owners are SES’s', async () => {
  const door = await shop()
  const create = async (...argv: string[]) => {
    const { code, stderr } = await door.run(['destination', 'create', ...argv, '--file', '/tmp/none', '--json'])
    return [code, code === 0 ? '' : JSON.parse(stderr).Error.Message]
  }
  expect(await create('a'.repeat(65), '--config-set', 'receipts')).toEqual([65, 'Event destination name cannot exceed 64 characters.'])
  expect(await create('a', '--config-set', 'none')).toEqual([1, 'Configuration set none does not exist.'])
  expect(await create('a', '--config-set', 'receipts', '--events', '')).toEqual([65, 'At least one event type must be specified.'])
  expect((await create('a', '--identity', 'shop.example', '--events', 'OPEN'))[0]).toBe(65)
  for (let n = 0; n < 10; n += 1) expect(await create(`d${n}`, '--config-set', 'receipts')).toEqual([0, ''])
  expect((await create('d9', '--config-set', 'receipts'))[1]).toBe('Event destination <d9> already exists.')
  expect((await create('d10', '--config-set', 'receipts'))[0]).toBe(1)
  const topic = ['destination', 'create', 'b', '--identity', 'shop.example', '--arn', 'arn:aws:sns:us-east-1:111122223333:none', '--json']
  expect(JSON.parse((await door.run(topic)).stderr).Error.Message).toBe('SNS topic <arn:aws:sns:us-east-1:111122223333:none> not found.')
  await door.json(['config-set', 'delete', 'receipts', '--yes'])
  expect((await door.json(['destination', 'list'])).EventDestinations).toEqual([])
})
