/** A domain's route as one message may take it: what the message's configuration set asks for, on top of what the domain announced. */
import { ownVerdict } from '../mail/interpret-reply.ts'
import type { Settings } from '../ports/settings.ts'
import type { Hop } from '../ports/transport.ts'
import type { Route } from './route.ts'

export interface MessageWish {
  readonly tlsPolicy: 'OPTIONAL' | 'REQUIRE'
  /** A name among the settings' pools. */
  readonly sendingPoolName: string | null
}

/** The same route where nothing changes, so that a message without wishes costs nothing. */
export function routeFor(route: Route, { tlsPolicy, sendingPoolName }: MessageWish, { pools }: Pick<Settings, 'pools'>): Route {
  if (route.kind === 'none' || (tlsPolicy === 'OPTIONAL' && sendingPoolName === null)) return route
  const source = sendingPoolName === null ? undefined : pools.get(sendingPoolName)
  // Another address would be a breach of what the sender was promised, and no fault of the recipient's: the mail waits.
  if (sendingPoolName !== null && source === undefined)
    return { ...route, kind: 'none', outcome: ownVerdict('4.3.5', `SendingPool ${sendingPoolName} is not among the settings`) }
  const hops = route.hops.map(hop => ({ ...(tlsPolicy === 'REQUIRE' ? requireTls(hop) : hop), ...(source && { source }) }))
  return { ...route, hops }
}

function requireTls(hop: Hop): Hop {
  if (hop.tls !== 'opportunistic') return hop
  const { domain = '', type = 'no-policy-found', failure } = hop.policy ?? {}
  const words = `the configuration set requires it${hop.policy ? `; ${hop.policy.words}` : ''}`
  return { ...hop, tls: 'encrypted', policy: { domain, type, words, ...(failure && { failure }) } }
}
