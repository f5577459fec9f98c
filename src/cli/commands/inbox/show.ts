/** `mailctl inbox show`: one received message: header, text, files, verdicts; or its octets, its HTML part, its files saved. */
import type { Readable } from 'node:stream'
import { formatSize } from '../../../base/duration.ts'
import { MailctlError } from '../../../base/errors.ts'
import { printable, printableLines } from '../../../base/redact.ts'
import { type ParsedAttachment, type ParsedMessage, parseMessage } from '../../../mail/parse.ts'
import type { App } from '../../../operations/app.ts'
import { inboxMessage } from '../../../operations/read-inbox.ts'
import type { InboxMessage } from '../../../ports/lab.ts'
import { showFacts } from '../../account-text.ts'
import { command, type Flags } from '../../command.ts'
import { inboxMessageJson, verdictText } from '../../inbox.ts'
import type { Io } from '../../io.ts'
import { showTime, textFlag } from '../../moments.ts'
import { openSaveFolder } from '../../save-files.ts'

type Shown =
  | { readonly kind: 'raw'; readonly source: Readable }
  | { readonly kind: 'html'; readonly html: string }
  | {
      readonly kind: 'message'
      readonly entry: InboxMessage
      readonly parsed: ParsedMessage
      readonly savedTo: ReadonlyMap<ParsedAttachment, string>
    }

export default command<Shown>({
  path: 'inbox show',
  arguments: '<id>',
  summary: 'Show a message that a lab receiver took',
  details:
    '--raw prints its octets and --html its HTML part; on a terminal control characters are replaced. --save writes its files into a ' +
    'folder under cleaned names, never over a file that is there.',
  examples: ['mailctl inbox show 1', 'mailctl inbox show 1 --raw > message.eml', 'mailctl inbox show 1 --save ./files --json'],
  options: [
    { flags: '--raw', summary: 'print the message as it was received' },
    { flags: '--html', summary: 'print the HTML part' },
    { flags: '--save <folder>', summary: 'write the attachments into this folder', path: true },
  ],
  fails: ['usage', 'not-found', 'config', 'store-unavailable'],
  async run({ app }, [id = ''], flags) {
    checkTogether(flags)
    const opened = await app()
    const entry = await inboxMessage(opened, id)
    if (flags['raw'] === true) return { kind: 'raw', source: await opened.lab.inbox.open(id) }
    const { parsed, savedTo } = await read(opened, id, textFlag(flags, 'save'))
    if (flags['html'] !== true) return { kind: 'message', entry, parsed, savedTo }
    if (parsed.html === null) throw new MailctlError('not-found', `message ${id} has no HTML part`, { hint: `mailctl inbox show ${id}` })
    return { kind: 'html', html: parsed.html }
  },
  json: shown => (shown.kind === 'message' ? messageJson(shown) : null),
  async show(io, shown) {
    if (shown.kind === 'raw') await showRaw(io, shown.source)
    else if (shown.kind === 'html') io.stdout.write(`${io.stdout.isTty ? printableLines(shown.html) : shown.html}\n`)
    else showMessage(io, shown)
  },
})

/** @throws MailctlError usage */
function checkTogether(flags: Flags): void {
  const given = ['raw', 'html', 'json'].filter(name => flags[name] === true)
  if (given.length > 1)
    throw new MailctlError('usage', `--${given[0]} and --${given[1]} do not go together`, {
      hint: 'Give one of them; --json holds the HTML part too.',
    })
}

async function read({ lab }: Pick<App, 'lab'>, id: string, folder: string | undefined) {
  const source = await lab.inbox.open(id)
  const savedTo = new Map<ParsedAttachment, string>()
  if (folder === undefined) return { parsed: await parseMessage(source), savedTo }
  const target = openSaveFolder(folder)
  const paths: string[] = []
  const parsed = await parseMessage(source, ({ name, type }) => {
    const file = target.create(name, type)
    paths.push(file.path)
    return file
  })
  for (const [at, attachment] of parsed.attachments.entries()) savedTo.set(attachment, paths[at] ?? '')
  return { parsed, savedTo }
}

const messageJson = ({ entry, parsed, savedTo }: Extract<Shown, { kind: 'message' }>) => ({
  ...inboxMessageJson(entry),
  Headers: parsed.fields.map(([Name, Value]) => ({ Name, Value })),
  From: parsed.from,
  To: parsed.to,
  Cc: parsed.cc,
  Text: parsed.text,
  Html: parsed.html,
  Attachments: parsed.attachments.map(attachment => ({
    Name: attachment.name,
    Type: attachment.type,
    Size: attachment.sizeBytes,
    Sha256: attachment.sha256,
    Disposition: attachment.disposition,
    ContentId: attachment.contentId,
    ...(savedTo.has(attachment) && { SavedAs: savedTo.get(attachment) }),
  })),
})

/** Octets to a pipe or file, cleaned lines to a terminal. */
async function showRaw(io: Io, source: Readable): Promise<void> {
  if (!io.stdout.isTty) return await io.pipe(source)
  const chunks: Buffer[] = []
  for await (const chunk of source) chunks.push(Buffer.from(chunk))
  io.stdout.write(printableLines(Buffer.concat(chunks).toString('utf8')))
}

function showMessage(io: Io, { entry, parsed, savedTo }: Extract<Shown, { kind: 'message' }>): void {
  showFacts(io, [
    ['Id', entry.id],
    ['Received', `${showTime(entry.receivedAt)} by ${printable(entry.receiver)}`],
    ['Envelope', printable(`${entry.envelopeFrom === '' ? '<>' : entry.envelopeFrom} -> ${entry.envelopeTo.join(', ')}`)],
    ['From', printable(parsed.from.join(', '))],
    ['To', printable([...parsed.to, ...parsed.cc].join(', '))],
    ['Subject', printable(parsed.subject)],
    ['Verdicts', printable(verdictText(entry.authentication))],
    ...(entry.folder === 'spam' ? [['Folder', `spam (${printable(entry.rules.join(', '))})`] as const] : []),
  ])
  io.line()
  if (parsed.text !== null) io.line(printableLines(parsed.text).trimEnd())
  else if (parsed.html !== null) io.line(io.colour.dim(`(HTML only: mailctl inbox show ${entry.id} --html)`))
  if (parsed.attachments.length > 0) io.line()
  for (const attachment of parsed.attachments) {
    const saved = savedTo.get(attachment)
    const name = printable(attachment.name ?? 'unnamed')
    io.line(
      `${io.colour.cyan(name)}  ${printable(attachment.type)}  ${formatSize(attachment.sizeBytes)}${saved === undefined ? '' : `  -> ${saved}`}`,
    )
  }
  if (parsed.truncated) io.line(io.colour.yellow('A limit was reached; the message holds more than is shown.'))
}
