/** The event log, oldest first. */
import type { EventFilter, LoggedEvent } from '../ports/store.ts'
import type { App } from './app.ts'

export const listEvents = async ({ store }: Pick<App, 'store'>, filter: EventFilter): Promise<LoggedEvent[]> => await store.events(filter)
