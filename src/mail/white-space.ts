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

/** Without SP and HTAB at the end. */
export const trimWspEnd = (text: string): string => withoutEnd(text, isWsp)

/** Without SP, HTAB, CR and LF at both ends. */
export const trimWspAndLineEnds = (text: string): string => trim(text, isWspOrLineEnd)

/** Without what `goes` says of the characters at the end. */
export function withoutEnd(text: string, goes: (code: number) => boolean): string {
  let end = text.length
  while (end > 0 && goes(text.charCodeAt(end - 1))) end--
  return text.slice(0, end)
}

function trim(text: string, isWhite: (code: number) => boolean): string {
  const kept = withoutEnd(text, isWhite)
  let start = 0
  while (start < kept.length && isWhite(kept.charCodeAt(start))) start++
  return kept.slice(start)
}
