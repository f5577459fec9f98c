/** Lists of a hundred thousand addresses: through a file and back in bounded memory, and whole again after an interruption anywhere. */
import { createReadStream, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { exportSuppression, type ImportRequest, importSuppression } from '../../src/operations/import-suppression.ts'
import { type Engine, openEngine } from '../support/engine.ts'

const lines = function* (from: number, to: number): Generator<string> {
  for (let i = from; i < to; i += 1) yield `user-${String(i).padStart(6, '0')}@example.test,${i % 10 === 0 ? 'COMPLAINT' : 'BOUNCE'}\n`
}
const request = (fields: Partial<ImportRequest> & Pick<ImportRequest, 'open'>): ImportRequest => ({
  name: 'list',
  action: 'PUT',
  signal: new AbortController().signal,
  progress: () => {},
  ...fields,
})
async function exported({ app }: Engine): Promise<string> {
  let text = ''
  for await (const part of exportSuppression(app, 'csv', () => {})) text += part
  return text
}

test('a list of 100,000 addresses comes back as it was, and one more is refused', { timeout: 120_000 }, async () => {
  const engine = await openEngine()
  const file = join(engine.home, 'list.csv')
  const whole = [...lines(0, 100_000)].join('')
  writeFileSync(file, whole)
  let batches = 0
  let largest = 0
  const store = {
    ...engine.app.store,
    suppress(entries: Parameters<typeof engine.app.store.suppress>[0]) {
      batches += 1
      largest = Math.max(largest, entries.length)
      return engine.app.store.suppress(entries)
    },
  }
  const open = () => createReadStream(file)
  expect(await importSuppression({ ...engine.app, store }, request({ open }))).toEqual({ processed: 100_000, changed: 100_000 })
  expect({ batches, largest }).toEqual({ batches: 100, largest: 1_000 })
  expect((await exported(engine)) === whole).toBe(true)

  writeFileSync(file, `${whole}one@example.test,BOUNCE\n`)
  await expect(importSuppression(engine.app, request({ open }))).rejects.toThrow('list:100001: is one too many: a job takes at most 100000')
  expect(await engine.app.store.suppressedCount()).toBe(100_000)
})

test('an import that was cut short anywhere is whole after another run', async () => {
  const engine = await openEngine()
  const open = () => Readable.from(lines(0, 5_500), { objectMode: false })
  const interruption = new AbortController()
  const progress = (done: number): void => {
    if (done === 2_000) interruption.abort()
  }
  await expect(importSuppression(engine.app, request({ open, signal: interruption.signal, progress }))).rejects.toMatchObject({
    code: 'interrupted',
  })
  expect(await engine.app.store.suppressedCount()).toBe(2_000)
  let calls = 0
  const store = {
    ...engine.app.store,
    suppress: (entries: Parameters<typeof engine.app.store.suppress>[0]) =>
      ++calls === 4 ? Promise.reject(new Error('killed')) : engine.app.store.suppress(entries),
  }
  await expect(importSuppression({ ...engine.app, store }, request({ open }))).rejects.toThrow('killed')
  expect(await engine.app.store.suppressedCount()).toBe(3_000)
  expect(await importSuppression(engine.app, request({ open }))).toEqual({ processed: 5_500, changed: 5_500 })
  expect(await exported(engine)).toBe([...lines(0, 5_500)].join(''))

  expect(await importSuppression(engine.app, request({ open, action: 'DELETE' }))).toEqual({ processed: 5_500, changed: 5_500 })
  expect(await importSuppression(engine.app, request({ open, action: 'DELETE' }))).toEqual({ processed: 5_500, changed: 0 })
  expect(await exported(engine)).toBe('')
})
