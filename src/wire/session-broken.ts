/**
 * Why an SMTP client session could not go on. An exception only inside the conversation: the transport turns it into outcomes, so it
 * never reaches a caller of the `Transport` port.
 */

export type BrokenKind =
  | 'connect' //    no connection came about
  | 'timeout' //    the peer was silent for longer than a step may take
  | 'closed' //     the connection ended or was reset
  | 'protocol' //   the peer did not speak SMTP
  | 'handshake' //  TLS could not be agreed on, or the certificate was not the right one

export class SessionBroken extends Error {
  readonly kind: BrokenKind
  /** Of the system, OpenSSL or Node, where there is one: `ECONNRESET`, `CERT_HAS_EXPIRED`. */
  readonly code: string | undefined

  constructor(kind: BrokenKind, message: string, code?: string) {
    super(message)
    this.name = 'SessionBroken'
    this.kind = kind
    this.code = code
  }
}
