/** What an identity can be set to, each change seen in `identity show --json`; its refusals; and what its deletion says and leaves. */
import { expect, test } from 'vitest'
import { wholeDoor } from '../support/whole-door.ts'

async function shop() {
  const door = await wholeDoor()
  await door.json(['verify', 'domain', 'shop.example', '--key', 'rsa1024'])
  const set = (...flags: string[]) => door.json(['identity', 'set', 'shop.example', ...flags])
  return { ...door, set }
}

test('every setting is shown in the members of GetEmailIdentity', async () => {
  const { json, set } = await shop()
  await json(['config-set', 'create', 'receipts'])
  await set('--signing', 'off', '--mail-from', 'bounce', '--on-mx-failure', 'reject', '--config-set', 'receipts', '--feedback', 'off')
  await set('--tag', 'team=shop', '--tag', 'note', '--tag', 'query=a=b')
  const expected = {
    EmailIdentity: 'shop.example',
    IdentityType: 'DOMAIN',
    FeedbackForwardingStatus: false,
    VerifiedForSendingStatus: true,
    DkimAttributes: {
      SigningEnabled: false,
      Status: 'SUCCESS',
      Tokens: Array(3).fill(expect.stringMatching(/^[a-z2-7]{32}$/)),
      SigningHostedZone: 'dkim.amazonses.com',
      SigningAttributesOrigin: 'AWS_SES',
      NextSigningKeyLength: 'RSA_1024_BIT',
      CurrentSigningKeyLength: 'RSA_1024_BIT',
      LastKeyGenerationTimestamp: '2026-01-01T00:00:00.000Z',
    },
    MailFromAttributes: { MailFromDomain: 'bounce.shop.example', MailFromDomainStatus: 'PENDING', BehaviorOnMxFailure: 'REJECT_MESSAGE' },
    Policies: {},
    Tags: [
      { Key: 'team', Value: 'shop' },
      { Key: 'note', Value: '' },
      { Key: 'query', Value: 'a=b' },
    ],
    ConfigurationSetName: 'receipts',
    VerificationStatus: 'SUCCESS',
    VerificationInfo: expect.objectContaining({ LastSuccessTimestamp: '2026-01-01T00:00:00.000Z' }),
    DnsRecords: expect.any(Array),
  }
  expect(await json(['identity', 'show', 'shop.example'])).toEqual(expected)
  const set2 = await set(
    '--untag',
    'note',
    '--tag',
    'team=mail',
    '--mail-from',
    '',
    '--config-set',
    '',
    '--feedback',
    'on',
    '--signing',
    'on',
  )
  expect(set2).toMatchObject({
    FeedbackForwardingStatus: true,
    DkimAttributes: { SigningEnabled: true },
    Tags: [
      { Key: 'team', Value: 'mail' },
      { Key: 'query', Value: 'a=b' },
    ],
  })
  expect(set2).not.toHaveProperty('ConfigurationSetName')
  expect(set2).not.toHaveProperty('MailFromAttributes')
})

test('an address is an identity of its own only when it was made one; then its settings come first', async () => {
  const { run, json } = await shop()
  await json(['account', 'request-production', '--approve'])
  const refused = await run(['identity', 'set', 'ann@shop.example', '--feedback', 'off', '--json'])
  expect(JSON.parse(refused.stderr).Error).toEqual({
    Code: 'NotFoundException',
    Message: 'Email identity ann@shop.example does not exist.',
    Hint: 'shop.example speaks for it, but it has no settings of its own. Create it: mailctl verify email ann@shop.example',
  })
  await json(['verify', 'email', 'ann@shop.example'], 1)
  expect((await json(['identity', 'show', 'ann@shop.example'])).DkimAttributes).toMatchObject({
    SigningEnabled: false,
    Status: 'NOT_STARTED',
  })
  const signatures = async (from: string): Promise<number> => {
    await json(['send', '--from', from, '--to', 'bob@gmx.de', '--subject', 'x', '--text', 'y'])
    return (await json(['inbox', 'list', '--to', 'bob@gmx.de', '--limit', '1'])).Messages[0].Authentication.Dkim.length
  }
  expect(await signatures('ann@shop.example'), 'it inherits').toBe(1)
  await json(['identity', 'set', 'ann@shop.example', '--signing', 'off'])
  expect(await signatures('ann@shop.example'), 'its own setting').toBe(0)
  expect(await signatures('ann+news@shop.example'), 'and that of its labels').toBe(0)
  expect(await signatures('bob@shop.example')).toBe(1)
  await json(['identity', 'set', 'ann@shop.example', '--signing', 'on'])
  expect(await signatures('ann@shop.example')).toBe(1)
})

