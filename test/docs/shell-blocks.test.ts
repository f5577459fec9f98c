/** Every command that README.md and docs/ show is run, and what they say it prints is what it prints. Needs `npm run build`. */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type Block, type Command, commandsOf, differences, shellBlocks } from '../support/shell-blocks.ts'

const PAGES = [
  'README.md',
  ...readdirSync('docs', { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.md'))
    .map(name => `docs/${name.replaceAll('\\', '/')}`)
    .sort(),
]
const blocksOf = (page: string): Block[] => shellBlocks(readFileSync(page, 'utf8'))

/** Blocks that are only read, by their first line. */
const NOT_RUN: Readonly<Record<string, string>> = {
  'tsig-keygen mailctl > mailctl.key': 'a command of BIND, on the machine of a name server',
  'mailctl verify domain example.com --publish rfc2136://ns1.example.com --tsig-file mailctl.key --wait':
    'needs a name server of the reader; test/servers does it with BIND',
  'mailctl dns serve --dns 127.0.0.1:8053': 'runs until it is stopped, on a fixed port; test/wire and test/operations serve on a free one',
  'mailctl serve --smtp-trust 127.0.0.1/32': 'runs until it is stopped, on a fixed port; test/scenarios/serve runs it on a free one',
  'mailctl serve                      # http://127.0.0.1:8025, and with TLS https://127.0.0.1:8443':
    'runs until it is stopped, on fixed ports; test/servers/aws-clients serves on a free one',
  'mailctl keys create                # AccessKeyId and SecretAccessKey, shown once': 'shows a secret; test/servers/aws-clients uses one',
  'aws sesv2 --endpoint-url http://127.0.0.1:8025 send-email --cli-input-json file://message.json':
    'needs the aws command; test/servers/aws-clients runs it',
  'npm run test:reliability -- --seeds 1-1000 --jobs 2': 'takes half an hour; .ci/run takes a sample of 50',
  'npm run test:soak -- --minutes 30': 'takes half an hour; .ci/run takes a minute of it',
  'mailctl destination create hooks --config-set receipts --url http://127.0.0.1:3000/ses':
    'needs an endpoint of the reader; test/doors/destination has one',
  'mailctl listen --forward-to http://127.0.0.1:3000/ses': 'runs until it is stopped; test/doors/listen runs it',
  'npm run test:events -- --events 100000': 'takes minutes; test/scenarios/events-killed takes a small one',
  'npm run test:hostile -- --seeds 1-10000': 'takes ten minutes; test/scenarios/hostile takes 300 sessions at each door',
  'npm run test:reports -- --messages 2000': 'takes a minute; test/scenarios/reports-killed takes a small one',
  'mailctl config set network relay': 'needs a mail server of the reader; test/servers does it with Postfix',
  'MAILCTL_NETWORK=live mailctl doctor --domain example.com --ntp pool.ntp.org':
    'asks the real network; test/operations/diagnose-network plays it',
  'mailctl config set hostname mta.example.com': 'goes live: real names, real receivers',
}
/** Commands of this repository, not of the product. */
const NPM: Readonly<Record<string, string>> = {
  'npm test': 'would run this test within itself',
  'npm run build': 'ran before this test',
  'npm run check': 'runs this test',
  'npm run test:servers': 'needs root and Debian packages',
  'npm run bench': 'takes minutes and measures the machine',
  'npm link': 'changes the machine',
  'npm ci': 'changes the machine',
}
/** `npm run demo` installs, builds and then runs this. */
const productOf = ({ text, ...command }: Command): Command => ({ ...command, text: text === 'npm run demo' ? 'mailctl demo' : text })

describe.concurrent('the commands of a page do what it says', () => {
  test.each(PAGES)('%s', { timeout: 300_000 }, async page => {
    const commands = blocksOf(page)
      .filter(({ run }) => run)
      .flatMap(commandsOf)
      .filter(({ text }) => !(text.replace(/\s+#.*/, '') in NPM))
      .map(productOf)
    if (commands.length > 0) expect((await differences(page, commands)).join('\n\n')).toBe('')
  })
})

test('what is not run has a reason, and every reason a block', () => {
  const blocks = PAGES.flatMap(blocksOf)
  const first = (block: Block): string => commandsOf(block)[0]?.text ?? ''
  expect([...new Set(blocks.filter(({ run }) => !run).map(first))].sort()).toEqual(Object.keys(NOT_RUN).sort())
  expect(blocks.filter(({ run }) => run).length).toBeGreaterThan(10)
})

test('a page that says something else is noticed', { timeout: 120_000 }, async () => {
  const page = (...lines: string[]): Promise<string[]> =>
    differences('page.md', shellBlocks(['```console', ...lines, '```'].join('\n')).flatMap(commandsOf))
  expect(await page('$ mailctl config get network', 'lab', '$ mailctl quota', '…', '# exit 78')).toEqual([])
  expect(await page('$ mailctl config get network', 'live')).toEqual([
    expect.stringMatching(/^page\.md:2: mailctl config get network\nprinted/),
  ])
  expect(await page('$ mailctl config get network', 'lab', 'lab')).toHaveLength(1)
  expect(await page('$ mailctl quota')).toEqual([expect.stringContaining('ended with 78, not with 0')])
  expect(await page('$ mailctl no-such-command', '# exit 1')).toEqual([expect.stringContaining('ended with 64, not with 1')])
  expect(await page('$ exit 3', '$ echo never', 'never')).toHaveLength(2)
  expect(() => shellBlocks('```bash\ntrue\n```')).toThrow('write sh or console')
  expect(() => shellBlocks('- x\n  ```sh\n  true\n  ```')).toThrow('indented')
})
