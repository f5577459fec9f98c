/** The recipes of docs/ci.md for GitHub Actions and GitLab: their steps are taken out of the YAML and run, as the runner does. Needs `npm run build`. */
import { execFile } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'

const PAGE = readFileSync('docs/ci.md', 'utf8')

/** The YAML block that begins with this comment. */
function recipe(comment: string): string[] {
  const block = [...PAGE.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, text = '']) => text).find(text => text.startsWith(`# ${comment}\n`))
  if (block === undefined) throw new Error(`docs/ci.md has no block ${comment}`)
  return block.split('\n')
}

/** The scripts of `run: |`, without those that only run after a failure. */
function runSteps(lines: readonly string[]): string[] {
  const steps: string[] = []
  for (let at = 0; at < lines.length; at += 1) {
    const indent = /^( *)run: \|$/.exec(lines[at] ?? '')?.[1]?.length
    if (indent === undefined) continue
    const script: string[] = []
    for (at += 1; (lines[at] ?? '').startsWith(' '.repeat(indent + 2)); at += 1) script.push((lines[at] ?? '').slice(indent + 2))
    const isForFailures = lines
      .slice(0, at)
      .reverse()
      .slice(script.length + 1, script.length + 3)
      .some(line => /if: failure\(\)/.test(line))
    if (!isForFailures) steps.push(script.join('\n'))
  }
  return steps
}

/** The lines of `script:`. */
function scriptLines(lines: readonly string[]): string[] {
  const from = lines.indexOf('  script:') + 1
  const until = lines.findIndex((line, at) => at >= from && !line.startsWith('    - '))
  return lines.slice(from, until).map(line => line.slice(6))
}

interface Runner {
  /** One shell that ends at the first command that fails. */
  run(script: string): Promise<{ readonly code: number; readonly output: string }>
}

function newRunner(): Runner {
  const folder = mkdtempSync(join(tmpdir(), 'mailctl-ci-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const bin = join(folder, 'bin')
  mkdirSync(bin)
  writeFileSync(join(bin, 'mailctl'), `#!/bin/sh\nexec ${process.execPath} ${resolve('bin/mailctl.js')} "$@"\n`)
  chmodSync(join(bin, 'mailctl'), 0o755)
  const env = { PATH: `${bin}:${process.env['PATH']}`, HOME: folder, CI: 'true', MAILCTL_HOME: join(folder, 'mail') }
  return {
    run: script =>
      new Promise(done => {
        execFile('/bin/bash', ['--norc', '-e', '-o', 'pipefail', '-c', script], { env, cwd: folder }, (error, stdout, stderr) =>
          done({ code: error === null ? 0 : Number(error.code), output: `${stdout}${stderr}` }),
        )
      }),
  }
}

test('GitHub Actions', { timeout: 60_000 }, async () => {
  const steps = runSteps(recipe('.github/workflows/mail.yml'))
  expect(steps).toHaveLength(4)
  const { run } = newRunner()
  for (const step of steps) expect({ step, ...(await run(step)) }).toMatchObject({ code: 0 })
  // The same steps notice it when the mail does not come.
  const broken = newRunner()
  await broken.run(steps[0] ?? '')
  expect((await broken.run((steps[2] ?? '').replace('expect mail', 'expect mail --within 100ms'))).code).toBe(1)
})

test('GitLab CI', { timeout: 60_000 }, async () => {
  const lines = scriptLines(recipe('.gitlab-ci.yml'))
  expect(lines.length).toBeGreaterThan(5)
  expect(await newRunner().run(lines.join('\n'))).toMatchObject({ code: 0 })
})
