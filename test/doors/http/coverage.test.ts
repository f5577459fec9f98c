/** Every operation that the official client knows has its place, under the method and path that the client asks; `docs/api-coverage.md` says so. */
import { readFileSync } from 'node:fs'
import * as sdk from '@aws-sdk/client-sesv2'
import { expect, onTestFinished, test } from 'vitest'
import { router } from '../../../src/http/router.ts'
import { OPERATIONS } from '../../../src/http/ses/operations.ts'
import { sesRoutes } from '../../../src/http/ses/route.ts'
import { openEngine } from '../../support/engine.ts'

const COMMANDS = Object.keys(sdk)
  .filter(name => name.endsWith('Command') && name !== '$Command')
  .map(name => name.replace(/Command$/, ''))
  .sort()

/** What stands in paths. */
const LABELS = Object.fromEntries(
  [
    ...[
      'EmailIdentity',
      'ConfigurationSetName',
      'EventDestinationName',
      'TemplateName',
      'PoolName',
      'Ip',
      'ContactListName',
      'EmailAddress',
    ],
    ...[
      'PolicyName',
      'JobId',
      'MessageId',
      'ReportId',
      'CampaignId',
      'Domain',
      'SubscribedDomain',
      'EndpointName',
      'ReputationEntityReference',
    ],
    ...['ResourceArn', 'ReputationEntityType'],
  ].map(name => [name, 'user+a@x.example']),
)

test('all of them, each once', () => {
  expect(COMMANDS.length).toBeGreaterThan(100)
  expect(OPERATIONS.map(({ name }) => name).toSorted()).toEqual(COMMANDS)
})

test('each where the client asks for it', async () => {
  const { app } = await openEngine()
  const find = router(sesRoutes(app, { authenticate: undefined, delivery: { holdMs: undefined, deliver: () => {} }, warn: () => {} }))
  const requests: { readonly method: string; readonly path: string }[] = []
  const client = new sdk.SESv2Client({
    endpoint: 'http://127.0.0.1:1',
    region: 'us-east-1',
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
    maxAttempts: 1,
    requestHandler: {
      handle: async (request: { readonly method: string; readonly path: string }) => {
        requests.push(request)
        throw new Error('seen')
      },
    },
  })
  onTestFinished(() => client.destroy())
  const dates = { StartDate: new Date(0), EndDate: new Date(0), TagKeys: ['a'], BlacklistItemNames: ['a'] }
  const commands = new Map<string, unknown>(Object.entries(sdk))
  for (const name of COMMANDS) {
    const Command = commands.get(`${name}Command`) as new (input: object) => never
    await client.send(new Command({ ...LABELS, ...dates })).catch(() => {})
    const asked = requests.pop()
    const found = asked && find(asked.method, asked.path)
    expect([name, found?.kind === 'route' && found.route.name]).toEqual([name, name])
  }
})

test('docs/api-coverage.md is what the list says', () => {
  const page = readFileSync(new URL('../../../docs/api-coverage.md', import.meta.url), 'utf8')
  const rows = [...page.matchAll(/^\| `(\w+)` \| (behaves|answers|refused) \|$/gm)].map(([, name, reach]) => `${name} ${reach}`)
  expect(rows).toEqual(OPERATIONS.map(({ name, reach }) => `${name} ${reach}`).toSorted())
  for (const kind of ['behaves', 'answers', 'refused'])
    expect(page).toContain(`- **${kind}** (${OPERATIONS.filter(({ reach }) => reach === kind).length}): `)
})
