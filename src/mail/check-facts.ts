/** Everything the rules of `check` look at, gathered before they look: the message as it would leave, and what the world says about it. */

export interface CheckFacts {
  /** Names as written, values as octets read as latin1. */
  readonly fields: readonly (readonly [name: string, value: string])[]
  readonly from: readonly string[]
  readonly subject: string
  readonly text: string | null
  readonly html: string | null
  /** What the account would refuse it with; null: it takes it. */
  readonly refusal: string | null
  readonly spf: { readonly domain: string; readonly result: string; readonly detail: string } | null
  readonly dkim: readonly { readonly domain: string; readonly selector: string; readonly result: string; readonly detail: string }[]
  /** Of the signatures that pass: names in lower case. */
  readonly signedFields: readonly string[]
  readonly dmarc: { readonly domain: string; readonly result: string; readonly policy: string } | null
  /** The address it leaves from; null: not known. */
  readonly client: {
    readonly ip: string
    /** The name that DNS has for it, and whether that name has the address; null: there is none, undefined: DNS did not answer. */
    readonly name: string | null | undefined
    readonly leadsBack: boolean
  } | null
  readonly hostname: string
  readonly tlsPolicy: 'REQUIRE' | 'OPTIONAL'
  /** It leaves by way of another server, which alone knows what it does towards receivers. */
  readonly isRelayed: boolean
  /** Block lists that were asked, with what they said: null for not listed, undefined for no answer. */
  readonly lists: readonly { readonly zone: string; readonly answer: string | null | undefined }[]
}
