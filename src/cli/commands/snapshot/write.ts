/** `mailctl snapshot write`: a message as text to keep and to review. */
import { Readable } from 'node:stream'
import { type SnapshotSection, writeSnapshot } from '../../../mail/snapshot.ts'
import { snapshotFrom } from '../../../operations/snapshot-message.ts'
import { command } from '../../command.ts'
import { openInput } from '../../values.ts'
import { writeFile } from '../../write-file.ts'

interface Written {
  readonly sections: readonly SnapshotSection[]
  /** undefined: stdout. */
  readonly file: string | undefined
}

export default command<Written>({
  path: 'snapshot write',
  arguments: '[message]',
  summary: 'Write what a reader gets of a message, for a golden file',
  details:
    'The message is a file, or - for stdin, the default. Fields, texts line by line, and files by name, type, size and hash; without what every sending writes anew (Date, Message-ID, boundaries, encodings, traces, signatures), so that it changes only when the message does. snapshot diff compares with it.',
  examples: [
    'mailctl snapshot write welcome.eml -o welcome.snap',
    "mailctl compose --from orders@example.com --to ann@gmail.com --subject Hello --text 'Hello Ann' | mailctl snapshot write -o hello.snap",
  ],
  options: [{ flags: '-o, --output <file>', summary: 'write to this file; - is stdout', path: true }],
  fails: ['usage', 'bad-data', 'no-input', 'too-large', 'store-unavailable'],
  async run({ io }, [message = '-'], { output }) {
    const sections = await snapshotFrom(await openInput(message, io))
    const file = typeof output === 'string' && output !== '-' ? output : undefined
    if (file !== undefined) await writeFile(Readable.from([writeSnapshot(sections)]), file)
    return { sections, file }
  },
  json: ({ sections, file }) => ({ File: file ?? null, Sections: sections.map(({ title, lines }) => ({ Title: title, Lines: lines })) }),
  async show(io, { sections, file }) {
    if (file === undefined) await io.pipe(Readable.from([writeSnapshot(sections)]))
    else io.line(`Wrote ${file}`)
  },
})
