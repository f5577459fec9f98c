/**
 * The part of `serve` that lets the lab's receivers send back what they have to say of messages they took, whichever process brought them.
 * Where there is no lab it costs a look for its file now and then.
 */
import { messageOf } from '../base/errors.ts'
import { Outage } from '../base/outage.ts'
import type { App } from '../operations/app.ts'

/** How often it is asked what is due. */
const LOOK_MS = 200

export class ReportSender {
  readonly #app: Pick<App, 'lab'>
  readonly #outage: Outage
  #timer: NodeJS.Timeout | undefined
  #look: Promise<void> = Promise.resolve()
  #isStopping = false

  /** @param warn told of what failed and will be tried again */
  constructor(app: Pick<App, 'lab'>, warn: (text: string) => void) {
    this.#app = app
    this.#outage = new Outage({
      warn,
      what: 'reports of simulated receivers are not sent',
      over: 'reports of simulated receivers are sent again',
    })
  }

  start(): void {
    this.#look = this.#lookAround()
  }

  /** What is not sent yet waits for the next process. */
  async stop(): Promise<void> {
    this.#isStopping = true
    clearTimeout(this.#timer)
    await this.#look
  }

  async #lookAround(): Promise<void> {
    try {
      await this.#app.lab.reports.sendDue()
      this.#outage.worked()
    } catch (error) {
      this.#outage.failed(messageOf(error))
    }
    if (!this.#isStopping) this.#timer = setTimeout(() => this.start(), LOOK_MS)
  }
}
