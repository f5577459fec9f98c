/** What stands after `--attach` and `--inline`: a path and, after semicolons, how the file is to be called. Contract: the whole string wins. */
import type { Files } from '../ports/files.ts'

export interface FileSpec {
  readonly path: string
  readonly options: Readonly<Record<string, string | undefined>>
}

/**
 * Splits `report;final.pdf;name=report.pdf` into its path and options. A string that names an existing file as a whole is that file;
 * otherwise only known options at the end are split off, so semicolons in paths stay.
 */
export async function readFileSpec(files: Files, spec: string, keys: readonly string[]): Promise<FileSpec> {
  if (!spec.includes(';') || (await files.exists(spec))) return { path: spec, options: {} }
  const options: Record<string, string | undefined> = {}
  let path = spec
  for (;;) {
    const at = path.lastIndexOf(';')
    const equals = path.indexOf('=', at)
    const key = at < 0 || equals < 0 ? undefined : keys.find(known => known === path.slice(at + 1, equals).trim())
    if (key === undefined) return { path, options }
    options[key] = path.slice(equals + 1).trim()
    path = path.slice(0, at)
  }
}
