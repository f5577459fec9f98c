/** The TLS certificate that our doors show: our own, made with the account, or one that the caller names. */

/** For `tls.createSecureContext`, `https.createServer` and the like: TLS 1.2 or later. */
export interface ServerTls {
  /** PEM. */
  readonly key: string
  /** PEM: the certificate, and those that lead to its authority. */
  readonly cert: string
  readonly minVersion: 'TLSv1.2'
}

export interface Certificates {
  /** From `keys/tls/`; made when it is not there yet. @throws MailctlError config, when it is damaged; store-unavailable */
  own(): Promise<ServerTls>
  /** Files of the caller's. @throws MailctlError config, when they cannot be read or do not belong together */
  read(certificateFile: string, keyFile: string): Promise<ServerTls>
}
