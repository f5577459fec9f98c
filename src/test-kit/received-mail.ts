/** A message of the lab's inbox as a test reads it. */
import { parseMessage } from '../mail/parse.ts'
import { linksIn } from '../mail/readable-text.ts'
import type { InboxMessage, Lab } from '../ports/lab.ts'
import type { MailFile, ReceivedMail } from './types.ts'

export async function receivedMail(lab: Lab, entry: InboxMessage): Promise<ReceivedMail> {
  const chunks: Buffer[] = []
  for await (const chunk of await lab.inbox.open(entry.id)) chunks.push(chunk)
  const raw = Buffer.concat(chunks)
  const files: Buffer[][] = []
  const parsed = await parseMessage([raw] as unknown as AsyncIterable<Uint8Array>, () => {
    const file: Buffer[] = []
    files.push(file)
    return { write: octets => void file.push(Buffer.from(octets)), end: () => {} }
  })
  const [text, html] = [parsed.text ?? '', parsed.html ?? '']
  const { spf, dkim, dmarc } = entry.authentication
  return {
    id: entry.id,
    from: parsed.from[0] ?? '',
    to: parsed.to,
    cc: parsed.cc,
    envelope: { from: entry.envelopeFrom, to: entry.envelopeTo },
    subject: parsed.subject,
    text,
    html,
    links: linksIn(parsed),
    attachments: parsed.attachments.map(
      ({ name, type }, index): MailFile => ({ name: name ?? '', type, content: Buffer.concat(files[index] ?? []) }),
    ),
    header(name) {
      const wanted = name.toLowerCase()
      return parsed.fields.find(([field]) => field.toLowerCase() === wanted)?.[1]
    },
    authentication: {
      spf: spf.result,
      dkim: dkim.some(({ result }) => result === 'pass') ? 'pass' : (dkim[0]?.result ?? 'none'),
      dmarc: dmarc.result,
    },
    folder: entry.folder,
    receivedAt: new Date(entry.receivedAt),
    raw,
  }
}
