/** The name server adapter: what it may listen on. That it answers is tested through `dns serve`. */
import { expect, test } from 'vitest'
import { createNameServer } from '../../src/adapters/name-server.ts'
import { silent } from '../../src/base/log.ts'

const zones = { apexes: ['example.com'], records: [], server: 'mta.example.com' }

test.each(['0.0.0.0', '::', '192.0.2.1'])('in the lab nobody listens on %s', async host => {
  await expect(createNameServer('lab', silent).serve({ host, port: 0 }, zones)).rejects.toMatchObject({ code: 'forbidden' })
})

test('outside the lab any address will do', async () => {
  const server = await createNameServer('live', silent).serve({ host: '0.0.0.0', port: 0 }, zones)
  expect(server.port).toBeGreaterThan(0)
  await server.close()
})
