/** How many columns of a terminal a text takes, and how it is broken to fit some. Good enough for tables: wide East Asian characters and emoji are two. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u
const NO_WIDTH = /^(?:\p{M}|\p{Cf}|\p{Emoji_Modifier})$/u

const charWidth = (char: string): number => (NO_WIDTH.test(char) ? 0 : WIDE.test(char) ? 2 : 1)

export const textWidth = (text: string): number => [...text].reduce((sum, char) => sum + charWidth(char), 0)

/** @returns the text, or as much of its beginning as fits `width` columns with three dots */
export function cutText(text: string, width: number): string {
  if (textWidth(text) <= width) return text
  let kept = ''
  let columns = 0
  for (const char of text) {
    columns += charWidth(char)
    if (columns > width - 3) break
    kept += char
  }
  return `${kept}...`
}

/** @returns lines of at most `width` columns, broken after spaces where there are some, else anywhere; one line at least */
export function wrapText(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  const cutAt = (end: number): void => {
    lines.push(line.slice(0, end).trimEnd())
    line = line.slice(end)
  }
  for (const char of text) {
    const isTooWide = (): boolean => line !== '' && textWidth(line + char) > width
    if (char === ' ' && isTooWide()) {
      cutAt(line.length)
      continue
    }
    while (isTooWide()) cutAt(line.lastIndexOf(' ') + 1 || line.length)
    line += char
  }
  return [...lines, line]
}
