/** First in, first out, each step at the same cost however many wait: an array's `shift` moves all the others. */

interface Link<T> {
  readonly value: T
  next: Link<T> | undefined
}

export class Fifo<T> {
  #first: Link<T> | undefined
  #last: Link<T> | undefined
  #size = 0

  get size(): number {
    return this.#size
  }

  push(value: T): void {
    const link: Link<T> = { value, next: undefined }
    if (this.#last) this.#last.next = link
    else this.#first = link
    this.#last = link
    this.#size += 1
  }

  /** @returns undefined when nothing waits */
  shift(): T | undefined {
    const link = this.#first
    if (!link) return undefined
    this.#first = link.next
    if (!link.next) this.#last = undefined
    this.#size -= 1
    return link.value
  }
}
