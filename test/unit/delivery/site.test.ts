import { expect, test } from 'vitest'
import shaping from '../../../src/delivery/shaping.json' with { type: 'json' }
import { limitsOf, providerBehind } from '../../../src/delivery/shaping.ts'
import { siteOfHosts, siteOfRelays } from '../../../src/delivery/site.ts'
import { SITES } from '../../../src/lab/sites.ts'

test.each([
  [['mx.example.com'], 'mx.example.com'],
  [['mx2.example.com', 'mx1.example.com'], 'mx1.example.com mx2.example.com'],
  [['mx1.example.com', 'mx2.example.com', 'mx1.example.com'], 'mx1.example.com mx2.example.com'],
  [['gmail-smtp-in.l.google.com'], 'google'],
  [['aspmx.l.google.com'], 'google'],
  [['alt1.aspmx.l.google.com', 'aspmx2.googlemail.com'], 'google'],
  [['outlook-com.olc.protection.outlook.com'], 'microsoft'],
  [['contoso-com.mail.protection.outlook.com'], 'microsoft-365'],
  [['contoso-com.a-v1.mx.microsoft'], 'microsoft-365'],
  [['mta5.am0.yahoodns.net', 'mta6.am0.yahoodns.net'], 'yahoo'],
  [['mx00.emig.gmx.net', 'mx01.emig.gmx.net'], 'united-internet'],
  [['mx-ha02.web.de', 'mx-ha03.web.de'], 'united-internet'],
  [['mx00.kundenserver.de', 'mx01.kundenserver.de'], 'united-internet'],
  [['mx00.ionos.de'], 'united-internet'],
])('%j is the site %s', (hosts, site) => {
  expect(siteOfHosts(hosts)).toBe(site)
})

test.each([
  [['mx.notgoogle.com']],
  [['google.com.example']],
  [['web.de.example.com']],
  [['protection.outlook.com']],
  [['aspmx.l.google.com', 'mx.example.com']],
])('%j is no known provider', hosts => {
  expect(siteOfHosts(hosts)).toBe([...hosts].sort().join(' '))
})

test('ten thousand domains of one provider are one site, and so are those that share their hosts', () => {
  const tenants = Array.from({ length: 10_000 }, (_, index) => siteOfHosts([`tenant${index}.mail.protection.outlook.com`]))
  expect(new Set(tenants)).toEqual(new Set(['microsoft-365']))
  expect(siteOfHosts(['b.mx.test', 'a.mx.test'])).toBe(siteOfHosts(['a.mx.test', 'b.mx.test']))
})

test('a thousand hosts make no key of a thousand names', () => {
  expect(siteOfHosts(Array.from({ length: 1_000 }, (_, index) => `mx${index}.example.com`)).split(' ')).toHaveLength(10)
})

test('all relays are one site with the width of a relay', () => {
  const site = siteOfRelays([
    { host: 'Mail.example.com', port: 587 },
    { host: '[2001:db8::1]', port: 25 },
  ])
  expect(site).toBe('relay mail.example.com:587 [2001:db8::1]:25')
  expect(limitsOf(site)).toEqual({ concurrency: 20, perConnection: null, perSecond: null })
  expect(limitsOf('mx.example.com')).toEqual({ concurrency: 10, perConnection: null, perSecond: null })
})

test('limits of the settings stand over ours, for providers, relays, hosts below a name, and the others', () => {
  const own = new Map([
    ['google', { concurrency: 2 }],
    ['relay', { perSecond: 0.5 }],
    ['example.com', { concurrency: 3, perConnection: 7 }],
    ['mx.example.com', { concurrency: 4 }],
    ['other', { perConnection: 1 }],
  ])
  const others = { concurrency: 10, perConnection: null, perSecond: null }
  expect(limitsOf('google', own)).toEqual({ ...limitsOf('google'), concurrency: 2 })
  expect(limitsOf('yahoo', own)).toEqual(limitsOf('yahoo'))
  expect(limitsOf('relay example.com:25', own)).toEqual({ concurrency: 20, perConnection: null, perSecond: 0.5 })
  expect(limitsOf('a.example.com mx.example.com', own)).toEqual({ ...others, concurrency: 3, perConnection: 7 })
  expect(limitsOf('a.mx.example.com mx.example.com', own)).toEqual({ ...others, concurrency: 4 })
  expect(limitsOf('badexample.com', own)).toEqual({ ...others, perConnection: 1 })
  expect(limitsOf('mx.example.com mx.example.net', own)).toEqual({ ...others, perConnection: 1 })
  expect(limitsOf('com', new Map([['example.com', { concurrency: 3 }]]))).toEqual(others)
})

test("the lab's look-alikes are paced as their models", () => {
  const siteOf = (domain: string): string => {
    const mx = SITES.get(domain)?.mx ?? []
    const best = Math.min(...mx.map(({ preference }) => preference))
    return siteOfHosts(mx.filter(({ preference }) => preference === best).map(({ host }) => host))
  }
  expect(['gmail.com', 'outlook.com', 'hotmail.com', 'yahoo.com', 'aol.com', 'gmx.de', 'web.de', 'busy.test'].map(siteOf)).toEqual([
    'google',
    'microsoft',
    'microsoft',
    'yahoo',
    'yahoo',
    'united-internet',
    'united-internet',
    'mx.busy.test',
  ])
})

test('every figure of a provider has a source and a day, and is what the site gets', () => {
  expect(shaping.providers.map(({ site }) => site)).toEqual(['google', 'microsoft', 'microsoft-365', 'yahoo', 'united-internet'])
  for (const { site, hosts, concurrency, perConnection, perSecond } of shaping.providers) {
    for (const { value, source, date } of [concurrency, perConnection, perSecond]) {
      expect(Number.isInteger(value) && value >= 1).toBe(true)
      expect(source.length).toBeGreaterThan(10)
      expect(date).toMatch(/^\d{4}-\d\d-\d\d$/)
    }
    expect(limitsOf(site)).toEqual({
      concurrency: concurrency.value,
      perConnection: perConnection.value,
      perSecond: perSecond.value,
    })
    for (const host of hosts) expect([providerBehind(host), providerBehind(`mx.${host}`)]).toEqual([site, site])
  }
})
