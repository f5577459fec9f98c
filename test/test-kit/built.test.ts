/** `mailctl/test` as it is published: under node:test in a process of its own, and its types before the compiler. */
import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { tempFolder } from '../support/account.ts'

const run = promisify(execFile)

/** A project that has the package as a dependency. */
function projectWithUs(): string {
  const folder = tempFolder()
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(resolve('.'), join(folder, 'node_modules', 'mailctl'))
  symlinkSync(resolve('node_modules/@types'), join(folder, 'node_modules', '@types'))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  return folder
}

test('node:test', { timeout: 60_000 }, async () => {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const { stdout } = await run(process.execPath, ['--test', '--test-reporter=tap', 'test/test-kit/fixtures/order.node-test.mjs'], { env })
  expect(stdout).toMatch(/^# pass 2$/m)
  expect(stdout).toMatch(/^# fail 0$/m)
})

test("the page's own example", { timeout: 60_000 }, async () => {
  const [, example = ''] = /## With node:test\n\n```js\n([^`]*)```/.exec(readFileSync('docs/mailctl-test.md', 'utf8')) ?? []
  const folder = projectWithUs()
  writeFileSync(join(folder, 'example.test.mjs'), example)
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const { stdout } = await run(process.execPath, ['--test', '--test-reporter=tap', 'example.test.mjs'], { env, cwd: folder })
  expect(stdout).toMatch(/^# pass 1$/m)
})

test('a CommonJS module has it by require', { timeout: 60_000 }, async () => {
  const folder = projectWithUs()
  const script = [
    "const { assertMail, mailAccount, mailMatchers } = require('mailctl/test')",
    'async function main() {',
    '  const account = await mailAccount()',
    "  await account.send({ from: 'a@example.com', to: 'ann@gmail.com', subject: 'Hi', text: 'Hi' })",
    "  assertMail(await account.inbox.next(), { subject: 'Hi' })",
    '  await account.close()',
    '  console.log(Object.keys(mailMatchers).length)',
    '}',
    'main()',
  ]
  writeFileSync(join(folder, 'a.cjs'), script.join('\n'))
  expect((await run(process.execPath, ['a.cjs'], { cwd: folder })).stdout).toBe('6\n')
})

test('the types say what may be written, and what may not', { timeout: 60_000 }, async () => {
  const folder = projectWithUs()
  const compilerOptions = {
    module: 'NodeNext',
    target: 'ES2022',
    lib: ['ES2022', 'ESNext.Disposable'],
    strict: true,
    noEmit: true,
    types: ['node'],
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts', '*.cts'] }))
  const compile = async (text: string): Promise<string> => {
    writeFileSync(join(folder, 'a.ts'), `import { mailAccount, mailMatchers, type ReceivedMail } from 'mailctl/test'\n${text}\n`)
    const tsc = [resolve('node_modules/typescript/bin/tsc'), '-p', folder]
    return await run(process.execPath, tsc).then(
      () => '',
      ({ stdout }: { stdout: string }) => stdout,
    )
  }
  const good = [
    "const account = await mailAccount({ verified: ['a.example'], access: 'sandbox', startAt: new Date(0) })",
    'const mail: ReceivedMail = await account.inbox.next({ subject: /x/ })',
    'const links: readonly string[] = mail.links',
    "await account.clock.advance('24h')",
    'const { pass }: { pass: boolean } = mailMatchers.toHaveSubject(mail, links[0] ?? "")',
    'export { pass }',
  ]
  expect(await compile(good.join('\n'))).toBe('')
  const required = join(folder, 'b.cts')
  writeFileSync(required, "import kit = require('mailctl/test')\nexport const opened: Promise<kit.MailAccount> = kit.mailAccount()\n")
  expect(await compile(good.join('\n'))).toBe('')
  rmSync(required)
  const bad = await compile('const a = await mailAccount({ access: "free" })\nawait a.send({ to: "b@c.d" })\n;(await a.inbox.next()).body')
  for (const wrong of ['"free"', "'from'", "'body'"]) expect(bad).toContain(wrong)
})
