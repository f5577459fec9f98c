/**
 * Fills templates in worker threads: with a limit on time, memory and output, and with nothing of the program within reach. A worker lives
 * on from one filling to the next, so that it keeps what it has read of a template; one that runs out of time or memory ends, and what
 * waited behind goes to the next. Workers keep no program running.
 */
import { readdir, readFile } from 'node:fs/promises'
import { Worker } from 'node:worker_threads'
import { checkTemplateSize, type TemplateContent } from '../account/template.ts'
import { MailctlError } from '../base/errors.ts'
import { printable } from '../base/redact.ts'
import type { Renderer, TemplateSyntax } from '../ports/renderer.ts'

export interface RenderLimits {
  readonly timeoutMs: number
  /** Of each part, in UTF-16 units. */
  readonly maxCharacters: number
}

const LIMITS: RenderLimits = { timeoutMs: 5_000, maxCharacters: 10 * 1024 * 1024 }
/** A template that takes its time holds up half of the others at most. */
const MOST_WORKERS = 2

/** Both lie as `src/adapters/` sees them also for the chunks of the bundle: the build puts the worker beside those. */
const WORKER = new URL('./template-worker.mjs', import.meta.url)
const STARTERS = new URL('../../templates/', import.meta.url)

type Answer = { readonly ready: true } | { readonly rendered: TemplateContent } | { readonly refused: string }

interface Filling {
  readonly template: TemplateContent
  readonly data: unknown
  readonly syntax: TemplateSyntax
  readonly resolve: (rendered: TemplateContent) => void
  readonly reject: (error: unknown) => void
}

/** Starter templates are `templates/<name>.json` in the shape of SES. */
export function openRenderer(limits: RenderLimits = LIMITS): Renderer {
  const lanes: Lane[] = []
  function leastBusy(): Lane {
    const idle = lanes.find(({ waiting }) => waiting === 0)
    if (idle) return idle
    if (lanes.length < MOST_WORKERS) {
      const lane = new Lane(limits)
      lanes.push(lane)
      return lane
    }
    return lanes.reduce((a, b) => (b.waiting < a.waiting ? b : a))
  }
  return {
    starters: starterNames,
    async starter(name) {
      if (!(await starterNames()).includes(name)) return undefined
      const { TemplateContent: content } = JSON.parse(await readFile(new URL(`${name}.json`, STARTERS), 'utf8'))
      return { subject: content.Subject ?? null, text: content.Text ?? null, html: content.Html ?? null }
    },
    async render(template, data, syntax = 'blocks') {
      checkTemplateSize(template)
      return await new Promise((resolve, reject) => leastBusy().add({ template, data, syntax, resolve, reject }))
    },
  }
}

async function starterNames(): Promise<string[]> {
  const files = await readdir(STARTERS)
  return files
    .filter(file => file.endsWith('.json'))
    .map(file => file.slice(0, -'.json'.length))
    .sort()
}

/** One worker, and what waits for it in order; the clock runs for the first, once the worker has started: that is no fault of a template. */
class Lane {
  readonly #limits: RenderLimits
  readonly #fillings: Filling[] = []
  #worker: Worker | undefined
  #isReady = false
  #timer: NodeJS.Timeout | undefined

  constructor(limits: RenderLimits) {
    this.#limits = limits
  }

  get waiting(): number {
    return this.#fillings.length
  }

  add(filling: Filling): void {
    this.#worker ??= this.#start()
    try {
      this.#post(this.#worker, filling)
    } catch {
      filling.reject(refusal('has data that nests too deep'))
      return
    }
    this.#worker.ref()
    this.#fillings.push(filling)
    if (this.#fillings.length === 1) this.#startTimer()
  }

  #start(): Worker {
    const worker = new Worker(WORKER, {
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 16, stackSizeMb: 4 },
    })
    worker.on('message', (answer: Answer) => {
      if (worker !== this.#worker) return
      if ('ready' in answer) return this.#begin()
      if ('rendered' in answer) this.#settle(({ resolve }) => resolve(answer.rendered))
      else this.#settle(({ reject }) => reject(refusal(answer.refused)))
      if (this.#fillings.length === 0) worker.unref()
    })
    worker.on('error', error => {
      const outOfMemory = 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY'
      this.#replace(worker, outOfMemory ? refusal('takes too much memory') : error)
    })
    worker.on('exit', () => this.#replace(worker, new Error('the template worker ended without an answer')))
    return worker
  }

  #post(worker: Worker, { template, data, syntax }: Filling): void {
    worker.postMessage({ template, data, syntax, maxCharacters: this.#limits.maxCharacters })
  }

  /** The first has its answer. */
  #settle(tell: (filling: Filling) => void): void {
    clearTimeout(this.#timer)
    const first = this.#fillings.shift()
    if (this.#fillings.length > 0) this.#startTimer()
    if (first) tell(first)
  }

  #begin(): void {
    this.#isReady = true
    if (this.#fillings.length > 0) this.#startTimer()
  }

  #startTimer(): void {
    if (!this.#isReady) return
    const { timeoutMs } = this.#limits
    this.#timer = setTimeout(() => {
      if (this.#worker) this.#replace(this.#worker, refusal(`takes longer than ${timeoutMs} ms`))
    }, timeoutMs)
  }

  /** The worker is no use any more, because of the first; the others begin anew with another. */
  #replace(worker: Worker, why: unknown): void {
    if (worker !== this.#worker) return
    this.#worker = undefined
    this.#isReady = false
    void worker.terminate()
    this.#settle(({ reject }) => reject(why))
    if (this.#fillings.length === 0) return
    const next = this.#start()
    this.#worker = next
    for (const filling of this.#fillings) this.#post(next, filling)
  }
}

/** SES's own sentence about a missing attribute stands alone. */
function refusal(why: string): MailctlError {
  const text = printable(why.replace(/\n[\s\S]*$/, ''))
  if (text.startsWith("Attribute '")) return new MailctlError('bad-data', text, { hint: 'Give every variable of the template in --data.' })
  return new MailctlError('bad-data', `The template ${text}`, {
    hint: 'SES templates know {{a.b}}, #each, #if with else and inline partials.',
  })
}
