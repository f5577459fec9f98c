/** `--dry-run` says what would happen, refuses what would be refused, and changes nothing. */
import { expect, test } from 'vitest'
import { wholeDoor } from '../support/whole-door.ts'

test('simulate and queue flush', async () => {
  const { run, json } = await wholeDoor()
  expect(await run(['simulate', 'bounce', '-n'])).toMatchObject({ code: 77, stdout: '' })
  await run(['verify', 'domain', 'shop.example', '--key', 'rsa1024'])
  expect(await json(['simulate', 'bounce', '--label', 'x', '-n'])).toEqual({
    DryRun: true,
    Recipients: [{ EmailAddress: 'bounce+x@simulator.amazonses.com' }],
  })
  expect(await json(['events', 'list'])).toEqual({ Events: [] })

  const { MessageId } = await json(['simulate', 'delay'])
  expect(await json(['queue', 'flush', '--dry-run'])).toEqual({ DryRun: true, WouldAttempt: 1 })
  expect(await json(['queue', 'flush', MessageId, '-n'])).toEqual({ DryRun: true, WouldAttempt: 1 })
  expect((await json(['queue', 'list'])).Recipients).toMatchObject([{ MessageId, Attempts: 1 }])
  expect(await run(['queue', 'flush', 'none', '-n'])).toMatchObject({ code: 1, stdout: '' })
})
