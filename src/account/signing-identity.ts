/** Which domain signs for an address: the nearest one with working DKIM, for an address inherits it. SES fact: concepts §4 "Inheritance". */
import { coveringNames, type Identity } from './identity.ts'

/** @param identities at least those among `coveringNames(address)` that exist */
export const signingIdentityFor = (address: string, identities: readonly Identity[]): Identity | undefined =>
  coveringNames(address)
    .map(name => identities.find(identity => identity.name === name && identity.type === 'DOMAIN'))
    .find(identity => identity?.dkim.signingEnabled && identity.dkim.status === 'SUCCESS' && identity.dkim.tokens.length > 0)
