/**
 * What receivers will say of a message, before it is sent: it is made as `send` would make it, header and signature included, and then looked
 * at as they do, with the DNS of this network mode. Nothing is stored and nothing is sent.
 */
import { Readable } from 'node:stream'
import { coveringNames } from '../account/identity.ts'
import { signingAuthorityFor } from '../account/signing-authority.ts'
import { MailctlError } from '../base/errors.ts'
import { mailboxesOf } from '../mail/address.ts'
import type { CheckFacts } from '../mail/check-facts.ts'
import { type CheckFinding, judgeMessage } from '../mail/check-rules.ts'
import { parseTags, parseWords } from '../mail/dkim-tags.ts'
import { findFields, type Header, parseHeader, serializeHeader } from '../mail/header.ts'
import { parseMessage } from '../mail/parse.ts'
import { PartScanner } from '../mail/part-scanner.ts'
import { queryName } from '../mail/reverse-name.ts'
import { bodyHasher, signHeader } from '../mail/sign.ts'
import type { SplitMessage } from '../mail/split.ts'
import type { App } from './app.ts'
import { type Examined, examineSubmission } from './examine-submission.ts'
import { addressesOf, nameOfAddress } from './reverse-lookup.ts'
import { rewriteHeader } from './rewrite-header.ts'
import { envelopeFrom } from './submit-message.ts'

type CheckApp = Pick<App, 'store' | 'clock' | 'keys' | 'settings' | 'resolver' | 'authenticator'>

export interface CheckAsk {
  readonly content: SplitMessage
  /** Absent: those of the header. */
  readonly recipients?: readonly string[]
  readonly returnPath?: string
  /** The address it leaves from; absent: 127.0.0.1 in the lab, not known behind a relay, else what the host name has. */
  readonly ip?: string
  /** Zones of block lists to ask. Not in the lab. */
  readonly dnsbl: readonly string[]
  /** Judged as mail of somebody who sends 5,000 a day or more to one provider. */
  readonly bulk: boolean
  readonly signal: AbortSignal
}

/** Stands where the message's id would. */
const NO_ID = 'check'

/** @throws MailctlError bad-data (no message), forbidden (block lists in the lab), what reading throws */
export async function checkMessage(app: CheckApp, ask: CheckAsk): Promise<CheckFinding[]> {
  const { settings } = app
  if (ask.dnsbl.length > 0 && settings.network === 'lab')
    throw new MailctlError('forbidden', 'the lab asks no block lists', { hint: 'mailctl config set network live, or leave --dnsbl out.' })
  const body = await wholeOf(ask.content.body)
  const { examined, refusal } = await examine(app, ask, body)
  const made = await asSent(app, ask.content.header, body)
  const returnPath = ask.returnPath ?? made.from[0] ?? ''
  const ip = ask.ip ?? (await ownAddress(app))
  const authentication = await app.authenticator.authenticate(() => Readable.from([made.octets]), {
    ...(ip !== undefined && { ip }),
    helo: settings.hostname,
    mailFrom: envelopeFrom(
      NO_ID,
      examined?.mailFrom ?? null,
      { returnPath, recipients: examined?.people.recipients ?? [returnPath] },
      settings,
    ),
  })
  const message = await parseMessage(Readable.from([made.octets]))
  const facts: CheckFacts = {
    fields: made.header.map(({ name, value }) => [name, value] as const),
    from: made.from,
    subject: message.subject,
    text: message.text,
    html: message.html,
    refusal,
    spf: ip === undefined ? null : authentication.spf,
    dkim: authentication.dkim,
    signedFields: signedFields(made.header, authentication.dkim),
    dmarc: authentication.dmarc === null || authentication.dmarc.domain === '' ? null : authentication.dmarc,
    client: ip === undefined ? null : { ip, ...(await nameOfAddress(app, ip)) },
    hostname: settings.hostname,
    isRelayed: settings.network === 'relay',
    tlsPolicy: examined?.delivery.tlsPolicy ?? 'OPTIONAL',
    lists: ip === undefined ? [] : await Promise.all(ask.dnsbl.map(async zone => ({ zone, answer: await listing(app, ip, zone) }))),
  }
  return judgeMessage(facts, { bulk: ask.bulk })
}

