/** SES GetSendStatistics: the last two weeks in quarters of an hour. SES fact: api-v1 "Account and statistics". */
import type { App } from './app.ts'

export interface SendDataPoint {
  /** When the quarter begins, epoch milliseconds. */
  readonly at: number
  readonly deliveryAttempts: number
  readonly bounces: number
  readonly complaints: number
  readonly rejects: number
}

const POINT_MS = 15 * 60_000
/** The finest that is counted. */
const SPAN_MS = 10 * 60_000
const TWO_WEEKS_MS = 14 * 86_400_000

const COUNTED: Readonly<Record<string, Exclude<keyof SendDataPoint, 'at'>>> = {
  Send: 'deliveryAttempts',
  Bounce: 'bounces',
  Complaint: 'complaints',
  Reject: 'rejects',
}

/** In order of time, quarters without events left out. What is counted in spans of ten minutes is put to the quarter in which the span begins. */
export async function sendStatistics({ store, clock }: Pick<App, 'store' | 'clock'>): Promise<SendDataPoint[]> {
  const now = clock.now()
  const points = new Map<number, SendDataPoint>()
  for (const { at: begins, type, recipients } of await store.activity({
    from: now - TWO_WEEKS_MS,
    until: now + SPAN_MS,
    spanMs: SPAN_MS,
  })) {
    const counted = COUNTED[type]
    if (counted === undefined) continue
    const at = Math.floor(begins / POINT_MS) * POINT_MS
    const point = points.get(at) ?? { at, deliveryAttempts: 0, bounces: 0, complaints: 0, rejects: 0 }
    points.set(at, { ...point, [counted]: point[counted] + recipients })
  }
  return [...points.values()]
}
