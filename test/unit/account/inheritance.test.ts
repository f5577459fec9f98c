/** Which identity's settings and whose signature hold for an address. */
import { describe, expect, it } from 'vitest'
import { type Identity, settingsFor } from '../../../src/account/identity.ts'
import { signingAuthorityFor } from '../../../src/account/signing-authority.ts'
import { identityOf, T0 } from '../../support/account.ts'

const mailFrom = (domain: string): NonNullable<Identity['mailFrom']> => ({
  domain,
  status: 'SUCCESS',
  onFailure: 'USE_DEFAULT_VALUE',
  startedAt: T0,
})
type Own = { readonly set?: string; readonly from?: string; readonly feedback?: boolean }
const withOwn = (name: string, { set, from, feedback = true }: Own): Identity => ({
  ...identityOf(name, { status: 'PENDING' }),
  configurationSet: set ?? null,
  mailFrom: from === undefined ? null : mailFrom(from),
  feedbackForwarding: feedback,
})

describe('settingsFor', () => {
  const shop = withOwn('shop.test', { set: 'parent', from: 'b.shop.test', feedback: false })
  const sub = withOwn('eu.shop.test', { set: 'sub' })
  const ann = withOwn('ann@eu.shop.test', {})
  const own = withOwn('ann@eu.shop.test', { set: 'own' })
  it.each<[string, string, Identity[], string | null, string | null, boolean]>([
    ['nobody', 'ann@shop.test', [], null, null, true],
    ['the domain', 'ann@shop.test', [shop], 'parent', 'b.shop.test', false],
    ['the parent at any depth', 'ann@a.b.c.shop.test', [shop], 'parent', 'b.shop.test', false],
    ['a subdomain before its parent, what it lacks from above', 'ann@eu.shop.test', [shop, sub], 'sub', 'b.shop.test', true],
    ['the nearest subdomain', 'ann@a.eu.shop.test', [shop, sub], 'sub', 'b.shop.test', true],
    ['not a subdomain for its parent', 'ann@shop.test', [sub], null, null, true],
    ['an address before its domain', 'ann@eu.shop.test', [shop, sub, own], 'own', 'b.shop.test', true],
    ['an address without a set: its domain’s', 'ann@eu.shop.test', [shop, sub, ann], 'sub', 'b.shop.test', true],
    ['an address for its labels', 'ann+news@eu.shop.test', [shop, sub, own], 'own', 'b.shop.test', true],
    ['not a label for its address', 'ann@eu.shop.test', [{ ...own, name: 'ann+news@eu.shop.test' }, shop], 'parent', 'b.shop.test', false],
    ['not an address in another case', 'Ann@eu.shop.test', [own, shop], 'parent', 'b.shop.test', false],
    ['a domain in any case', 'ann@EU.shop.test', [own, shop], 'own', 'b.shop.test', true],
  ])('%s', (_, address, identities, configurationSet, from, feedbackForwarding) => {
    expect(settingsFor(address, identities)).toEqual({
      configurationSet,
      mailFrom: from === null ? null : mailFrom(from),
      feedbackForwarding,
    })
  })
})

describe('signingAuthorityFor', () => {
  const domain = (name: string, { on = true, key = true }: { on?: boolean; key?: boolean } = {}): Identity => {
    const made = identityOf(name)
    const signing = key ? ({ token: `key-of-${name}`, method: 'txt', keyLength: 'RSA_2048_BIT' } as const) : null
    return { ...made, dkim: { ...made.dkim, signingEnabled: on, signing } }
  }
  const address = (chosen?: boolean): Identity => {
    const made = identityOf('ann@eu.shop.test')
    return { ...made, dkim: { ...made.dkim, signingEnabled: chosen ?? false, signingChosen: chosen !== undefined } }
  }
  it.each<[string, Identity[], string | null]>([
    ['nobody', [], null],
    ['the domain', [domain('eu.shop.test')], 'eu.shop.test'],
    ['the parent', [domain('shop.test')], 'shop.test'],
    ['the nearest', [domain('shop.test'), domain('eu.shop.test')], 'eu.shop.test'],
    ['the parent, where the subdomain has no key yet', [domain('shop.test'), domain('eu.shop.test', { key: false })], 'shop.test'],
    ['nobody, where the subdomain has it off', [domain('shop.test'), domain('eu.shop.test', { on: false })], null],
    ['the domain, for an address that was not asked', [address(), domain('shop.test')], 'shop.test'],
    ['the domain, for an address that has it on', [address(true), domain('shop.test')], 'shop.test'],
    ['nobody, where the address has it off', [address(false), domain('shop.test')], null],
    ['never an address', [address(true)], null],
  ])('%s', (_, identities, name) => {
    expect(signingAuthorityFor('ann+x@eu.shop.test', identities)?.domain ?? null).toBe(name)
  })
})
