// Bundles src/ into dist/: one small entry, and a chunk for each command, loaded only when that command runs.
import { cpSync, readFileSync, rmSync } from 'node:fs'
import { build } from 'esbuild'

const { version } = JSON.parse(readFileSync('package.json', 'utf8'))
rmSync('dist', { recursive: true, force: true })
await build({
  entryPoints: { main: 'src/main.ts' },
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  packages: 'external',
  chunkNames: 'chunks/[name]-[hash]',
  define: { 'process.env.MAILCTL_VERSION': JSON.stringify(version) },
  logLevel: 'warning',
})
// A worker starts from a file of its own; chunks look for it beside them.
cpSync('src/adapters/template-worker.mjs', 'dist/chunks/template-worker.mjs')
