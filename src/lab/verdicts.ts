/**
 * What a receiver of the lab concludes by itself about a message it took: SPF, DKIM and DMARC, all by mailauth, so that our signer is never
 * judged by our own code. Streams, whatever the size; the package is loaded with the first message. Never throws for what a message says.
 */
import { Readable } from 'node:stream'
import { MailctlError } from '../base/errors.ts'
import { checkDmarc, checkSpf, type Lookup, type MailauthReading, readWithMailauth } from '../mail/mailauth.ts'
import { readRawMessage } from '../mail/raw-message.ts'

export interface Delivery {
  /** The connecting client. */
  readonly ip: string
  readonly helo: string
  /** Envelope sender; `''` for a report. */
  readonly mailFrom: string
  /** Epoch milliseconds; signatures may expire. */
  readonly now: number
  open(): Readable
  readonly lookup: Lookup
}

/** The same shape as `Authentication` of the lab's port. */
export interface Verdicts {
  readonly spf: { readonly domain: string; readonly result: string }
  readonly dkim: readonly { readonly domain: string; readonly selector: string; readonly result: string; readonly detail: string }[]
  readonly dmarc: { readonly domain: string; readonly result: string; readonly policy: string }
}

/** @throws only what reading the message throws */
export async function judge({ ip, helo, mailFrom, now, open, lookup }: Delivery): Promise<Verdicts> {
  const [spf, reading] = await Promise.all([
    checkSpf({ ip, helo, mailFrom }, lookup),
    readWithMailauth(Readable.from(withEmptyLine(open()), { objectMode: false }), lookup, now).catch(unreadable),
  ])
  const domains = reading.headerFrom.map(address => address.slice(address.lastIndexOf('@') + 1))
  const passed = {
    spf: spf.result === 'pass' ? [spf.domain] : [],
    dkim: reading.dkim.filter(({ result }) => result === 'pass').map(({ domain }) => domain),
  }
  const dmarc = await checkDmarc(domains.length === 1 ? domains[0] : undefined, passed, lookup)
  return { spf: { domain: spf.domain, result: spf.result }, dkim: reading.dkim, dmarc }
}

/** mailauth sees no header, and so no signature, where the empty line after it is missing. A message of fields only is a message. */
async function* withEmptyLine(message: Readable): AsyncGenerator<Buffer> {
  try {
    const { head, body } = await readRawMessage(message)
    yield head
    if (!/(?:^|\n)\r?\n$/.test(head.subarray(-3).toString('latin1'))) yield Buffer.from(head.at(-1) === 0x0a ? '\r\n' : '\r\n\r\n')
    yield* body
  } finally {
    message.destroy()
  }
}

/** A header without end has no author and no signature that anybody would look for. */
function unreadable(thrown: unknown): MailauthReading {
  if (!(thrown instanceof MailctlError) || thrown.code !== 'bad-data') throw thrown
  return { dkim: [], headerFrom: [], arc: { result: 'none', detail: '' } }
}
