/** `mailctl help [topic]`: a page on one subject, or the help of a command. */
import { MailctlError } from '../../base/errors.ts'
import { command } from '../command.ts'
import { commandHelp, groupHelp } from '../help.ts'
import { findCommand } from '../parse-argv.ts'
import type { Entry } from '../registry.ts'
import { suggest } from '../suggest.ts'
import { TOPICS } from '../topics.ts'

interface Page {
  readonly Topic: string
  readonly Text: string
}

export default command<Page>({
  path: 'help',
  arguments: '[topic...]',
  summary: 'Explain a topic or a command',
  details: `Topics: ${Object.keys(TOPICS).join(', ')}. Anything else is taken as the words of a command.`,
  examples: ['mailctl help sandbox', 'mailctl help exit-codes', 'mailctl help verify domain'],
  fails: ['usage'],
  async run({ registry }, words) {
    const name = words.join(' ')
    const topic = TOPICS[name]
    return { Topic: name, Text: topic === undefined ? await commandPage(words, registry) : topic() }
  },
  show: (io, { Text }) => io.stdout.write(Text),
})

async function commandPage(words: readonly string[], registry: readonly Entry[]): Promise<string> {
  const name = words.join(' ')
  const first = words[0] ?? ''
  if (words.length === 1 && !registry.some(({ path }) => path.split(' ')[0] === first)) {
    const nearest = suggest(first, [...Object.keys(TOPICS), ...registry.map(({ path }) => path.split(' ')[0] ?? '')])
    throw new MailctlError('usage', `there is no help on '${name}'`, {
      hint: `${nearest === undefined ? '' : `Did you mean '${nearest}'? `}Topics: ${Object.keys(TOPICS).join(', ')}.`,
    })
  }
  const found = findCommand(words, registry)
  return found.kind === 'group' ? groupHelp(found.words, registry) : commandHelp((await found.entry.load()).default)
}
