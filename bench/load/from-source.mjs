// What a bench calls directly, bundled from source.
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'

/** @param {string} name of the bundle @param {string} contents a module that exports what is wanted, paths from the project's root */
export async function fromSource(name, contents) {
  // Beside the built program, so that the SQLite package is found from there.
  const outfile = resolve('dist', `bench-${name}.mjs`)
  await build({
    stdin: { contents, resolveDir: resolve('.') },
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    external: ['better-sqlite3'],
    logLevel: 'error',
  })
  return import(pathToFileURL(outfile).href)
}
