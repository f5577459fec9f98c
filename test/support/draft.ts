/** A small draft to vary, and contents from memory. */
import { Readable } from 'node:stream'
import { parseMailbox } from '../../src/mail/address.ts'
import type { MessageBody } from '../../src/mail/body.ts'
import { composeMessage, messageStream } from '../../src/mail/compose.ts'
import type { Draft } from '../../src/mail/draft.ts'

export const contentOf = (bytes: string | Buffer): MessageBody => {
  const octets = Buffer.from(bytes as string)
  return { length: octets.length, open: () => Readable.from([octets], { objectMode: false }) }
}

export const draftOf = (over: Partial<Draft> = {}): Draft => ({
  from: parseMailbox('Ann Lee <ann@example.com>'),
  to: [parseMailbox('bob@example.net')],
  cc: [],
  bcc: [],
  replyTo: [],
  returnPath: null,
  subject: 'Hello',
  text: 'Hi Bob\n',
  html: null,
  attachments: [],
  inline: [],
  calendar: null,
  headers: [],
  listUnsubscribe: null,
  date: Date.UTC(2026, 0, 2, 3, 4, 5),
  messageId: 'first@example.com',
  boundarySeed: '0123456789abcdef',
  ...over,
})

/** The whole message as octets. */
export async function written(draft: Draft): Promise<Buffer> {
  return Buffer.concat(await messageStream(await composeMessage(draft)).toArray())
}