async function wholeOf(body: Readable): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of body) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** What the account says of it. A rate that is used up at this moment is no property of the message. */
async function examine(
  app: CheckApp,
  { content, recipients, returnPath, signal }: CheckAsk,
  body: Buffer,
): Promise<{ readonly examined: Examined | undefined; readonly refusal: string | null }> {
  try {
    const examined = await examineSubmission(app, {
      content: { ...content, body, tally: content.tally },
      ...(recipients !== undefined && { recipients }),
      ...(returnPath !== undefined && { returnPath }),
      tags: {},
      configurationSet: null,
      operation: 'SendRawEmail',
      signer: 'own',
      rateWaitMs: 1,
      signal,
    })
    new PartScanner(content.header).update(body)
    return { examined, refusal: null }
  } catch (thrown) {
    if (!(thrown instanceof MailctlError) || thrown.code === 'store-unavailable') throw thrown
    return { examined: undefined, refusal: thrown.message }
  }
}

interface Made {
  readonly header: Header
  readonly octets: Buffer
  readonly from: readonly string[]
}

/** With the fields that `send` writes and, where a domain signs for the author, its signature. */
async function asSent({ store, clock, keys, settings }: CheckApp, given: Header, body: Buffer): Promise<Made> {
  const from = authors(given)
  const domain = from[0]?.split('@').at(-1) ?? settings.hostname
  const { region, network } = settings
  const { header } = rewriteHeader(given, { messageId: NO_ID, at: clock.now(), network, region, domain })
  const head = serializeHeader(header)
  const signs = from[0] === undefined ? undefined : signingAuthorityFor(from[0], await store.identitiesNamed(coveringNames(from[0])))
  if (signs === undefined) return { header, from, octets: Buffer.concat([head, body]) }
  const hasher = bodyHasher()
  hasher.update(body)
  const field = await signHeader({
    head,
    bodyHash: hasher.digest(),
    domain: signs.domain,
    selector: signs.key.token,
    key: await keys.privateKey(signs.key.token, signs.domain),
    at: Math.floor(clock.now() / 1_000),
  })
  return { header: [...parseHeader(field), ...header], from, octets: Buffer.concat([field, head, body]) }
}

function authors(header: Header): string[] {
  try {
    return findFields(header, 'From')
      .flatMap(mailboxesOf)
      .map(({ address }) => address)
  } catch {
    return []
  }
}

/** Of signatures that pass. */
function signedFields(header: Header, verdicts: CheckFacts['dkim']): string[] {
  return findFields(header, 'DKIM-Signature').flatMap(({ value }) => {
    try {
      const tags = parseTags(value, 'signature')
      const isGood = verdicts.some(
        ({ domain, selector, result }) => result === 'pass' && domain === tags.get('d')?.toLowerCase() && selector === tags.get('s'),
      )
      return isGood ? parseWords(tags.get('h') ?? '') : []
    } catch {
      return []
    }
  })
}

async function ownAddress({ resolver, settings }: CheckApp): Promise<string | undefined> {
  if (settings.network === 'lab') return '127.0.0.1'
  if (settings.network === 'relay') return undefined // it leaves from the relay's
  const answer = await resolver.lookup(settings.hostname, 'A')
  return answer.kind === 'found' ? addressesOf(answer.records)[0] : undefined
}

/** RFC 5782: an address of 127.0.0.0/8 is a listing; 127.255.255.x is how lists say that they do not answer this resolver. */
async function listing({ resolver }: CheckApp, ip: string, zone: string): Promise<string | null | undefined> {
  const answer = await resolver.lookup(queryName(ip, zone), 'A')
  if (answer.kind === 'failure') return undefined
  const [address] = answer.kind === 'found' ? addressesOf(answer.records) : []
  if (address === undefined) return null
  return address.startsWith('127.') && !address.startsWith('127.255.255.') ? address : undefined
}
