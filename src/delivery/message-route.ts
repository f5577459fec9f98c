/** A domain's route as one message may take it: what the message's configuration set asks for, on top of what the domain announced. */
import type { Hop } from '../ports/transport.ts'
import type { Route } from './route.ts'

export interface MessageWish {
  readonly tlsPolicy: 'OPTIONAL' | 'REQUIRE'
}

/** The same route where nothing changes, so that a message without wishes costs nothing. */
export function routeFor(route: Route, { tlsPolicy }: MessageWish): Route {
  if (route.kind === 'none' || tlsPolicy === 'OPTIONAL') return route
  return { ...route, hops: route.hops.map(requireTls) }
}

function requireTls(hop: Hop): Hop {
  if (hop.tls !== 'opportunistic') return hop
  const { domain = '', type = 'no-policy-found', failure } = hop.policy ?? {}
  const words = `the configuration set requires it${hop.policy ? `; ${hop.policy.words}` : ''}`
  return { ...hop, tls: 'encrypted', policy: { domain, type, words, ...(failure && { failure }) } }
}
