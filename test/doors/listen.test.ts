/** `listen` from a whole account to an endpoint on loopback. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createAccount, openApp } from '../../src/open-app.ts'
import { openEndpoint, type Posted } from '../support/endpoint.ts'
import { mailctl } from '../support/terminal.ts'
import { type WholeDoor, wholeDoor } from '../support/whole-door.ts'

interface Notice {
  readonly MessageId: string
  readonly Message: string
  readonly Signature: string
}
const types = (posted: readonly Posted[]): string[] => posted.map(({ body }) => JSON.parse(JSON.parse(body).Message).eventType)
const ids = (posted: readonly Posted[]): string[] => posted.map(({ body }) => (JSON.parse(body) as Notice).MessageId)

async function shop(): Promise<WholeDoor> {
  const door = await wholeDoor()
  await door.json(['verify', 'domain', 'shop.example'])
  return door
}

test('events of the account are posted as signed notifications as they happen, until Ctrl-C', async () => {
  const door = await shop()
  const stop = new AbortController()
  onTestFinished(() => stop.abort())
  const endpoint = await openEndpoint((_, response) => {
    response.writeHead(endpoint.posted.length === 2 ? 500 : 200).end()
    if (endpoint.posted.length === 2) stop.abort()
  })
  const listening = mailctl(['--home', door.home, 'listen', '--forward-to', endpoint.url, '--since', '1d', '--json'], {
    openApp,
    createAccount,
    signal: stop.signal,
  })
  await door.json(['simulate', 'bounce'])
  const { code, stdout } = await listening
  expect(code).toBe(130)
  expect(types(endpoint.posted)).toEqual(['Send', 'Bounce'])
  expect(JSON.parse(endpoint.posted[0]?.body ?? '')).toMatchObject({
    Type: 'Notification',
    SignatureVersion: '1',
    TopicArn: expect.stringMatching(/:listen$/),
  })
  const [first] = stdout.split('\n')
  expect(JSON.parse(first ?? '')).toMatchObject({
    EventType: 'Send',
    Attempt: 1,
    Taken: true,
    StatusCode: 200,
    Event: { eventType: 'Send' },
  })
  expect((await door.json(['destination', 'list'])).EventDestinations).toEqual([])
})

describe('a recording', () => {
  let door: WholeDoor
  let file: string
  let recorded: string

  async function record(): Promise<void> {
    door = await shop()
    file = join(door.home, 'events.jsonl')
    await door.json(['simulate', 'bounce'])
    await door.json(['simulate', 'success'])
    const ran = await door.run(['listen', '--record', file, '--since', '1d', '--limit', '4'])
    expect(ran.code).toBe(0)
    recorded = readFileSync(file, 'utf8')
  }

  test('holds the events, and is sent again: all, or those that are asked for', async () => {
    await record()
    const { Events } = await door.json(['events', 'list'])
    expect(
      recorded
        .trimEnd()
        .split('\n')
        .map(line => JSON.parse(line)),
    ).toEqual(Events)
    const endpoint = await openEndpoint()
    const replayed = await door.run(['listen', '--forward-to', endpoint.url, '--replay', file])
    expect([replayed.code, types(endpoint.posted)]).toEqual([0, ['Send', 'Bounce', 'Send', 'Delivery']])
    endpoint.posted.length = 0
    await door.run(['listen', '--forward-to', endpoint.url, '--replay', file, '--type', 'Delivery'])
    await door.run(['listen', '--forward-to', endpoint.url, '--replay', file, '--to', 'BOUNCE@simulator.amazonses.com'])
    expect(types(endpoint.posted)).toEqual(['Delivery', 'Send', 'Bounce'])
  })

  test.each([
    ['duplicate', ['Send', 'Send', 'Bounce', 'Bounce', 'Send', 'Send', 'Delivery', 'Delivery']],
    ['reorder', ['Bounce', 'Send', 'Delivery', 'Send']],
    ['late', ['Send', 'Bounce', 'Send', 'Delivery']],
    ['5xx', ['Send', 'Send']],
  ])('%s', async (fault, expected) => {
    await record()
    const endpoint = await openEndpoint()
    const limit = fault === '5xx' ? ['--limit', '1'] : []
    const { stdout } = await door.run(['listen', '--forward-to', endpoint.url, '--replay', file, '--fault', fault, '--json', ...limit])
    expect(types(endpoint.posted)).toEqual(expected)
    if (fault === 'duplicate' || fault === '5xx') expect(ids(endpoint.posted)[0]).toBe(ids(endpoint.posted)[1])
    const attempts = stdout
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line).Attempt)
    expect(attempts.filter(attempt => attempt === 2).length).toBe(expected.length - new Set(ids(endpoint.posted)).size)
  })

  test('one with a line that is no event is refused whole', async () => {
    await record()
    const endpoint = await openEndpoint()
    writeFileSync(file, `${recorded}{"eventType":1}\n`)
    const { code, stderr } = await door.run(['listen', '--forward-to', endpoint.url, '--replay', file])
    expect(code).toBe(65)
    expect(stderr).toContain('events.jsonl:5 is no event of SES')
    expect(endpoint.posted).toEqual([])
  })
})

test('without anything to do with the events, or with a URL that leads elsewhere, it does nothing', async () => {
  const door = await shop()
  expect((await door.run(['listen'])).code).toBe(64)
  expect((await door.run(['listen', '--forward-to', 'ftp://127.0.0.1/', '--since', '1d', '--limit', '1'])).code).toBe(65)
  await door.json(['simulate', 'success'])
  const { stdout } = await door.run(['listen', '--forward-to', 'http://hooks.example.com/', '--since', '1d', '--limit', '1'])
  expect(stdout).toContain('events are not sent to hooks.example.com: the lab reaches loopback only')
})
