import { expect, test } from 'vitest'
import { routeFor } from '../../../src/delivery/message-route.ts'
import type { Route } from '../../../src/delivery/route.ts'
import { ownVerdict } from '../../../src/mail/interpret-reply.ts'
import type { Hop } from '../../../src/ports/transport.ts'

const hop = (more: Partial<Hop> = {}): Hop => ({
  hostName: 'a.test',
  address: '192.0.2.1',
  port: 25,
  via: 'network',
  tls: 'opportunistic',
  ...more,
})
const settings = { pools: new Map([['marketing', ['192.0.2.10', '2001:db8::10']]]) }
const to = (...hops: Hop[]): Route => ({ kind: 'hops', site: 'a.test', hops })

test('a message that asks for nothing takes the route as it is', () => {
  const route = to(hop())
  expect(routeFor(route, { tlsPolicy: 'OPTIONAL', sendingPoolName: null }, settings)).toBe(route)
})

test('REQUIRE never goes in the clear, and never asks for less than the domain does', () => {
  const policy = { domain: 'a.test', type: 'sts', words: 'MTA-STS of a.test (testing)', failure: 'validation-failure' } as const
  const route = routeFor(
    to(hop(), hop({ policy }), hop({ tls: 'required' }), hop({ tls: 'dane' })),
    { tlsPolicy: 'REQUIRE', sendingPoolName: null },
    settings,
  )
  expect(route.kind === 'hops' && route.hops.map(({ tls }) => tls)).toEqual(['encrypted', 'encrypted', 'required', 'dane'])
  expect(route).toMatchObject({
    hops: [
      { policy: { words: 'the configuration set requires it' } },
      { policy: { ...policy, words: 'the configuration set requires it; MTA-STS of a.test (testing)' } },
      {},
      {},
    ],
  })
})

test('where there is no host nothing changes', () => {
  const route: Route = { kind: 'none', outcome: ownVerdict('5.1.10', 'null MX') }
  expect(routeFor(route, { tlsPolicy: 'REQUIRE', sendingPoolName: null }, settings)).toBe(route)
})

test('a pool gives every hop its addresses, whatever TLS it is under', () => {
  const route = routeFor(to(hop(), hop({ tls: 'dane' })), { tlsPolicy: 'OPTIONAL', sendingPoolName: 'marketing' }, settings)
  expect(route).toEqual(to(hop({ source: ['192.0.2.10', '2001:db8::10'] }), hop({ tls: 'dane', source: ['192.0.2.10', '2001:db8::10'] })))
})

test('a pool that is no more holds its mail, and lends it no other address', () => {
  expect(routeFor(to(hop()), { tlsPolicy: 'OPTIONAL', sendingPoolName: 'gone' }, settings)).toMatchObject({
    kind: 'none',
    outcome: { action: 'delayed', status: '4.3.5', reply: '451 4.3.5 SendingPool gone is not among the settings' },
  })
})
