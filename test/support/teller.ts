/** An account on a virtual clock with a configuration set, and a stand-in for the outside that notes what it is told and says what the test wants. */
import { onTestFinished } from 'vitest'
import { NEW_SET } from '../../src/account/configuration-set.ts'
import type { Place } from '../../src/account/event-destination.ts'
import { createAccount, openAccount } from '../../src/adapters/sqlite/account-file.ts'
import { createDestination, type NewDestination } from '../../src/operations/event-destinations.ts'
import type { PublishApp } from '../../src/operations/publish-events.ts'
import type { StoredDestination } from '../../src/ports/event-destinations.ts'
import type { EventPublisher, Parcel, Receipt } from '../../src/ports/event-publisher.ts'
import { messageOf, openTheGates, T0, tempFolder } from './account.ts'

export interface Told {
  readonly place: Place
  readonly event: { readonly eventType: string; readonly mail: { readonly messageId: string } }
  readonly parcel: Parcel
}

export interface Teller {
  readonly home: string
  readonly app: PublishApp
  readonly told: Told[]
  /** What the outside answers; absent: it takes everything. */
  answer: (told: Told, signal: AbortSignal) => Partial<Receipt> | Promise<Partial<Receipt>>
  make(ask?: Partial<NewDestination>): Promise<StoredDestination>
  /** A message that follows the set, with an event of each of these types in the log. */
  happen(id: string, types: readonly string[], set?: string | null): Promise<void>
  pass(ms: number): Promise<void>
  /** The account as another process would open it. */
  again(): PublishApp
}

export async function openTeller(): Promise<Teller> {
  const home = tempFolder()
  createAccount({ home, region: 'us-east-1', clock: 'virtual', startAt: T0 - 1_000 }) // so that the bucket has filled at T0
  const told: Told[] = []
  const eventPublisher: EventPublisher = {
    async send(place, parcels, signal) {
      let receipt: Partial<Receipt> = {}
      for (const parcel of parcels) {
        const one = { place, parcel, event: JSON.parse(parcel.body) }
        told.push(one)
        receipt = await teller.answer(one, signal)
      }
      return { taken: true, summary: '200 OK', ms: 1, ...receipt }
    },
    pagesUnder: () => {},
    snsSigner: async () => {
      throw new Error('nothing is signed here')
    },
    close: async () => {},
  }
  const open = (): PublishApp => {
    const { store, clock } = openAccount(home, 'lab')
    onTestFinished(() => store.close())
    return { store, clock, eventPublisher }
  }
  const app = open()
  await openTheGates(app.store)
  await app.clock.waitUntil(T0)
  await app.store.addConfigurationSet({ name: 'receipts', createdAt: T0, ...NEW_SET })
  const teller: Teller = {
    home,
    app,
    told,
    answer: () => ({}),
    make: (ask = {}) =>
      createDestination(app, {
        owner: { kind: 'set', name: 'receipts' },
        name: 'hooks',
        enabled: true,
        service: { kind: 'plain' },
        place: { kind: 'url', url: 'http://127.0.0.1:9/' },
        ...ask,
      }),
    async happen(id, types, set = 'receipts') {
      const at = app.clock.now()
      const message = messageOf({ id, acceptedAt: at, expiresAt: at + 3_600_000 })
      const events = types.map(type => ({ type, at, messageId: id, recipients: message.recipients, detail: {} }))
      await app.store.accept({ ...message, facts: { ...message.facts, configurationSet: set } }, events)
    },
    pass: ms => app.clock.waitUntil(app.clock.now() + ms),
    again: open,
  }
  return teller
}

/** `m1 Send`, in the order in which they were told. */
export const lines = (told: readonly Told[]): string[] => told.map(({ event }) => `${event.mail.messageId} ${event.eventType}`)
