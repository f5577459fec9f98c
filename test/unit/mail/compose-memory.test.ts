/** A large attachment must flow, not pile up: peak memory of two processes of their own, one with a small file, one with 28 MB. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { afterAll, beforeAll, expect, it } from 'vitest'

const SOURCE = `
import { parseMailbox } from './src/mail/address.ts'
import { composeMessage, messageStream } from './src/mail/compose.ts'
import { files } from './src/adapters/files.ts'
const content = await files.open(process.argv[2])
const message = await composeMessage({
  from: parseMailbox('a@example.com'), to: [parseMailbox('b@example.com')], cc: [], bcc: [], replyTo: [], returnPath: null, subject: 's',
  text: 't', html: null, attachments: [{ name: 'blob', content }], inline: [], calendar: null, headers: [], listUnsubscribe: null,
  date: 0, messageId: 'a@b', boundarySeed: 'seed',
})
let octets = 0
for await (const chunk of messageStream(message)) octets += chunk.length
console.log(JSON.stringify({ octets, peakKiB: process.resourceUsage().maxRSS }))
`

let folder = ''
/** Inside the project, so that the bundle finds its packages. */
beforeAll(async () => {
  folder = mkdtempSync(join(process.cwd(), '.compose-memory-'))
  await build({
    stdin: { contents: SOURCE, resolveDir: process.cwd(), loader: 'ts' },
    outfile: join(folder, 'compose.mjs'),
    bundle: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    logLevel: 'error',
  })
})
afterAll(() => rmSync(folder, { recursive: true }))

function compose(sizeBytes: number): { octets: number; peakKiB: number } {
  const path = join(folder, `${sizeBytes}.bin`)
  writeFileSync(path, Buffer.alloc(sizeBytes, 7))
  const { stdout, stderr } = spawnSync(process.execPath, [join(folder, 'compose.mjs'), path])
  return JSON.parse(stdout.toString() || `{"failed":${JSON.stringify(stderr.toString())}}`)
}

it('adds less than 32 MiB for 28 MB', () => {
  const small = compose(1024)
  const large = compose(28 * 1024 * 1024)
  expect(large.octets).toBeGreaterThan(38 * 1024 * 1024)
  expect((large.peakKiB - small.peakKiB) / 1024).toBeLessThan(32)
})
