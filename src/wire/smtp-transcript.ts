/**
 * What was said in an SMTP session, for `why` and the log: `+12 > EHLO mta.example`, with the milliseconds since the start, `>` for us,
 * `<` for the peer, `*` for a remark. At most 200 lines of 500 characters, free of control characters; registered secrets become `***`.
 */
import { printable, redactSmtpCommand } from '../base/redact.ts'

const MAX_LINES = 200
const MAX_CHARACTERS = 500

export class Transcript {
  readonly #lines: string[] = []
  readonly #secrets: string[] = []
  readonly #startedAt = performance.now()

  /** From here on this text is shown as `***`, in whatever the peer echoes too. */
  hide(secret: string): void {
    if (secret !== '') this.#secrets.push(secret)
  }

  /** Whether there is anything to conceal. */
  get hasSecrets(): boolean {
    return this.#secrets.length > 0
  }

  conceal(text: string): string {
    let shown = text
    for (const secret of this.#secrets) shown = shown.replaceAll(secret, '***')
    return shown
  }

  add(direction: '>' | '<' | '*', text: string): void {
    if (this.#lines.length >= MAX_LINES) return
    const offset = Math.round(performance.now() - this.#startedAt)
    if (this.#lines.length === MAX_LINES - 1) {
      this.#lines.push(`+${offset} * further lines are left out`)
      return
    }
    const line = printable(this.conceal(direction === '>' ? redactSmtpCommand(text) : text))
    this.#lines.push(`+${offset} ${direction} ${line.length > MAX_CHARACTERS ? `${line.slice(0, MAX_CHARACTERS)}…` : line}`)
  }

  get lines(): readonly string[] {
    return this.#lines
  }
}
