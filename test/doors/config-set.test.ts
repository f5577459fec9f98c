import { afterEach, beforeEach, expect, test } from 'vitest'
import { identityOf } from '../support/account.ts'
import { type Door, openDoor } from '../support/door.ts'

let door: Door
beforeEach(async () => {
  door = openDoor()
  await door.run(['init'])
})
afterEach(() => door.remove())

const json = async (...argv: string[]) => JSON.parse((await door.run(['config-set', ...argv, '--json'])).stdout)

test('a set is made, shown, changed, listed and removed in the words of SES', async () => {
  const others = { ReputationOptions: { ReputationMetricsEnabled: false }, SendingOptions: { SendingEnabled: true } }
  expect(await json('create', 'receipts')).toEqual({
    ConfigurationSetName: 'receipts',
    DeliveryOptions: { TlsPolicy: 'OPTIONAL' },
    ...others,
  })
  const changed = { ConfigurationSetName: 'receipts', DeliveryOptions: { TlsPolicy: 'REQUIRE', MaxDeliverySeconds: 5_400 }, ...others }
  expect(await json('set', 'receipts', '--tls-policy', 'REQUIRE', '--max-delivery', '90m')).toEqual(changed)
  expect(await json('show', 'receipts')).toEqual(changed)
  expect(await json('set', 'receipts', '--max-delivery', '')).toEqual({
    ...changed,
    DeliveryOptions: { TlsPolicy: 'REQUIRE' },
  })
  await json('create', 'alerts', '--max-delivery', '5m')
  expect(await json('list')).toEqual({ ConfigurationSets: ['alerts', 'receipts'] })
  expect((await door.run(['config-set', 'list'])).stdout).toBe(
    'Configuration set  TLS       Tried for\nalerts             OPTIONAL  5m\nreceipts           REQUIRE\n',
  )
  expect(await json('delete', 'alerts', '-n')).toEqual({ ConfigurationSetName: 'alerts', Deleted: false, Dependents: [] })
  expect(await json('delete', 'alerts', '--yes')).toEqual({ ConfigurationSetName: 'alerts', Deleted: true, Dependents: [] })
  expect(await json('list')).toEqual({ ConfigurationSets: ['receipts'] })
})

test('sending is switched off and on, which begins the rates of the set anew', async () => {
  const made = await json('create', 'receipts', '--reputation-metrics', 'on')
  expect(made.ReputationOptions).toEqual({ ReputationMetricsEnabled: true })
  expect((await json('set', 'receipts', '--sending', 'off')).SendingOptions).toEqual({ SendingEnabled: false })
  expect((await door.run(['config-set', 'show', 'receipts'])).stdout).toContain('off: its messages are refused')
  const again = await json('set', 'receipts', '--sending', 'on')
  expect(again.SendingOptions).toEqual({ SendingEnabled: true })
  const { LastFreshStart } = again.ReputationOptions
  expect(Math.abs(Date.now() - Date.parse(LastFreshStart))).toBeLessThan(60_000)
  expect((await json('set', 'receipts', '--sending', 'on', '--reputation-metrics', 'off')).ReputationOptions).toEqual({
    ReputationMetricsEnabled: false,
    LastFreshStart,
  })
})

test('a sending pool must be among the settings', async () => {
  const refused = await door.run(['config-set', 'create', 'receipts', '--sending-pool', 'fast', '--json'])
  expect(refused).toMatchObject({ code: 1, stdout: '' })
  expect(JSON.parse(refused.stderr).Error).toMatchObject({ Code: 'NotFoundException', Message: "SendingPool fast doesn't exist" })
  expect(await json('list')).toEqual({ ConfigurationSets: [] })
  const env = { MAILCTL_POOLS: 'fast=127.0.0.1' }
  const made = await door.run(['config-set', 'create', 'receipts', '--sending-pool', 'fast', '--json'], { env })
  expect(JSON.parse(made.stdout).DeliveryOptions).toEqual({ TlsPolicy: 'OPTIONAL', SendingPoolName: 'fast' })
  expect((await json('set', 'receipts', '--sending-pool', '')).DeliveryOptions).toEqual({ TlsPolicy: 'OPTIONAL' })
})

test.each([
  [['create', 'a b'], 65, 'BadRequestException', /'a b' cannot be the name/],
  [['create', 'x'.repeat(65)], 65, 'BadRequestException', /cannot be the name/],
  [['create', 'a', '--max-delivery', '299s'], 65, 'BadRequestException', /from 300 to 50400, not 299/],
  [['create', 'a', '--max-delivery', '15h'], 65, 'BadRequestException', /not 54000/],
  [['create', 'a', '--max-delivery', 'soon'], 64, 'UsageError', /not a duration/],
  [['create', 'a', '--tls-policy', 'NEVER'], 64, 'UsageError', /NEVER/],
  [['set', 'there', '--sending', 'maybe'], 64, 'UsageError', /maybe/],
  [['create', 'a', '--tracking', 'x'], 64, 'UsageError', /--tracking/],
  [['create', 'there'], 1, 'AlreadyExistsException', /^Configuration set <there> already exists\.$/],
  [['show', 'gone'], 1, 'NotFoundException', /^Configuration set <gone> does not exist\.$/],
  [['set', 'gone', '--tls-policy', 'REQUIRE'], 1, 'NotFoundException', /<gone>/],
  [['set', 'there'], 64, 'UsageError', /nothing to change/],
  [['delete', 'gone', '--yes'], 1, 'NotFoundException', /<gone>/],
])('config-set %j ends with %i', async (argv, code, name, says) => {
  await json('create', 'there')
  const ran = await door.run(['config-set', ...argv, '--json'])
  expect(ran).toMatchObject({ code, stdout: '' })
  const { Error: error } = JSON.parse(ran.stderr)
  expect(error).toMatchObject({ Code: name, Message: expect.stringMatching(says), Hint: expect.stringMatching(/./) })
})

