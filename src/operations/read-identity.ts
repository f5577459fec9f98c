/** Reading identities, under any spelling of their name. */
import { coveringNames, type Identity } from '../account/identity.ts'
import { MailctlError } from '../base/errors.ts'
import { parseAddress } from '../mail/address.ts'
import { parseDomain } from '../mail/idna.ts'
import type { App } from './app.ts'

/** A domain or an address as it is stored: A-labels, the domain in lower case. @throws MailctlError bad-data */
export const identityName = (text: string): string => (text.includes('@') ? parseAddress(text).address : parseDomain(text))

/** The identity that a name without one of its own inherits from. */
async function speakerFor(store: App['store'], name: string): Promise<string | undefined> {
  const names = name.includes('@') ? coveringNames(name) : coveringNames(`any@${name}`)
  const found = new Set((await store.identitiesNamed(names)).map(one => one.name))
  return names.find(one => found.has(one))
}

/** @throws MailctlError bad-data, not-found */
export async function readIdentity({ store }: Pick<App, 'store'>, text: string): Promise<Identity> {
  const name = identityName(text)
  const identity = await store.identity(name)
  if (identity) return identity
  const verb = name.includes('@') ? 'email' : 'domain'
  const above = await speakerFor(store, name)
  const inherits = above === undefined ? '' : `${above} speaks for it, but it has no settings of its own. `
  throw new MailctlError('not-found', `Email identity ${name} does not exist.`, {
    hint: `${inherits}Create it: mailctl verify ${verb} ${name}`,
  })
}

/** In order of name. */
export const listIdentities = async ({ store }: Pick<App, 'store'>): Promise<Identity[]> => await store.identities()
