/** The SMTP door of the account: who may submit, and what becomes of a message at the end of DATA. SES fact: smtp. */
import type { Readable } from 'node:stream'
import { MailctlError, messageOf } from '../base/errors.ts'
import { MAX_MESSAGE_BYTES } from '../mail/body.ts'
import { splitMessage } from '../mail/split.ts'
import type { Content } from '../operations/submit-message.ts'
import { SmtpServer } from '../wire/smtp-server.ts'

export interface Submitted {
  /** `''` is the null return path. */
  readonly from: string
  readonly recipients: readonly string[]
  readonly content: Content
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal
}

interface DoorOptions {
  readonly hostname: string
  readonly log: (line: string) => void
  /** @returns the message id  @throws MailctlError */
  readonly submit: (message: Submitted) => Promise<string>
}

export interface SubmissionDoor {
  readonly address: string
  readonly port: number
  close(graceMs: number): Promise<void>
}

/** @throws MailctlError unreachable */
export async function openSubmissionDoor(
  at: { readonly host: string; readonly port: number; readonly trust?: string },
  { hostname, log, submit }: DoorOptions,
): Promise<SubmissionDoor> {
  const server = new SmtpServer({
    hostname,
    maxMessageBytes: MAX_MESSAGE_BYTES,
    maxRecipients: 50,
    log,
    session: () => {
      let from = ''
      let recipients: string[] = []
      return {
        mail: sender => {
          from = sender
          recipients = []
          return { code: 250, lines: ['Ok'] }
        },
        rcpt: to => {
          recipients.push(to)
          return { code: 250, lines: ['Ok'] }
        },
        data: async (body: Readable) => {
          try {
            const content = await splitMessage(body)
            const id = await submit({ from, recipients, content, signal: new AbortController().signal })
            return { code: 250, lines: [`Ok ${id}`] }
          } catch (error) {
            log(messageOf(error))
            return { code: error instanceof MailctlError && error.code === 'rate-exceeded' ? 454 : 554, lines: ['refused'] }
          }
        },
      }
    },
  })
  const bound = await server.listen(at.host, at.port)
  return { ...bound, close: graceMs => server.close(graceMs) }
}
