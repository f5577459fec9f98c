/** Collects exactly one outcome per recipient of an attempt. Silence about a recipient, or two answers, is a bug of ours and throws. */
import type { Outcome } from './outcome.ts'

export class OutcomeSheet {
  readonly #recipients: readonly string[]
  readonly #outcomes = new Map<number, Outcome>()

  constructor(recipients: readonly string[]) {
    this.#recipients = recipients
  }

  /** Positions without an outcome yet, in order. */
  get open(): number[] {
    return [...this.#recipients.keys()].filter(index => !this.#outcomes.has(index))
  }

  /** @throws Error when that recipient has its outcome, or does not exist */
  mark(index: number, outcome: Outcome): void {
    if (this.#recipients[index] === undefined) throw new Error(`there is no recipient ${index}`)
    if (this.#outcomes.has(index)) throw new Error(`a second outcome for ${this.#recipients[index]}`)
    this.#outcomes.set(index, outcome)
  }

  /** Gives this outcome to everyone who has none. */
  markRest(outcome: Outcome): void {
    for (const index of this.open) this.mark(index, outcome)
  }

  /** @returns the outcomes in the order of the recipients  @throws Error when one is missing */
  close(): Outcome[] {
    return this.#recipients.map((recipient, index) => {
      const outcome = this.#outcomes.get(index)
      if (!outcome) throw new Error(`no outcome for ${recipient}`)
      return outcome
    })
  }
}
