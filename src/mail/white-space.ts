/**
 * White space of mail syntax, which is SP and HTAB and never what Unicode adds: octets above 127 are part of something. Loops, because
 * `/[ \t]+$/` takes quadratic time on a long run that is not at the end.
 */

const [HTAB, LF, CR, SP] = [0x09, 0x0a, 0x0d, 0x20] as const

export const isWsp = (code: number): boolean => code === SP || code === HTAB
/** SP, HTAB, CR or LF. */
export const isWspOrLineEnd = (code: number): boolean => isWsp(code) || code === LF || code === CR

/** Without SP and HTAB at both ends. */
export const trimWsp = (text: string): string => trim(text, isWsp)

/** Without SP, HTAB, CR and LF at both ends. */
export const trimWspAndLineEnds = (text: string): string => trim(text, isWspOrLineEnd)

function trim(text: string, isWhite: (code: number) => boolean): string {
  let start = 0
  let end = text.length
  while (start < end && isWhite(text.charCodeAt(start))) start++
  while (end > start && isWhite(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}
