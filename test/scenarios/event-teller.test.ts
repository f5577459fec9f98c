/** The part of `serve` that tells events, over a real store and a stand-in for the outside. */
import { once } from 'node:events'
import { expect, onTestFinished, test, vi } from 'vitest'
import { listDestinations } from '../../src/operations/event-destinations.ts'
import { EventTeller } from '../../src/worker/event-teller.ts'
import { lines, openTeller } from '../support/teller.ts'

test('tells what happens while it runs; a destination that says nothing keeps no other waiting, and no stop', async () => {
  const teller = await openTeller()
  await teller.make({ name: 'silent', place: { kind: 'url', url: 'http://silent.example/' } })
  await teller.make({ name: 'quick' })
  const cut: boolean[] = []
  teller.answer = async ({ place }, signal) => {
    if (place.kind !== 'url' || !place.url.includes('silent')) return {}
    await once(signal, 'abort')
    cut.push(true)
    return { taken: false, summary: 'interrupted' }
  }
  const warned: string[] = []
  const worker = new EventTeller(teller.app, text => warned.push(text))
  onTestFinished(() => worker.stop(0))
  worker.start()
  const quick = () => lines(teller.told.filter(({ place }) => place.kind === 'url' && !place.url.includes('silent')))
  await teller.happen('m1', ['Send', 'Delivery'])
  await vi.waitFor(() => expect(quick()).toEqual(['m1 Send', 'm1 Delivery']), 5_000)
  await teller.happen('m2', ['Send'])
  await vi.waitFor(() => expect(quick()).toEqual(['m1 Send', 'm1 Delivery', 'm2 Send']), 5_000)
  await worker.stop(0)
  expect(cut.length).toBeGreaterThan(0)
  // What was cut was no try: it waits, and is not lost.
  const silent = (await listDestinations(teller.app)).find(({ name }) => name === 'silent')
  expect(silent).toMatchObject({ deadLetters: 0, failures: 0, lastError: null })
  teller.answer = () => ({})
  const again = new EventTeller(teller.again(), text => warned.push(text))
  onTestFinished(() => again.stop(0))
  again.start()
  const toSilent = () => new Set(lines(teller.told.filter(({ place }) => place.kind === 'url' && place.url.includes('silent'))))
  await vi.waitFor(() => expect([...toSilent()].sort()).toEqual(['m1 Delivery', 'm1 Send', 'm2 Send']), 5_000)
  expect(warned).toEqual([])
})
