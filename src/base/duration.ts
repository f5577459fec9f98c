/** Durations as `90s 15m 2h 14d` and sizes as `10MB`; both binary and both integers once read. */
import { MailctlError } from './errors.ts'

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const UNIT_BYTES = { '': 1, b: 1, k: 1024, kb: 1024, m: 1024 ** 2, mb: 1024 ** 2, g: 1024 ** 3, gb: 1024 ** 3 } as const

/** @returns milliseconds  @throws MailctlError usage, when the text is not a duration */
export function parseDuration(text: string): number {
  if (text.trim() === '0') return 0
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text.trim())
  if (!match)
    throw new MailctlError('usage', `'${text}' is not a duration`, { hint: 'Write a number and a unit: 500ms, 90s, 15m, 2h or 14d.' })
  return Math.round(Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS])
}

/** @returns bytes; 10MB is 10485760  @throws MailctlError usage, when the text is not a size */
export function parseSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*(b|kb?|mb?|gb?|)$/i.exec(text.trim())
  if (!match) throw new MailctlError('usage', `'${text}' is not a size`, { hint: 'Write a number and a unit: 512KB or 10MB.' })
  return Math.round(Number(match[1]) * UNIT_BYTES[(match[2] ?? '').toLowerCase() as keyof typeof UNIT_BYTES])
}

/** The largest two units that say something: `2h 5m`, `45s`, `14d`, `0s`. */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return ms <= 0 ? '0s' : `${Math.round(ms)}ms`
  const parts: string[] = []
  let rest = Math.round(ms / 1_000) * 1_000
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    const count = Math.floor(rest / UNIT_MS[unit])
    rest -= count * UNIT_MS[unit]
    if (count > 0) parts.push(`${count}${unit}`)
  }
  return parts.slice(0, 2).join(' ')
}

/** `10 MB`, `1.5 KB`, `12 B`: binary units, one decimal where it says something. */
export function formatSize(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`
  const units = ['KB', 'MB', 'GB', 'TB']
  let value = bytes / 1024
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit += 1
  }
  return `${value >= 100 || Number.isInteger(value) ? Math.round(value) : value.toFixed(1)} ${units[unit]}`
}
