/** What the sender is told of recipients that were suppressed: their events, and a delivery report of those that count as bounced. */
import { suppressedEvents } from '../account/suppressed-event.ts'
import type { Suppressed } from '../account/suppression.ts'
import type { NewEvent, NewMessage } from '../ports/store.ts'
import type { App } from './app.ts'
import { composeReport } from './bounce-report.ts'

export interface SuppressedFeedback {
  readonly events: readonly NewEvent[]
  readonly reports: readonly NewMessage[]
}

/** @param forwards whether the sender is told by mail */
export function suppressedFeedback(
  { ids, settings }: Pick<App, 'ids' | 'settings'>,
  { message, forwards }: { readonly message: NewMessage; readonly forwards: boolean },
  suppressed: readonly Suppressed[],
): SuppressedFeedback {
  const { id: messageId, acceptedAt: at, returnPath, facts, head } = message
  const events = suppressedEvents({ suppressed, at, newFeedbackId: ids.newFeedbackId }).map(event => ({ ...event, at, messageId }))
  const failed = suppressed.filter(({ reason }) => reason === 'BOUNCE')
  if (failed.length === 0 || returnPath === '' || !forwards) return { events, reports: [] }
  const about = { returnPath, acceptedAt: at, identity: facts.identity, originalHead: head }
  const { body, ...report } = composeReport({ ids, settings }, about, failed, at)
  return { events, reports: [{ ...report, body: { kind: 'inline', bytes: body } }] }
}
