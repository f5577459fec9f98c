// Writes docs/api-coverage.md from the list of operations: node scripts/api-coverage.mjs
import { writeFileSync } from 'node:fs'
import { build } from 'esbuild'

const out = await build({
  entryPoints: ['src/http/ses/operations.ts'],
  bundle: true,
  platform: 'node',
  format: 'esm',
  packages: 'external',
  write: false,
})
const source = Buffer.from(out.outputFiles[0].text).toString('base64')
const { OPERATIONS } = await import(`data:text/javascript;base64,${source}`)
const rows = OPERATIONS.map(({ name, reach }) => `${name} ${reach}`)
  .sort()
  .map(line => line.replace(/(\w+) (\w+)/, '| `$1` | $2 |'))
const count = reach => OPERATIONS.filter(operation => operation.reach === reach).length
writeFileSync(
  'docs/api-coverage.md',
  `# SES v2 API: what each operation does here

Made by \`node scripts/api-coverage.mjs\` from the list that the door is built from; a test compares both with the official client's own list, and
asks for each operation as the client does.

- **behaves** (${count('behaves')}): as SES does, over the same account as the terminal and the SMTP door.
- **answers** (${count('answers')}): truthfully from what there is, which mostly is that there is none: lists are empty, what is named is not found.
- **refused** (${count('refused')}): with SES's error for a request that makes no sense, and a sentence that says what is not there. Nothing is invented.

| operation | |
|---|---|
${rows.join('\n')}
`,
)
