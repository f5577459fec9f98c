/**
 * One status for one failed recipient out of all that a report says about it. From the surest to the vaguest: what the far side said with
 * its own enhanced code, the report's `Status` field, an enhanced code in the text, a reply code with the words behind it, the words alone.
 * A status of `5.0.0` or `4.0.0` says nothing: any other code that follows is better.
 */
import { failureIn } from './failure-reasons.ts'

export interface FailureEvidence {
  /** The `Status` field; `''` where there is none. */
  readonly field: string
  /** Without its type. */
  readonly diagnostic: string
  /** What is written for a reader about this recipient. */
  readonly text: string
  readonly isDelay: boolean
}

const ENHANCED = /(?:^|[\s(#:;<"'>,[]|\b[245]\d\d-)([245]\.[0-7]\.\d{1,3})(?![\d.]*\d)/
const REPLY = /(?:^|[\s(:;<"'>,])(4[2-5]\d|5[0-7]\d)(?=[-:\s]|$)(?!\s*(?:bytes|[kmg]b\b|minutes|seconds|hours|days|attempts|octets))/
/** As Postfix, Exim and mail gateways say it: the far side had taken the recipient, and refused after the content. */
const AFTER_DATA = /(?:after|repl(?:y|ied) to|response to|final|command)\s(?:the )?(?:end of )?\.?DATA\b/i
const MAX_TEXT = 4_000

/** @returns the enhanced status code; `5.0.0` or `4.0.0` when nothing tells more than that it failed or waits */
export function failureStatus({ field, diagnostic, text, isDelay }: FailureEvidence): string {
  const stated = /\b[245]\.\d{1,3}\.\d{1,3}\b/.exec(field.slice(0, 200))?.[0] ?? ''
  const said = /^\s*([45])\d\d[\s-]+#?(\1\.\d{1,3}\.\d{1,3})\b/.exec(diagnostic)?.[2]
  if (said !== undefined && !isGeneric(said)) return said
  if (stated !== '' && !isGeneric(stated)) return stated
  const written = enhancedCode(diagnostic) ?? (diagnostic === '' ? enhancedCode(text) : undefined)
  if (written !== undefined && !isGeneric(written)) return written
  return stated || written || fromWords(diagnostic || text, isDelay)
}

export const isAfterData = (text: string): boolean => AFTER_DATA.test(text.slice(0, MAX_TEXT))

const isGeneric = (status: string): boolean => /^[245]\.0\.0$/.test(status)

export const enhancedCode = (text: string): string | undefined => ENHANCED.exec(text.slice(0, MAX_TEXT))?.[1]

export const replyCode = (text: string): string | undefined => REPLY.exec(text.slice(0, MAX_TEXT))?.[1]

function fromWords(text: string, isDelay: boolean): string {
  const failure = failureIn(text)
  const code = replyCode(text)
  const digit = code?.charAt(0) ?? failure?.class ?? (isDelay ? '4' : '5')
  const isGuess = failure === undefined || (failure.reason === 'noSuchUser' && isAfterData(text))
  return `${digit}.${isGuess ? '0.0' : failure.detail}`
}
