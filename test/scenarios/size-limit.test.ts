/** 40 MB and not an octet more, with the built program: what fits is delivered whole, what does not is refused with nothing stored. */
import { createHash } from 'node:crypto'
import { open, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { composeFromRequest } from '../../src/operations/compose-message.ts'
import type { Files } from '../../src/ports/files.ts'
import { openEngine } from '../support/engine.ts'
import { LONG_HEAD, longMessage } from '../support/long-message.ts'
import { openShop } from '../support/shop.ts'

const LIMIT = 41_943_040
test('a raw message of exactly 40 MB is delivered, one octet more is refused', { timeout: 120_000 }, async () => {
  const shop = await openShop()
  const over = await shop.run(['send', '--raw', '-', '--json'], { stdin: longMessage(LIMIT + 1) })
  expect([over.code, over.stdout]).toEqual([65, ''])
  expect(JSON.parse(over.stderr)).toEqual({
    Error: { Code: 'MessageRejected', Message: 'Message is larger than 40 MB after encoding', Hint: expect.any(String) },
  })
  await shop.nothingStored()

  const exact = longMessage(LIMIT)
  const taken = await shop.run(['send', '--raw', '-', '--timeout', '100s', '--json'], { stdin: exact })
  expect(JSON.parse(taken.stdout).Recipients).toEqual([expect.objectContaining({ Status: 'DELIVERED' })])
  expect(taken.code).toBe(0)
  expect(await shop.spooled()).toEqual([])
  // Whole: the body in the inbox is the body that was sent.
  const { Messages } = await shop.json(['inbox', 'list'])
  const shown = await shop.run(['inbox', 'show', Messages[0].Id, '--raw'])
  const body = shown.stdout.slice(shown.stdout.indexOf('\r\n\r\n') + 4)
  const sha256 = (text: string | Buffer): string => createHash('sha256').update(text).digest('hex')
  expect(sha256(body)).toBe(sha256(exact.subarray(LONG_HEAD.length)))
  expect(Messages[0].Authentication).toMatchObject({ Dmarc: 'pass' })
})

test('an attachment that cannot fit is refused by its size, not read', async () => {
  const shop = await openShop()
  const file = join(shop.folder, 'huge.bin')
  await (await open(file, 'w')).close()
  await truncate(file, 4 * 2 ** 30)
  const refused = await shop.run(shop.message('huge', '--text', 'x', '--attach', file))
  expect([refused.code, refused.stdout]).toEqual([65, ''])
  expect(refused.stderr.split('\n')).toEqual([expect.stringMatching(/^mailctl: .*40 MB/), expect.stringMatching(/^ {2}\S/), ''])
  await shop.nothingStored()
})

test('what is refused by its size is never opened for reading', async () => {
  const content = { name: 'large.bin', length: LIMIT, firstOctets: Buffer.alloc(0) }
  const unread: Files = {
    exists: async () => true,
    open: async () => ({ ...content, open: () => expect.unreachable('it was read') }),
    text: () => expect.unreachable('it was read'),
  }
  const { app } = await openEngine()
  const request = { from: 'orders@shop.example', to: ['ann@gmail.com'], attach: ['large.bin'] }
  const refused = composeFromRequest({ ...app, files: unread }, request)
  await expect(refused).rejects.toMatchObject({ code: 'too-large' })
})

test('an attachment that fits by itself but not once it is encoded is refused', async () => {
  const shop = await openShop()
  const file = join(shop.folder, 'large.bin')
  await writeFile(file, Buffer.alloc(31 * 2 ** 20, 1))
  const refused = await shop.run(shop.message('large', '--text', 'x', '--attach', file))
  expect([refused.code, refused.stdout]).toEqual([65, ''])
  await shop.nothingStored()
})
