/** One SMTP reply. RFC 5321 §4.2, enhanced status codes RFC 2034 and RFC 3463. */

/** `class.subject.detail`. */
export type EnhancedStatus = `${2 | 4 | 5}.${number}.${number}`

export interface Reply {
  /** 200 to 599. */
  readonly code: number
  /** The text of each line, without code, separator and line end; the enhanced status code is still in it. */
  readonly lines: readonly string[]
  /** Taken from the start of the first line, only when its class agrees with the code's first digit. */
  readonly status?: EnhancedStatus
}

/** @returns a reply from its code and text lines, with the enhanced status code read off */
export function replyOf(code: number, lines: readonly string[]): Reply {
  const match = /^([245])\.(\d{1,3})\.(\d{1,3})(?=\s|$)/.exec(lines[0] ?? '')
  const status = match && match[1] === String(code).charAt(0) ? (match[0] as EnhancedStatus) : undefined
  return status === undefined ? { code, lines } : { code, lines, status }
}

/** The reply on one line, as logs, events and DSNs show it: `550 5.1.1 user unknown`. */
export function replyText({ code, lines }: Reply): string {
  return `${code} ${lines.join(' ')}`.trimEnd()
}

/** A text made of the lines of a reply, without the enhanced status code where it stands again: Gmail begins each line with it. */
export function withoutRepeatedStatus(text: string): string {
  const first = /\b[245]\.\d{1,3}\.\d{1,3}(?= )/.exec(text)
  if (first === null) return text
  const end = first.index + first[0].length
  return text.slice(0, end) + text.slice(end).replaceAll(` ${first[0]} `, ' ')
}
