/** Identities that count in the lab and in relay mode but not live: no proof from real DNS. */
import type { App } from './app.ts'

/** @returns names in order */
export async function unprovedIdentities({ store }: Pick<App, 'store'>): Promise<string[]> {
  return (await store.identities()).filter(({ verification }) => verification.proof !== 'dns').map(({ name }) => name)
}
