// Bundles src/ into dist/: one small entry, and a chunk for each command, loaded only when that command runs; `mailctl/test` with its types beside
// it. Then the manual page.
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { build } from 'esbuild'
import ts from 'typescript'
import { writeManPage } from './man-page.mjs'

const { version, dependencies, optionalDependencies } = JSON.parse(readFileSync('package.json', 'utf8'))
// commander is the one package that every command needs: inside the bundle it loads 15 ms faster. The others stay packages, loaded on demand.
const external = Object.keys({ ...dependencies, ...optionalDependencies }).filter(name => name !== 'commander')
/**
 * Node's own modules without their ESM face: making it evaluates every getter of the module, and for `node:fs` alone that loads all of the
 * streams, a third of what a small command costs. commander wants child_process for commands that are programs of their own; there are none.
 */
const builtins = {
  name: 'builtins',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:/ }, ({ path, importer, kind }) => {
      if (kind === 'dynamic-import') return { path, external: true }
      return { path: path === 'node:child_process' && importer.includes('commander') ? 'none' : path, namespace: 'builtin' }
    })
    onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({
      contents: path === 'none' ? 'module.exports = {}' : `module.exports = process.getBuiltinModule(${JSON.stringify(path)})`,
    }))
  },
}
rmSync('dist', { recursive: true, force: true })
await build({
  entryPoints: { main: 'src/main.ts', test: 'src/test-kit/index.ts' },
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  external: external.flatMap(name => [name, `${name}/*`]),
  plugins: [builtins],
  chunkNames: 'chunks/[name]-[hash]',
  define: { 'process.env.MAILCTL_VERSION': JSON.stringify(version) },
  minifyWhitespace: true,
  minifySyntax: true,
  logLevel: 'warning',
})
// A worker starts from a file of its own; chunks look for it beside them.
cpSync('src/adapters/template-worker.mjs', 'dist/chunks/template-worker.mjs')
// So are the files of the web view.
cpSync('src/http/view/page', 'dist/chunks/page', { recursive: true })
cpSync('src/test-kit/require.cjs', 'dist/test.cjs')
// Its types stand for themselves: a file for what it exports, one for what that is made of; for `import` and for `require`.
mkdirSync('dist/test-kit')
for (const name of ['index', 'types']) {
  const source = readFileSync(`src/test-kit/${name}.ts`, 'utf8')
  const { outputText } = ts.transpileDeclaration(source, {
    fileName: `${name}.ts`,
    compilerOptions: { target: ts.ScriptTarget.ES2022, stripInternal: true },
  })
  for (const [types, module] of [
    ['d.ts', 'js'],
    ['d.cts', 'cjs'],
  ])
    writeFileSync(`dist/test-kit/${name}.${types}`, outputText.replaceAll(".ts'", `.${module}'`))
}
writeManPage(version)
