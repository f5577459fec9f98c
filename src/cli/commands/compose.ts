/** `mailctl compose`: a message as octets on stdout or in a file, signed when asked. */
import { MailctlError } from '../../base/errors.ts'
import { interruptible } from '../../base/interruptible.ts'
import { messageStream } from '../../mail/compose.ts'
import type { SplitMessage } from '../../mail/split.ts'
import { composeFromRequest } from '../../operations/compose-message.ts'
import { composeSigned } from '../../operations/compose-signed.ts'
import { command } from '../command.ts'
import { composeRequest, DRAFT_OPTIONS } from '../draft-flags.ts'
import { LIST_OPTION, SES_OPTIONS, sesHeaders } from '../tags.ts'
import { writeFile } from '../write-file.ts'

interface Composed {
  readonly content: SplitMessage
  /** undefined: stdout. */
  readonly file: string | undefined
  readonly recipients: readonly string[]
}

export default command<Composed>({
  path: 'compose',
  summary: 'Write a message as raw MIME',
  details:
    'Lines end in CRLF. Bcc recipients are not in the message: name them again when it is sent. --sign leaves Date, Message-ID and Return-Path out, which send --raw writes.',
  examples: [
    "mailctl compose --from orders@example.com --to ann@gmail.com --subject Hello --text 'Hello Ann' -o hello.eml",
    'mailctl compose --from orders@example.com --to ann@gmail.com --html @page.html --embed-images --sign | mailctl send --raw -',
  ],
  options: [
    ...DRAFT_OPTIONS,
    ...SES_OPTIONS,
    LIST_OPTION,
    { flags: '-o, --output <file>', summary: 'write to this file; - is stdout', path: true },
    { flags: '--sign', summary: "add a DKIM signature with the key of the sender's domain" },
  ],
  fails: ['usage', 'bad-data', 'too-large', 'no-input', 'not-found', 'not-verified', 'store-unavailable', 'config', 'interrupted'],
  async run({ app: open, signal }, _, flags) {
    const app = await open()
    const { output } = flags
    const file = typeof output === 'string' && output !== '-' ? output : undefined
    if (file === undefined && flags['json'] === true) {
      throw new MailctlError('usage', '--json needs -o: without it the message itself goes to stdout', { hint: 'Give -o message.eml.' })
    }
    const asked = composeRequest(flags)
    const request = { ...asked, headers: [...(asked.headers ?? []), ...sesHeaders(flags)] }
    const content = await (flags['sign'] === true ? composeSigned : composeFromRequest)(app, request)
    interruptible(content.body, signal)
    if (file !== undefined) await writeFile(messageStream(content), file, { isSourceFailure: thrown => content.body.errored === thrown })
    return { content, file, recipients: content.recipients }
  },
  json: ({ file, recipients }) => ({ File: file, Recipients: recipients }),
  async show(io, { content, file }) {
    if (file === undefined) await io.pipe(messageStream(content))
    else io.line(`Wrote ${file}`)
  },
})