test.each([
  [['shop.example'], 64, 'UsageError', /nothing to change/],
  [['gone.example', '--signing', 'on'], 1, 'NotFoundException', /^Email identity gone\.example does not exist\.$/],
  [['shop.example', '--config-set', 'gone'], 1, 'NotFoundException', /^Configuration set <gone> does not exist\.$/],
  [['shop.example', '--key', 'rsa1024'], 65, 'BadRequestException', /^the keys of shop\.example are RSA_1024_BIT already$/],
  [['shop.example', '--mail-from', 'bounce.other.example'], 65, 'BadRequestException', /is not a subdomain of shop\.example$/],
  [['shop.example', '--on-mx-failure', 'reject'], 64, 'UsageError', /^shop\.example has no MAIL FROM domain$/],
  [['shop.example', '--tag', '=x'], 65, 'BadRequestException', /0 characters, 1 to 128 are allowed/],
  [['shop.example', '--untag', 'gone'], 1, 'NotFoundException', /^there is no tag 'gone' to remove$/],
  [
    ['shop.example', ...Array.from({ length: 51 }, (_, index) => ['--tag', `k${index}=v`]).flat()],
    1,
    'LimitExceededException',
    /at most 50 tags/,
  ],
  [['ann@example.net', '--mail-from', 'bounce'], 64, 'UsageError', /is an address/],
])('identity set %j ends with %i and changes nothing', async (argv, code, name, says) => {
  const { run, json } = await shop()
  await json(['verify', 'email', 'ann@example.net'], 1)
  const before = await json(['identity', 'show', 'shop.example'])
  const ran = await run(['identity', 'set', ...argv, '--json'])
  expect(ran).toMatchObject({ code, stdout: '' })
  expect(JSON.parse(ran.stderr).Error).toMatchObject({ Code: name, Message: expect.stringMatching(says), Hint: expect.stringMatching(/./) })
  expect(await json(['identity', 'show', 'shop.example'])).toEqual(before)
})

test('the key length changes once in a day, but for one downgrade', async () => {
  const { run, set } = await shop()
  expect((await set('--key', 'rsa2048')).DkimAttributes).toMatchObject({
    NextSigningKeyLength: 'RSA_2048_BIT',
    CurrentSigningKeyLength: 'RSA_1024_BIT',
  })
  await set('--key', 'rsa1024')
  await run(['clock', 'advance', '23h'])
  const soon = await run(['identity', 'set', 'shop.example', '--key', 'rsa2048', '--json'])
  expect(JSON.parse(soon.stderr).Error).toEqual({
    Code: 'LimitExceededException',
    Message: 'the key length of shop.example was changed less than 24 hours ago',
    Hint: 'It may change again from 2026-01-02T00:00:00.000Z on.',
  })
  await run(['clock', 'advance', '1h'])
  await set('--key', 'rsa2048')
})

test('deleting says who inherits no more; mail that was accepted before is still delivered, and verifies', async () => {
  const { run, json } = await shop()
  await json(['account', 'request-production', '--approve'])
  await json(['verify', 'domain', 'eu.shop.example', '--key', 'rsa1024'])
  await json(['verify', 'email', 'ann@shop.example'], 1)
  await json(['verify', 'domain', 'evilshop.example', '--key', 'rsa1024'])
  const { MessageId } = await json(['send', '--from', 'a@shop.example', '--to', 'bob@greylist.test', '--subject', 'x', '--text', 'y'], 75)
  const dependents = ['ann@shop.example', 'eu.shop.example']
  expect(await json(['identity', 'delete', 'shop.example', '-n'])).toEqual({
    EmailIdentity: 'shop.example',
    Deleted: false,
    Dependents: dependents,
  })
  const { stdout } = await run(['identity', 'delete', 'shop.example', '--yes'])
  expect(stdout).toBe('Removed shop.example\nann@shop.example, eu.shop.example inherit nothing from it any more\n')
  expect((await json(['clock', 'advance', '1h'])).Attempted).toBe(1)
  expect(await json(['queue', 'show', MessageId])).toMatchObject({ Recipients: [{ Status: 'DELIVERED' }] })
  const { Messages } = await json(['inbox', 'list', '--to', 'bob@greylist.test'])
  expect(Messages[0].Authentication.Dkim).toMatchObject([{ Domain: 'shop.example', Result: 'pass' }])
  const after = await run(['send', '--from', 'a@shop.example', '--to', 'bob@gmx.de', '--subject', 'x', '--text', 'y'])
  expect(after).toMatchObject({ code: 77, stdout: '' })
})
