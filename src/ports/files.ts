/** Files that a caller names on purpose: attachments, texts, pictures. Nothing else is ever opened on a message's behalf. */
import type { MessageBody } from '../mail/body.ts'

export interface InputFile extends MessageBody {
  /** The last part of the path. */
  readonly name: string
  /** At most 64, to tell the type by. */
  readonly firstOctets: Buffer
}

export interface Files {
  /** Whether a regular file is there. */
  exists(path: string): Promise<boolean>
  /**
   * A regular file (or a link to one), readable now. It is opened again for each reading; a file that was changed in length meanwhile
   * makes that reading fail.
   * @throws MailctlError no-input, naming the path
   */
  open(path: string): Promise<InputFile>
  /** The whole file as UTF-8. @throws MailctlError no-input; bad-data when it is no UTF-8 or has more octets than `maxBytes` */
  text(path: string, maxBytes: number): Promise<string>
}
