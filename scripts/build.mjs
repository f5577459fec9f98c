// Bundles src/ into dist/: one small entry, and a chunk for each command, loaded only when that command runs.
import { cpSync, readFileSync, rmSync } from 'node:fs'
import { build } from 'esbuild'

const { version, dependencies, optionalDependencies } = JSON.parse(readFileSync('package.json', 'utf8'))
// commander is the one package that every command needs: inside the bundle it loads 15 ms faster. The others stay packages, loaded on demand.
const external = Object.keys({ ...dependencies, ...optionalDependencies }).filter(name => name !== 'commander')
rmSync('dist', { recursive: true, force: true })
await build({
  entryPoints: { main: 'src/main.ts' },
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  external: external.flatMap(name => [name, `${name}/*`]),
  // commander is CommonJS and asks for Node's own modules by `require`; this answers without loading `node:module`. It wants
  // child_process for commands that are programs of their own, of which there are none here.
  banner: { js: "const require = id => (id === 'node:child_process' ? {} : process.getBuiltinModule(id));" },
  chunkNames: 'chunks/[name]-[hash]',
  define: { 'process.env.MAILCTL_VERSION': JSON.stringify(version) },
  minifyWhitespace: true,
  minifySyntax: true,
  logLevel: 'warning',
})
// A worker starts from a file of its own; chunks look for it beside them.
cpSync('src/adapters/template-worker.mjs', 'dist/chunks/template-worker.mjs')
