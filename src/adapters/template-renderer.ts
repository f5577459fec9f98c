/**
 * Fills templates in a worker thread of its own, one for each call: with a limit on time, memory and output, and with nothing of the
 * program within reach. The thread ends with the call.
 */
import { readdir, readFile } from 'node:fs/promises'
import { Worker } from 'node:worker_threads'
import { MailctlError } from '../base/errors.ts'
import { printable } from '../base/redact.ts'
import type { Renderer, TemplateContent } from '../ports/renderer.ts'

export interface RenderLimits {
  readonly timeoutMs: number
  /** Of each part, in UTF-16 units. */
  readonly maxCharacters: number
}

const LIMITS: RenderLimits = { timeoutMs: 5_000, maxCharacters: 10 * 1024 * 1024 }
/** SES fact: the three parts together. */
const MAX_TEMPLATE_BYTES = 500 * 1024

/** Both lie as `src/adapters/` sees them also for the chunks of the bundle: the build puts the worker beside those. */
const WORKER = new URL('./template-worker.mjs', import.meta.url)
const STARTERS = new URL('../../templates/', import.meta.url)

type Answer = { readonly rendered: TemplateContent } | { readonly refused: string }

/** Starter templates are `templates/<name>.json` in the shape of SES. */
export function openRenderer(limits: RenderLimits = LIMITS): Renderer {
  return {
    starter: readStarter,
    render: (template, data) => renderInWorker(template, data, limits),
  }
}

async function readStarter(name: string): Promise<TemplateContent> {
  const names = (await readdir(STARTERS)).filter(file => file.endsWith('.json')).map(file => file.slice(0, -'.json'.length))
  if (!names.includes(name)) {
    throw new MailctlError('not-found', `Template ${printable(name)} does not exist.`, { hint: `There are: ${names.sort().join(', ')}.` })
  }
  const { TemplateContent: content } = JSON.parse(await readFile(new URL(`${name}.json`, STARTERS), 'utf8'))
  return { subject: content.Subject ?? null, text: content.Text ?? null, html: content.Html ?? null }
}

async function renderInWorker(
  template: TemplateContent,
  data: unknown,
  { timeoutMs, maxCharacters }: RenderLimits,
): Promise<TemplateContent> {
  const size = [template.subject, template.text, template.html].reduce((sum, part) => sum + Buffer.byteLength(part ?? ''), 0)
  if (size > MAX_TEMPLATE_BYTES) throw new MailctlError('bad-data', 'The template is larger than 500 KB')
  const worker = new Worker(WORKER, {
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 16, stackSizeMb: 4 },
  })
  let timer: NodeJS.Timeout | undefined
  try {
    const answer = await new Promise<Answer>((resolve, reject) => {
      timer = setTimeout(() => reject(refusal(`takes longer than ${timeoutMs} ms`)), timeoutMs)
      worker.once('message', resolve)
      worker.once('error', error =>
        reject('code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? refusal('takes too much memory') : error),
      )
      worker.once('exit', () => reject(new Error('the template worker ended without an answer')))
      worker.postMessage({ template, data, maxCharacters })
    })
    if ('rendered' in answer) return answer.rendered
    throw refusal(answer.refused)
  } finally {
    clearTimeout(timer)
    await worker.terminate()
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
