/** What `queue retry`, `hold`, `release` and `delete` have in common: whom they mean, a look before, batches with progress, the answer. */
import { MailctlError } from '../base/errors.ts'
import { CHANGEABLE, type QueueChange } from '../mail/outcome.ts'
import { changeQueue, previewChange, type QueueAffected } from '../operations/change-queue.ts'
import type { QueueFilter } from '../ports/queue.ts'
import { count } from './account-text.ts'
import { type Command, type CommandContext, command, type Flags } from './command.ts'
import { workProgress } from './progress.ts'
import { confirm } from './prompts.ts'
import { QUEUE_FILTERS, queueFilter, stateOption } from './queue-flags.ts'

interface Shown extends QueueAffected {
  /** dry: only looked; kept: a person said no. */
  readonly how: 'done' | 'dry' | 'kept'
}

export interface ChangeWords {
  readonly change: QueueChange
  readonly summary: string
  readonly details: string
  readonly examples: readonly string[]
  /** `Held`, also in JSON. */
  readonly did: string
  /** `hold`, also in JSON. */
  readonly would: string
  /** Said on stderr when something was changed. */
  readonly notice?: string
  /** A person is asked on a terminal; `--yes` answers. */
  readonly asks?: string
  /** What is being tried was meant and stays: the exit code says so. */
  readonly missesActive: boolean
}

export function queueChangeCommand(words: ChangeWords): Command<Shown> {
  const { change, did, would, missesActive } = words
  const states = CHANGEABLE[change]
  return command<Shown>({
    path: `queue ${change}`,
    arguments: '[message-id]',
    summary: words.summary,
    details: words.details,
    examples: words.examples,
    options: [
      ...QUEUE_FILTERS,
      ...(states.length > 1 ? [stateOption(...states)] : []),
      { flags: '--all', summary: 'every recipient, where no filter is given' },
      ...(words.asks === undefined ? [] : [{ flags: '--yes', summary: 'do not ask' }]),
      { flags: '-n, --dry-run', summary: 'count what would be changed, and change nothing' },
    ],
    fails: ['usage', 'bad-data', 'not-found', 'config', 'store-unavailable', 'interrupted'],
    results: { 1: 'nothing in the queue matches', ...(missesActive && { 75: 'what is being tried at this moment stays as it is' }) },
    run: async (context, [messageId], flags) => await run(context, { messageId, flags, words }),
    json: ({ how, changed, active }) => ({
      ...(how === 'dry' ? { DryRun: true, [`Would${capital(would)}`]: changed } : { [did]: how === 'kept' ? 0 : changed }),
      ...(change !== 'release' && { Active: active }),
    }),
    show(io, { how, changed, active }) {
      const tried = active > 0 ? `; ${recipients(active)} being tried, left as ${active === 1 ? 'it is' : 'they are'}` : ''
      if (how === 'kept') return io.line('Nothing was changed.')
      if (how === 'dry') return io.line(`Would ${would} ${recipients(changed)}${tried}; nothing was changed.`)
      io.line(changed === 0 ? `Nothing to ${would}${tried}.` : `${did} ${recipients(changed)}${tried}.`)
    },
    exit({ how, changed, active }) {
      if (how === 'dry') return 0
      if (how === 'kept') return 1
      if (active > 0 && missesActive) return 75
      return changed > 0 || active > 0 ? 0 : 1
    },
  })
}

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1)
const recipients = (number: number): string => `${count(number)} ${number === 1 ? 'recipient' : 'recipients'}`

async function run(
  context: CommandContext,
  { messageId, flags, words }: { readonly messageId: string | undefined; readonly flags: Flags; readonly words: ChangeWords },
): Promise<Shown> {
  const { change, did, would, asks } = words
  const app = await context.app()
  const filter = queueFilter(messageId, flags, app.clock.now())
  if (flags['all'] !== true && isEmpty(filter))
    throw new MailctlError('usage', `nothing says what to ${would}`, {
      hint: `Name a message or a filter, such as --domain example.com, or --all.`,
    })
  const meant = await previewChange(app, change, filter)
  if (flags['dryRun'] === true) return { how: 'dry', ...meant }
  if (asks !== undefined && meant.changed > 0 && flags['yes'] !== true && context.io.interactive) {
    const sure = await confirm(context.io, { message: `${asks} ${recipients(meant.changed)}?`, flag: '--yes' })
    if (!sure) return { how: 'kept', ...meant }
  }
  const told = workProgress(context, flags, did)
  const done = await changeQueue(app, {
    change,
    filter,
    signal: context.signal,
    progress: changed => told(changed, Math.max(changed, meant.changed)),
  })
  if (words.notice !== undefined && done.changed > 0) context.notice(words.notice)
  return { how: 'done', ...done }
}

const isEmpty = (filter: QueueFilter): boolean => Object.keys(filter).length === 0
