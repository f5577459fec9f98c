/** Which large provider stands behind the domain of a recipient's address, by name alone. */
import feedbackLoops from './feedback-loops.json' with { type: 'json' }

/** Of those that are no programme's: they report no complaints to senders. */
const OTHER_PROVIDERS: readonly { readonly provider: string; readonly domains: readonly string[] }[] = [
  { provider: 'Gmail', domains: ['gmail.com', 'googlemail.com'] },
  { provider: 'GMX and WEB.DE', domains: ['gmx.de', 'gmx.net', 'gmx.at', 'gmx.ch', 'web.de'] },
  { provider: 'iCloud', domains: ['icloud.com', 'me.com', 'mac.com'] },
]

const PROVIDERS: ReadonlyMap<string, string> = new Map(
  [...feedbackLoops.programmes, ...OTHER_PROVIDERS].flatMap(({ provider, domains }) =>
    domains.map((domain): [string, string] => [domain, provider]),
  ),
)

/** @param domain lower case  @returns undefined for every domain that is none of theirs */
export const providerOf = (domain: string): string | undefined => PROVIDERS.get(domain)
