/** How many columns of a terminal a text takes, and how it is broken to fit some. Good enough for tables: wide East Asian characters and emoji are two. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u
const NO_WIDTH = /^(?:\p{M}|\p{Cf}|\p{Emoji_Modifier})$/u

const charWidth = (char: string): number => (NO_WIDTH.test(char) ? 0 : WIDE.test(char) ? 2 : 1)

/** Characters, and our own colours (SGR sequences), which take no room. */
const PIECES = /\u001b\[[0-9;]*m|[\s\S]/gu
const RESET = '\u001b[0m'
const pieceWidth = (piece: string): number => (piece.startsWith('\u001b[') && piece.length > 2 ? 0 : charWidth(piece))

export const textWidth = (text: string): number => (text.match(PIECES) ?? []).reduce((sum, piece) => sum + pieceWidth(piece), 0)

/** @returns the text, or as much of its beginning as fits `width` columns with three dots; a colour that is cut through ends there */
export function cutText(text: string, width: number): string {
  if (textWidth(text) <= width) return text
  let kept = ''
  let columns = 0
  for (const piece of text.match(PIECES) ?? []) {
    columns += pieceWidth(piece)
    if (columns > width - 3) break
    kept += piece
  }
  return `${kept}...${kept.includes('\u001b') ? RESET : ''}`
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