test('a set that is the default of identities says so when it goes', async () => {
  await json('create', 'receipts')
  await door.use(({ store }) => store.addIdentity({ ...identityOf('shop.example'), configurationSet: 'receipts' }))
  const removed = await door.run(['config-set', 'delete', 'receipts', '-n'])
  expect(removed).toMatchObject({ code: 0, stdout: 'Would remove receipts, the default of shop.example\n' })
  expect(await json('delete', 'receipts', '--yes')).toEqual({
    ConfigurationSetName: 'receipts',
    Deleted: true,
    Dependents: ['shop.example'],
  })
})

test('tracking needs a verified domain of the account, and no domain clears it', async () => {
  const refuse = async (...argv: string[]) => {
    const ran = await door.run(['config-set', ...argv, '--json'])
    expect(ran).toMatchObject({ code: 65, stdout: '' })
    return JSON.parse(ran.stderr).Error.Message
  }
  await json('create', 'receipts')
  expect(await refuse('set', 'receipts', '--redirect-domain', 'Click.Shop.Example')).toBe(
    'Domain click.shop.example is not verified under this account.',
  )
  await door.use(async ({ store }) => {
    await store.addIdentity(identityOf('ann@other.example'))
    await store.addIdentity(identityOf('pending.example', { status: 'PENDING', proof: null }))
    await store.addIdentity(identityOf('shop.example'))
  })
  for (const domain of ['other.example', 'pending.example', 'badshop.example'])
    expect(await refuse('set', 'receipts', '--redirect-domain', domain)).toBe(`Domain ${domain} is not verified under this account.`)
  expect(await refuse('set', 'receipts', '--redirect-domain', 'no domain')).toBe("'no domain' is not a domain")
  expect(await refuse('set', 'receipts', '--https-policy', 'REQUIRE')).toBe('HttpsPolicy needs a CustomRedirectDomain')
  expect(await refuse('create', 'other', '--https-policy', 'REQUIRE')).toBe('HttpsPolicy needs a CustomRedirectDomain')
  expect(await json('show', 'receipts')).not.toHaveProperty('TrackingOptions')
  expect((await json('set', 'receipts', '--redirect-domain', 'Click.Shop.Example')).TrackingOptions).toEqual({
    CustomRedirectDomain: 'click.shop.example',
    HttpsPolicy: 'OPTIONAL',
  })
  await json('set', 'receipts', '--https-policy', 'REQUIRE_OPEN_ONLY')
  await json('set', 'receipts', '--tls-policy', 'REQUIRE')
  expect((await json('show', 'receipts')).TrackingOptions).toEqual({
    CustomRedirectDomain: 'click.shop.example',
    HttpsPolicy: 'REQUIRE_OPEN_ONLY',
  })
  expect(await json('set', 'receipts', '--redirect-domain', '')).not.toHaveProperty('TrackingOptions')
  expect(await json('list')).toEqual({ ConfigurationSets: ['receipts'] })
})

test('a set has tags of its own', async () => {
  const tagsOf = async (...argv: string[]) => (await json(...argv)).Tags
  expect(await tagsOf('create', 'receipts', '--tag', 'team=shop', '--tag', 'stage=a=b')).toEqual([
    { Key: 'team', Value: 'shop' },
    { Key: 'stage', Value: 'a=b' },
  ])
  expect(await tagsOf('set', 'receipts', '--tag', 'team=post', '--untag', 'stage', '--tag', 'empty')).toEqual([
    { Key: 'team', Value: 'post' },
    { Key: 'empty', Value: '' },
  ])
  await json('set', 'receipts', '--tls-policy', 'REQUIRE')
  expect((await door.run(['config-set', 'show', 'receipts'])).stdout).toContain('team=post')
  const many = Array.from({ length: 49 }, (_, index) => ['--tag', `t${index}=x`]).flat()
  for (const [argv, code] of [
    [['--untag', 'stage'], 1],
    [['--tag', '=x'], 65],
    [['--tag', `${'k'.repeat(129)}=x`], 65],
    [['--tag', `k=${'v'.repeat(257)}`], 65],
    [many, 1],
  ] as const)
    expect((await door.run(['config-set', 'set', 'receipts', ...argv])).code, argv.join(' ')).toBe(code)
  expect(await tagsOf('set', 'receipts', '--untag', 'team', '--untag', 'empty')).toBeUndefined()
})
