/** The system mode: zones' own servers found and asked, and the system resolver where they are out of reach. */
import packets from 'dns-packet'
import { afterEach, expect, test } from 'vitest'
import { createResolver, parseServer } from '../../src/adapters/resolver.ts'
import { type Behaviour, reply, type ScriptedDns, scriptedDns, txtAnswer } from '../support/dns.ts'

const open: ScriptedDns[] = []
const server = async (behaviour: Behaviour): Promise<ScriptedDns> => {
  const made = await scriptedDns(behaviour)
  open.push(made)
  return made
}
afterEach(async () => {
  await Promise.all(open.splice(0).map(each => each.close()))
})

/** A cache that knows the delegation of shop.test to 127.0.0.1, and an old TXT. */
const cache: Behaviour = {
  udp(asked) {
    const { name = '', type } = asked.questions?.[0] ?? {}
    const flags = packets.RECURSION_AVAILABLE
    const key = `${name} ${type}`
    if (key === 'shop.test NS') return [reply(asked, { flags, answers: [{ type: 'NS', name, ttl: 1, class: 'IN', data: 'ns.shop.test' }] })]
    if (key === 'ns.shop.test A') return [reply(asked, { flags, answers: [{ type: 'A', name, ttl: 1, class: 'IN', data: '127.0.0.1' }] })]
    if (type === 'TXT') return [reply(asked, { flags, answers: [txtAnswer(name, 'old')] })]
    return [reply(asked, { flags, rcode: 3 })]
  },
}
const refuse = async (): Promise<never> => {
  throw new Error('the lab was asked')
}
const text = (answer: Awaited<ReturnType<ReturnType<typeof createResolver>['lookup']>>): string =>
  answer.kind === 'found' && answer.records[0]?.type === 'TXT' ? answer.records[0].text : answer.kind

test('the zone itself is asked for verification, the cache for routing', async () => {
  const system = await server(cache)
  const own = await server({ udp: asked => [reply(asked, { answers: [txtAnswer('a.shop.test', 'new')] })] })
  const resolver = createResolver({
    network: 'live',
    labServer: refuse,
    systemServers: () => [`127.0.0.1:${system.port}`],
    authoritativePort: own.port,
  })
  expect(text(await resolver.lookupAuthoritative('a.shop.test', 'TXT'))).toBe('new')
  expect(text(await resolver.lookup('a.shop.test', 'TXT'))).toBe('old')
  expect(resolver.takeNotices()).toEqual([])
})

test('where the zone cannot be reached the system resolver answers, with one notice', async () => {
  const system = await server(cache)
  const gone = await scriptedDns({})
  await gone.close()
  const resolver = createResolver({
    network: 'relay',
    labServer: refuse,
    systemServers: () => [`127.0.0.1:${system.port}`],
    authoritativePort: gone.port,
  })
  expect(text(await resolver.lookupAuthoritative('a.shop.test', 'TXT'))).toBe('old')
  expect(text(await resolver.lookupAuthoritative('b.shop.test', 'TXT'))).toBe('old')
  expect(resolver.takeNotices()).toEqual([expect.stringContaining('asked the system resolver instead')])
  expect(resolver.takeNotices()).toEqual([])
})

test('an explicit resolver is asked alone', async () => {
  const given = await server({ udp: asked => [reply(asked, { answers: [txtAnswer('a.shop.test', 'given')] })] })
  const resolver = createResolver({
    network: 'relay',
    resolver: `127.0.0.1:${given.port}`,
    labServer: refuse,
    systemServers: () => {
      throw new Error('the system was asked')
    },
  })
  expect(text(await resolver.lookupAuthoritative('a.shop.test', 'TXT'))).toBe('given')
  expect(given.asked).toEqual(['udp:a.shop.test TXT'])
})

test.each([
  ['192.0.2.1', '192.0.2.1', 53],
  ['192.0.2.1:5353', '192.0.2.1', 5353],
  ['::1', '::1', 53],
  ['[2001:db8::1]:54', '2001:db8::1', 54],
])('%s is a server', (given, address, port) => {
  expect(parseServer(given)).toEqual({ address, port })
})
test.each(['', 'dns.example', '192.0.2.1:', '192.0.2.1:0', '192.0.2.1:70000', '[::1]', '300.1.1.1'])('%j is no server', given => {
  expect(() => parseServer(given)).toThrow(expect.objectContaining({ code: 'usage' }))
})

test.each([
  ['of a resolver on this machine', (port: number) => ({ systemServers: () => [`127.0.0.1:${port}`] }), true],
  ['of the explicit one', (port: number) => ({ resolver: `127.0.0.1:${port}` }), true],
  ['where a resolver elsewhere may have answered', (port: number) => ({ systemServers: () => [`127.0.0.1:${port}`, '192.0.2.1'] }), false],
])('the word %s that an answer was validated is believed: %s', async (_, options, believed) => {
  const flags = packets.RECURSION_AVAILABLE | packets.AUTHENTIC_DATA
  let asksForIt = false
  const validating = await server({
    udp: asked => {
      asksForIt = asked.flag_ad
      return [reply(asked, { flags, answers: [txtAnswer('a.shop.test', 'x')] })]
    },
  })
  const resolver = createResolver({ network: 'live', labServer: refuse, ...options(validating.port) })
  expect(await resolver.lookup('a.shop.test', 'TXT')).toMatchObject({ kind: 'found', authenticated: believed })
  expect(asksForIt).toBe(true)
})
