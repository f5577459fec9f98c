/** `mailctl support bundle`: one file for somebody who helps, to be read before it is given away. */
import { resolve } from 'node:path'
import { Readable } from 'node:stream'
import { diagnose } from '../../../operations/diagnose.ts'
import { supportBundle } from '../../../operations/support-bundle.ts'
import { command } from '../../command.ts'
import { toJson } from '../../json.ts'
import { textFlag } from '../../moments.ts'
import { openedOrWhyNot } from '../../opened-or-why-not.ts'
import { writeFile } from '../../write-file.ts'

interface Shown {
  readonly bundle: unknown
  /** null: stdout. */
  readonly file: string | null
}

export default command<Shown>({
  path: 'support bundle',
  summary: 'Write what somebody who helps needs to see',
  details:
    'One JSON file: the machine, the settings, what doctor says, states and counts, the last attempts with their transcripts. No message, subject, ' +
    'template or key is in it; addresses lose their local parts, URLs all but their hosts, and passwords are hidden. Read it before you give it away.',
  examples: ['mailctl support bundle', 'mailctl support bundle -o - | less'],
  options: [{ flags: '-o, --output <file>', summary: 'where it goes, - for stdout (default: mailctl-support.json)', path: true }],
  fails: ['usage', 'config', 'store-unavailable', 'interrupted'],
  async run({ app, machine, config, version, progress, signal }, _, flags) {
    const name = textFlag(flags, 'output') ?? 'mailctl-support.json'
    progress('Looking around')
    const [opened, seen] = [await openedOrWhyNot(app), await machine()]
    const findings = await diagnose({ home: config.home, machine: seen, app: opened, full: false, signal })
    const bundle = await supportBundle({ version, machine: seen.facts, config, findings, app: opened, now: Date.now() })
    if (name === '-' || flags['json'] === true) return { bundle, file: null }
    const file = resolve(name)
    await writeFile(Readable.from([toJson(bundle, 2)]), file, { mode: 0o600 })
    return { bundle, file }
  },
  json: ({ bundle }) => bundle,
  show(io, { bundle, file }) {
    if (file === null) return io.stdout.write(toJson(bundle, 2))
    io.line(`Wrote ${file}`)
    io.line('No message and no secret is in it. Read it before you give it away.')
  },
})
