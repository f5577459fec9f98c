/**
 * `/metrics` for Prometheus, in its text format 0.0.4: the process under the names that its client libraries use, requests by route, and
 * the account. What it shows of the account is counted already, so asking costs the same whatever was sent.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { App } from '../operations/app.ts'
import { type AccountCounts, readAccountCounts } from '../operations/read-counts.ts'
import { type Route, text } from './route.ts'

export interface RequestMetrics {
  answered(request: { readonly method: string; readonly route: string; readonly status: number; readonly seconds: number }): void
}

/** Upper ends in seconds, as Prometheus's own libraries have them. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

interface Series {
  count: number
  sum: number
  readonly buckets: number[]
}

/** One for all HTTP doors of a process. Routes and methods are a closed list, so series are bounded. */
export class HttpMetrics implements RequestMetrics {
  readonly #requests = new Map<string, number>()
  readonly #durations = new Map<string, Series>()

  answered({ method, route, status, seconds }: Parameters<RequestMetrics['answered']>[0]): void {
    const known = METHODS.has(method) ? method : 'OTHER'
    const key = labels({ method: known, route, code: status })
    this.#requests.set(key, (this.#requests.get(key) ?? 0) + 1)
    const series = this.#durations.get(route) ?? { count: 0, sum: 0, buckets: BUCKETS.map(() => 0) }
    this.#durations.set(route, series)
    series.count += 1
    series.sum += seconds
    const first = BUCKETS.findIndex(end => seconds <= end)
    if (first >= 0) series.buckets[first] = (series.buckets[first] ?? 0) + 1
  }

  lines(): string[] {
    return [
      ...family('http_requests_total', 'counter', 'Requests answered.', [...this.#requests]),
      '# HELP http_request_duration_seconds Time from the request line to the end of the answer.',
      '# TYPE http_request_duration_seconds histogram',
      ...[...this.#durations].flatMap(([route, series]) => histogram(route, series)),
    ]
  }
}

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'])

function histogram(route: string, { count, sum, buckets }: Series): string[] {
  let below = 0
  const lines = BUCKETS.map((end, index) => {
    below += buckets[index] ?? 0
    return `http_request_duration_seconds_bucket${labels({ route, le: end })} ${below}`
  })
  return [
    ...lines,
    `http_request_duration_seconds_bucket${labels({ route, le: '+Inf' })} ${count}`,
    `http_request_duration_seconds_sum${labels({ route })} ${sum}`,
    `http_request_duration_seconds_count${labels({ route })} ${count}`,
  ]
}

type Sample = readonly [labels: string, value: number]

function family(name: string, type: 'counter' | 'gauge', help: string, samples: readonly Sample[]): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...samples.map(([at, value]) => `${name}${at} ${value}`)]
}

function labels(pairs: Readonly<Record<string, string | number>>): string {
  const inside = Object.entries(pairs).map(([name, value]) => `${name}="${String(value).replace(/[\\"\n]/g, escaped)}"`)
  return `{${inside.join(',')}}`
}

const escaped = (character: string): string => (character === '\n' ? '\\n' : `\\${character}`)

export interface MetricsOptions {
  readonly version: string
  readonly metrics: HttpMetrics
  /** Whether the peer may see them: counts are nobody else's business. */
  readonly mayRead: (peer: string) => boolean
}

export function metricsRoutes(app: Pick<App, 'store' | 'clock'>, { version, metrics, mayRead }: MetricsOptions): Route[] {
  const since = app.clock.now()
  const delay = monitorEventLoopDelay({ resolution: 20 })
  delay.enable()
  return [
    {
      method: 'GET',
      path: '/metrics',
      from: 'own',
      async handle({ peer }) {
        if (!mayRead(peer)) return text(403, 'Metrics are read on the loopback address.')
        const lines = [
          ...family('mailctl_build_info', 'gauge', 'Always 1.', [[labels({ version, node: process.version }), 1]]),
          ...accountLines(await readAccountCounts(app, since)),
          ...metrics.lines(),
          ...processLines(delay.mean / 1e9),
        ]
        return { status: 200, headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }, body: `${lines.join('\n')}\n` }
      },
    },
  ]
}

function accountLines({ queue, events, quota, standing }: AccountCounts): string[] {
  return [
    ...family(
      'mailctl_queue_recipients',
      'gauge',
      'Recipients in the queue.',
      Object.entries(queue).map(([state, count]) => [labels({ state }), count]),
    ),
    ...family(
      'mailctl_events_total',
      'counter',
      'SES events since serve was started.',
      events.map(({ type, events: count }) => [labels({ type }), count]),
    ),
    ...family(
      'mailctl_event_recipients_total',
      'counter',
      'Recipients of these events.',
      events.map(({ type, recipients }) => [labels({ type }), recipients]),
    ),
    ...family('mailctl_quota_max_24_hour_send', 'gauge', 'Recipients that may be sent to in 24 hours; -1: any number.', [
      ['', quota.max24HourSend],
    ]),
    ...family('mailctl_quota_sent_last_24_hours', 'gauge', 'Recipients sent to in the last 24 hours.', [['', quota.sentLast24Hours]]),
    ...family('mailctl_quota_max_send_rate', 'gauge', 'Recipients a second.', [['', quota.maxSendRate]]),
    ...family(
      'mailctl_account_standing',
      'gauge',
      'Enforcement status: 1 for the one that holds.',
      ['HEALTHY', 'PROBATION', 'SHUTDOWN'].map(status => [labels({ status }), status === standing ? 1 : 0]),
    ),
  ]
}

/** The names of Prometheus's client libraries. */
function processLines(loopDelaySeconds: number): string[] {
  const { user, system } = process.cpuUsage()
  const { rss, heapUsed, heapTotal, external } = process.memoryUsage()
  const gauge = (name: string, help: string, value: number): string[] => family(name, 'gauge', help, [['', value]])
  return [
    ...family('process_cpu_user_seconds_total', 'counter', 'Processor time in user mode.', [['', user / 1e6]]),
    ...family('process_cpu_system_seconds_total', 'counter', 'Processor time in system mode.', [['', system / 1e6]]),
    ...family('process_cpu_seconds_total', 'counter', 'Processor time.', [['', (user + system) / 1e6]]),
    ...gauge('process_start_time_seconds', 'Start of the process since the epoch.', Math.round(Date.now() / 1_000 - process.uptime())),
    ...gauge('process_resident_memory_bytes', 'Resident memory.', rss),
    ...gauge('nodejs_heap_size_total_bytes', 'Heap.', heapTotal),
    ...gauge('nodejs_heap_size_used_bytes', 'Heap in use.', heapUsed),
    ...gauge('nodejs_external_memory_bytes', 'Memory outside the heap.', external),
    ...gauge('nodejs_eventloop_lag_mean_seconds', 'Mean delay of the event loop.', Number.isNaN(loopDelaySeconds) ? 0 : loopDelaySeconds),
  ]
}
