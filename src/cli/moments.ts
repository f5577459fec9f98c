/** Moments and numbers between people's text and epoch milliseconds. */
import { parseDuration } from '../base/duration.ts'
import { MailctlError } from '../base/errors.ts'
import type { Flags } from './command.ts'

/** ISO 8601 as JSON carries it. */
export const isoTime = (at: number): string => new Date(at).toISOString()

/** `2026-01-31 12:00:00Z`: a second is enough for people. */
export const showTime = (at: number): string => `${isoTime(at).slice(0, 19).replace('T', ' ')}Z`

/** @returns epoch milliseconds of `2h` (that long before now) or of an ISO 8601 time  @throws MailctlError usage */
export function parseSince(text: string, now: number): number {
  return /^\d+(\.\d+)?(ms|s|m|h|d)$/.test(text.trim()) ? now - parseDuration(text) : parseMoment(text)
}

/** @returns epoch milliseconds  @throws MailctlError usage */
export function parseMoment(text: string): number {
  const at = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))?$/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(at))
    throw new MailctlError('usage', `'${text}' is no moment`, { hint: 'Write 2026-01-31, 2026-01-31T12:00:00Z, or 2h for two hours ago.' })
  return at
}

/** A flag's value when it was given as text. */
export const textFlag = (flags: Flags, name: string): string | undefined => {
  const value = flags[name]
  return typeof value === 'string' ? value : undefined
}

/** @throws MailctlError usage, when it was not given */
export function requiredText(flags: Flags, name: string): string {
  const value = textFlag(flags, name)
  if (value !== undefined && value !== '') return value
  const flag = `--${name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`
  throw new MailctlError('usage', `${flag} is missing`, { hint: 'The command cannot do without it: see --help.' })
}

interface NumberRule {
  readonly flag: string
  readonly min: number
  readonly max: number
  readonly whole: boolean
}

/** @throws MailctlError usage */
export function parseNumber(text: string, { flag, min, max, whole }: NumberRule): number {
  const value = /^-?\d{1,15}(\.\d{1,6})?$/.test(text.trim()) ? Number(text) : Number.NaN
  if (Number.isNaN(value) || value < min || value > max || (whole && !Number.isInteger(value)))
    throw new MailctlError('usage', `'${text}' is not a value of ${flag}`, {
      hint: `Write a ${whole ? 'whole ' : ''}number from ${min} to ${max}.`,
    })
  return value
}

/** `--limit`, 100 when absent.  @throws MailctlError usage */
export function limitFlag(flags: Flags): number {
  const text = textFlag(flags, 'limit')
  return text === undefined ? 100 : parseNumber(text, { flag: '--limit', min: 1, max: 1_000_000, whole: true })
}

export const LIMIT = { flags: '--limit <n>', summary: 'at most this many (default: 100)' } as const
