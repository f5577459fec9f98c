/**
 * A composed message with its DKIM signature on top, as a stream. The signature stands before the body it covers, so the message is
 * composed twice, octet for octet alike: once to be hashed, once to be written; nothing large is held in memory or on disk.
 */

import { Readable } from 'node:stream'
import { coveringNames } from '../account/identity.ts'
import { signingAuthorityFor } from '../account/signing-authority.ts'
import { MailctlError } from '../base/errors.ts'
import { parseHeader, serializeHeader } from '../mail/header.ts'
import { bodyHasher, REWRITTEN_BY_SEND, signHeader } from '../mail/sign.ts'
import type { App } from './app.ts'
import { type ComposedMessage, type ComposeRequest, composeFromRequest } from './compose-message.ts'

/** @throws MailctlError not-verified when no domain with working DKIM speaks for the sender; no-input when a file changed meanwhile */
export async function composeSigned(app: App, request: ComposeRequest): Promise<ComposedMessage> {
  const { store, keys, files, renderer } = app
  const now = app.clock.now()
  const id = app.ids.newMessageId()
  const compose = () =>
    composeFromRequest(
      { files, renderer, store, clock: { now: () => now }, ids: { newMessageId: () => id } },
      { ...request, forSigning: true },
    )

  const first = await compose()
  const signs = signingAuthorityFor(first.from.address, await store.identitiesNamed(coveringNames(first.from.address)))
  if (signs === undefined) {
    first.body.destroy()
    throw new MailctlError('not-verified', `no verified domain can sign for ${first.from.address}`, {
      hint: `Run mailctl verify domain ${first.from.domain}, or leave --sign out.`,
    })
  }
  const bodyHash = await hashOf(first.body)
  const field = await signHeader({
    head: serializeHeader(first.header),
    bodyHash,
    domain: signs.domain,
    selector: signs.key.token,
    key: await keys.privateKey(signs.key.token, signs.domain),
    at: Math.floor(now / 1_000),
    exclude: REWRITTEN_BY_SEND,
  })
  const second = await compose()
  return {
    ...second,
    header: [...parseHeader(field), ...second.header],
    body: Readable.from(unchanged(second.body, bodyHash), { objectMode: false }),
  }
}

async function hashOf(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const hasher = bodyHasher()
  for await (const chunk of body) hasher.update(chunk)
  return hasher.digest()
}

async function* unchanged(body: AsyncIterable<Buffer>, expected: Buffer): AsyncGenerator<Buffer> {
  const hasher = bodyHasher()
  for await (const chunk of body) {
    hasher.update(chunk)
    yield chunk
  }
  if (!hasher.digest().equals(expected))
    throw new MailctlError('no-input', 'a file changed while it was being signed', { hint: 'Run the command again.' })
}
