/** Events on their way to destinations: which, in what order, and what becomes of those that are not taken. */
import { expect, test } from 'vitest'
import {
  changeDestination,
  createDestination,
  deleteDestination,
  listDestinations,
  readDeadLetters,
  redriveDestination,
} from '../../src/operations/event-destinations.ts'
import { publishBatch, publishDue } from '../../src/operations/publish-events.ts'
import { lines, openTeller, type Teller } from '../support/teller.ts'

const ask = { signal: new AbortController().signal }
const only = async ({ app }: Teller) => {
  const [destination] = await listDestinations(app)
  if (destination === undefined) throw new Error('there is no destination')
  return destination
}

test('a destination is told the events of its set, of its types, from its making on, in the order of the log', async () => {
  const teller = await openTeller()
  await teller.happen('before', ['Send'])
  await teller.make({ eventTypes: ['SEND', 'BOUNCE'] })
  await teller.happen('m1', ['Send', 'Delivery'])
  await teller.happen('other', ['Send'], null)
  await teller.happen('m2', ['Send', 'Bounce'])
  expect(await publishDue(teller.app, ask)).toMatchObject([{ taken: 3, error: null }])
  expect(lines(teller.told).sort()).toEqual(['m1 Send', 'm2 Bounce', 'm2 Send'])
  expect(await publishDue(teller.app, ask)).toEqual([])
  expect(await only(teller)).toMatchObject({ waiting: 0, deadLetters: 0, failures: 0 })
})

test('an event that is not taken holds up those behind it of its message, and nobody else', async () => {
  const teller = await openTeller()
  await teller.make()
  teller.answer = ({ event }) => (event.mail.messageId === 'm1' && event.eventType === 'Send' ? { taken: false, summary: '500 oh' } : {})
  await teller.happen('m1', ['Send', 'Delivery'])
  await teller.happen('m2', ['Send'])
  await publishDue(teller.app, ask)
  await teller.happen('m1-later', ['Send'])
  await publishDue(teller.app, ask)
  expect(lines(teller.told).sort()).toEqual(['m1 Send', 'm1-later Send', 'm2 Send'])
  expect(await only(teller)).toMatchObject({ waiting: 2, lastError: '500 oh' })
  teller.answer = () => ({})
  teller.told.length = 0
  await publishDue(teller.app, ask)
  expect(teller.told).toEqual([])
  expect(await teller.app.store.nextPublishAt(teller.app.clock.now())).toBe(teller.app.clock.now() + 1_000)
  await teller.pass(1_000)
  await publishDue(teller.app, ask)
  expect(lines(teller.told)).toEqual(['m1 Send', 'm1 Delivery'])
  expect(await only(teller)).toMatchObject({ waiting: 0 })
  expect(await teller.app.store.nextPublishAt(teller.app.clock.now())).toBeUndefined()
})

test('an event comes behind those of its message that wait, though they are not due yet', async () => {
  const teller = await openTeller()
  const destination = await teller.make()
  teller.answer = () => ({ taken: false, summary: 'no' })
  await teller.happen('m1', ['Send', 'Delivery', 'Open'])
  await publishDue(teller.app, ask)
  teller.answer = () => ({})
  const open = (await teller.app.store.events({ messageId: 'm1', type: 'Open' }))[0]
  await teller.app.store.republish(open?.id ?? 0, [destination.id], teller.app.clock.now())
  await publishDue(teller.app, ask)
  expect(lines(teller.told)).toEqual(['m1 Send'])
  await teller.pass(1_000)
  await publishDue(teller.app, ask)
  expect(lines(teller.told)).toEqual(['m1 Send', 'm1 Send', 'm1 Delivery', 'm1 Open'])
})

test('after fifty tries an event is a dead letter, kept with its error, and told again when it is redriven', async () => {
  const teller = await openTeller()
  await teller.make()
  await teller.happen('m1', ['Send', 'Delivery'])
  teller.answer = ({ event }) => (event.eventType === 'Send' ? { taken: false, summary: '503 busy' } : {})
  const start = teller.app.clock.now()
  for (let next: number | undefined = start; next !== undefined; next = await teller.app.store.nextPublishAt(teller.app.clock.now())) {
    await teller.app.clock.waitUntil(next)
    await publishDue(teller.app, ask)
  }
  expect(lines(teller.told)).toEqual([...Array.from({ length: 50 }, () => 'm1 Send'), 'm1 Delivery'])
  expect((teller.app.clock.now() - start) / 3_600_000).toBeGreaterThan(13)
  const dead = await only(teller)
  expect(dead).toMatchObject({ waiting: 0, deadLetters: 1, lastError: '503 busy' })
  expect(await readDeadLetters(teller.app, dead, 10)).toMatchObject([
    { tries: 50, error: '503 busy', event: { type: 'Send', messageId: 'm1' } },
  ])
  teller.answer = () => ({})
  expect(await redriveDestination(teller.app, dead)).toBe(1)
  await publishDue(teller.app, ask)
  expect(lines(teller.told).at(-1)).toBe('m1 Send')
  expect(await only(teller)).toMatchObject({ waiting: 0, deadLetters: 0, lastError: null })
})

