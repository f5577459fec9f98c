/** An address proved by the code that is mailed to it, all through the commands. */
import { expect, test } from 'vitest'
import { wholeDoor } from '../support/whole-door.ts'

const codeIn = (raw: string): string => /--token ([0-9a-f]{20})\s/.exec(raw)?.[1] ?? ''

test('the code goes through the queue to the inbox, and back it proves the address', async () => {
  const { run, json } = await wholeDoor()
  const asked = await json(['verify', 'email', "Ann.O'Lee@Example.com"], 1)
  expect(asked).toMatchObject({
    IdentityType: 'EMAIL_ADDRESS',
    VerificationStatus: 'PENDING',
    VerifiedForSendingStatus: false,
    VerificationMail: {
      EnvelopeFrom: 'no-reply-aws@amazon.com',
      Recipients: [{ EmailAddress: "Ann.O'Lee@example.com", Status: 'DELIVERED' }],
    },
  })
  const { Messages } = await json(['inbox', 'list'])
  expect(Messages).toMatchObject([{ Subject: 'Amazon Web Services - Email Address Verification Request in region us-east-1' }])
  const { stdout: text } = await run(['inbox', 'show', Messages[0].Id])
  expect(text).toContain(`mailctl verify email 'Ann.O'\\''Lee@example.com' --token ${codeIn(text)}\n`)
  expect((await run(['inbox', 'show', Messages[0].Id, '--raw'])).stdout).toMatch(/^Auto-Submitted: auto-generated\r?$/m)

  const wrong = await run(['verify', 'email', "Ann.O'Lee@example.com", '--token', '0'.repeat(20)])
  expect(wrong).toMatchObject({ code: 1, stdout: '' })
  expect(wrong.stderr).toContain('that is not the code')
  expect(await json(['verify', 'email', "Ann.O'Lee@example.com", '--token', codeIn(text)])).toMatchObject({
    VerificationStatus: 'SUCCESS',
    VerifiedForSendingStatus: true,
  })
  expect(await json(['verify', 'email', "Ann.O'Lee@example.com"]), 'nothing is mailed again').not.toHaveProperty('VerificationMail')
  expect(await json(['quota']), 'a notice is not the account’s own mail').toMatchObject({ SentLast24Hours: 0 })
  expect(await json(['events', 'list'])).toEqual({ Events: [] })
})

test('a code lapses after 24 hours, and asking again mails a new one', async () => {
  const { run, json } = await wholeDoor()
  const mailed = async (): Promise<string> => {
    await json(['verify', 'email', 'ann@example.com'], 1)
    const { Messages } = await json(['inbox', 'list'])
    return codeIn((await run(['inbox', 'show', Messages[0].Id, '--raw'])).stdout)
  }
  const first = await mailed()
  await run(['clock', 'advance', '24h'])
  const late = await run(['verify', 'email', 'ann@example.com', '--token', first])
  expect(late).toMatchObject({ code: 1, stdout: '' })
  expect(late.stderr).toContain('has lapsed')
  const second = await mailed()
  expect(second).not.toBe(first)
  expect((await run(['verify', 'email', 'ann@example.com', '--token', first])).code).toBe(1)
  expect((await run(['verify', 'email', 'ann@example.com', '--token', '-'], { stdin: `${second}\n` })).code).toBe(0)
})

test('an address that does not take mail is told as it is', async () => {
  const { run } = await wholeDoor()
  const { code, stdout } = await run(['verify', 'email', 'ann@nouser.test'])
  expect(code).toBe(1)
  expect(stdout).toMatch(/bounced +550 5\.1\.1/)
  expect(await run(['verify', 'email', 'no address'])).toMatchObject({ code: 65, stdout: '' })
})
