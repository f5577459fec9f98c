/** A dry run: everything `submitMessage` would refuse is refused, and nothing is stored. */
import { PartScanner } from '../mail/part-scanner.ts'
import { examineSubmission } from './examine-submission.ts'
import type { Submission, SubmitApp } from './submit-message.ts'

export interface Preview {
  readonly recipients: readonly string[]
  /** Octets before our own header fields. */
  readonly sizeBytes: number
}

/** @throws MailctlError as submitMessage does */
export async function previewMessage(app: Pick<SubmitApp, 'store' | 'clock' | 'settings'>, submission: Submission): Promise<Preview> {
  const { content } = submission
  try {
    const { people } = await examineSubmission(app, submission)
    const parts = new PartScanner(content.header)
    if (Buffer.isBuffer(content.body)) parts.update(content.body)
    else for await (const chunk of content.body as AsyncIterable<Buffer>) parts.update(chunk)
    return { recipients: people.recipients, sizeBytes: content.tally.octets }
  } finally {
    if (!Buffer.isBuffer(content.body)) content.body.destroy()
  }
}