test('a destination that takes nothing rests, is asked by one event at a time, and catches up when it works', async () => {
  const teller = await openTeller()
  await teller.make()
  teller.answer = () => ({ taken: false, summary: 'down' })
  for (let at = 0; at < 120; at += 1) await teller.happen(`m${at}`, ['Send'])
  await publishDue(teller.app, ask)
  expect(teller.told.length).toBe(50)
  expect((await only(teller)).restsUntil).toBe(teller.app.clock.now() + 1_000)
  expect(await publishDue(teller.app, ask)).toEqual([])
  await teller.pass(1_000)
  await publishDue(teller.app, ask)
  expect(teller.told.length).toBe(51)
  teller.answer = () => ({})
  await teller.pass(5_000)
  await publishDue(teller.app, ask)
  await teller.pass(5_000)
  await publishDue(teller.app, ask)
  const taken = new Set(lines(teller.told.slice(51)))
  expect(taken.size).toBe(120)
  expect(await only(teller)).toMatchObject({ waiting: 0, failures: 0, restsUntil: null })
})

test('a slow destination keeps another waiting for nothing', async () => {
  const teller = await openTeller()
  await teller.make({ name: 'slow', place: { kind: 'url', url: 'http://slow.example/' } })
  await teller.make({ name: 'quick' })
  let release = (): void => {}
  const blocked = new Promise<void>(resolve => {
    release = resolve
  })
  teller.answer = async ({ place }) => {
    if (place.kind === 'url' && place.url.includes('slow')) await blocked
    return {}
  }
  await teller.happen('m1', ['Send', 'Delivery'])
  const [slow, quick] = await teller.app.store.destinationsToPublish(teller.app.clock.now()).then(async ids => {
    const all = await listDestinations(teller.app)
    return ['slow', 'quick'].map(name => ids.find(id => all.find(one => one.id === id)?.name === name) ?? 0)
  })
  const waiting = publishBatch(teller.app, slow ?? 0, ask)
  expect(await publishBatch(teller.app, quick ?? 0, ask)).toMatchObject({ taken: 2 })
  release()
  expect(await waiting).toMatchObject({ taken: 2 })
})

test('two processes do not tell one destination at the same time; what one held when it ended the other tells', async () => {
  const teller = await openTeller()
  const { id } = await teller.make()
  await teller.happen('m1', ['Send'])
  const other = teller.again()
  const batch = await other.store.takePublications({ destination: id, now: other.clock.now(), limit: 10 })
  expect(batch?.items.length).toBe(1)
  expect(await publishDue(teller.app, ask)).toEqual([])
  await other.store.close()
  await publishDue(teller.app, ask)
  expect(lines(teller.told)).toEqual(['m1 Send'])
})

test('one that is switched off is told nothing, also not later of what happened meanwhile', async () => {
  const teller = await openTeller()
  const destination = await teller.make()
  await changeDestination(teller.app, destination, { enabled: false })
  await teller.happen('m1', ['Send'])
  await publishDue(teller.app, ask)
  await changeDestination(teller.app, destination, { enabled: true })
  await teller.happen('m2', ['Send'])
  await publishDue(teller.app, ask)
  expect(lines(teller.told)).toEqual(['m2 Send'])
})

test('an identity is told bounces, complaints and deliveries of what it authorised, in the classic form', async () => {
  const teller = await openTeller()
  await teller.make({ owner: { kind: 'identity', name: 'example.com' }, name: 'classic', place: { kind: 'file', path: '/nowhere' } })
  await teller.happen('m1', ['Send', 'Bounce', 'Open', 'Delivery'], null)
  await publishDue(teller.app, ask)
  const bodies = teller.told.map(({ parcel }) => JSON.parse(parcel.body))
  expect(bodies.map(body => body.notificationType)).toEqual(['Bounce', 'Delivery'])
  expect(bodies[0].mail).not.toHaveProperty('tags')
  expect(bodies[0].mail).not.toHaveProperty('headers')
  expect(bodies[0]).not.toHaveProperty('eventType')
})

test('a resource that is known leads where it does already; one that is not is not there', async () => {
  const { app, make } = await openTeller()
  const arn = 'arn:aws:sns:us-east-1:111122223333:bounces'
  const made = await make({ service: { kind: 'sns', arn, signatureVersion: 2 }, confirmed: true })
  const owner = { kind: 'identity', name: 'example.com' } as const
  const byArn = await createDestination(app, {
    owner,
    name: 'Bounce',
    enabled: true,
    eventTypes: ['BOUNCE'],
    service: { kind: 'sns', arn },
  })
  expect(byArn).toMatchObject({ service: made.service, place: made.place, confirmed: true })
  const unknown = { kind: 'sns', arn: `${arn}-2` } as const
  await expect(changeDestination(app, byArn, { service: unknown })).rejects.toMatchObject({ message: `SNS topic <${arn}-2> not found.` })
  await make({ name: 'second', service: unknown, place: { kind: 'url', url: 'http://127.0.0.1:8/' } })
  expect(await changeDestination(app, byArn, { service: unknown })).toMatchObject({ place: { url: 'http://127.0.0.1:8/' } })
})

test('every try is kept for the message; what waits goes with its destination', async () => {
  const teller = await openTeller()
  const destination = await teller.make()
  teller.answer = () => ({ taken: teller.told.length > 1, summary: teller.told.length > 1 ? '200 OK' : '500 oh', ms: 7 })
  await teller.happen('m1', ['Send'])
  await publishDue(teller.app, ask)
  await teller.pass(1_000)
  await publishDue(teller.app, ask)
  expect(await teller.app.store.publishTries('m1')).toMatchObject([
    { eventType: 'Send', destination: 'hooks of the configuration set receipts', taken: false, summary: '500 oh', ms: 7 },
    { taken: true, summary: '200 OK' },
  ])
  await deleteDestination(teller.app, destination)
  expect(await listDestinations(teller.app)).toEqual([])
  await teller.app.store.deleteConfigurationSet('receipts')
})
