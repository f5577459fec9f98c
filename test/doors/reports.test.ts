import { expect, test } from 'vitest'
import reports from '../../src/cli/commands/reports.ts'
import { noteForgedPath } from '../../src/operations/ingest-report.ts'
import { readReports } from '../../src/operations/read-reports.ts'
import { simulate } from '../../src/operations/simulate.ts'
import { openEngine } from '../support/engine.ts'

test('reports of a message are told from those that changed nothing', async () => {
  const { app } = await openEngine()
  const { signal } = new AbortController()
  const { messageId } = await simulate(app, { outcome: 'complaint', tags: {}, configurationSet: null, timeoutMs: 30_000, signal })
  await noteForgedPath(app, { envelopeFrom: '', envelopeTo: 'forged@x.test', peer: '127.0.0.1' })
  const json = async (asked?: string) => reports.json?.(await readReports(app, { messageId: asked, limit: 10 }))
  expect(await json(messageId)).toMatchObject({
    Reports: [
      {
        Verdict: 'APPLIED',
        Kind: 'ARF',
        MessageId: messageId,
        Recipients: [{ EmailAddress: 'complaint@simulator.amazonses.com', Verdict: 'APPLIED' }],
        PassedOnMessageIds: [expect.any(String)],
      },
    ],
  })
  expect(await json()).toMatchObject({ Reports: [{ Verdict: 'FORGED', Kind: null, MessageId: null, EnvelopeTo: 'forged@x.test' }] })
})
