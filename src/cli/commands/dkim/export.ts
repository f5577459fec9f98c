/** `mailctl dkim export`: a private key into a file that only its owner may read. */
import { resolve } from 'node:path'
import { MailctlError } from '../../../base/errors.ts'
import { type ExportedKey, exportKey } from '../../../operations/dkim.ts'
import { command } from '../../command.ts'
import { textFlag } from '../../moments.ts'
import { writePrivateFile } from '../../private-file.ts'

interface Shown extends ExportedKey {
  /** null: stdout. */
  readonly file: string | null
}

export default command<Shown>({
  path: 'dkim export',
  arguments: '<domain>',
  summary: 'Write a private DKIM key into a file',
  details:
    'As PEM (PKCS#8), into a new file of mode 0600: a file that is there is not overwritten. The key that signs, or the one that --selector names. ' +
    'Whoever has it can sign as the domain.',
  examples: [
    'mailctl dkim export example.com -o example.com.pem',
    'mailctl dkim export example.com --selector mail2026 -o - | openssl rsa -noout -text',
  ],
  options: [
    { flags: '--selector <name>', summary: 'another key than the one that signs' },
    { flags: '-o, --output <file>', summary: 'where to; - is stdout (required)', path: true },
  ],
  fails: ['usage', 'bad-data', 'not-found', 'already-exists', 'config', 'store-unavailable'],
  async run({ app }, [domain = ''], flags) {
    const output = textFlag(flags, 'output')
    if (output === undefined)
      throw new MailctlError('usage', 'a private key is not printed without being asked to', { hint: 'Give -o FILE, or -o - for stdout.' })
    const key = await exportKey(await app(), domain, textFlag(flags, 'selector'))
    if (output === '-') return { ...key, file: null }
    const file = resolve(output)
    await writePrivateFile(file, key.pem)
    return { ...key, file }
  },
  json: ({ domain, selector, pem, file }) => ({
    EmailIdentity: domain,
    Selector: selector,
    ...(file === null ? { PrivateKey: pem } : { File: file }),
  }),
  show(io, { domain, selector, pem, file }) {
    if (file === null) io.stdout.write(pem)
    else io.line(`Wrote the private key ${selector} of ${domain} to ${file}`)
  },
})
