/** Access keys and SMTP credentials. Secrets are kept sealed with the account's master key and leave this port only to be compared. */
import type { Credential, CredentialKind } from '../account/credential.ts'

export interface Credentials {
  /**
   * Makes a key from chance of the operating system. What is returned is the only time that its secret is given to anybody.
   * @param at epoch milliseconds  @throws MailctlError config, when the master key is gone, another, or unusable; store-unavailable
   */
  create(kind: CredentialKind, at: number): Promise<{ readonly id: string; readonly secret: string }>
  /** The newest first, revoked ones among them. */
  list(kind: CredentialKind): Promise<readonly Credential[]>
  /** Its secret is removed, so that it cannot be used any more. @returns false when there is none of this kind that is in use */
  revoke(kind: CredentialKind, id: string, at: number): Promise<boolean>
  /** Whether it is there and not revoked: for who has logged in some time ago. */
  isInUse(id: string): Promise<boolean>
  /**
   * Of a key in use. To find none costs as much time as to find one.
   * @throws MailctlError config, when the master key is gone, another, or unusable; store-unavailable
   */
  secretOf(id: string): Promise<{ readonly secret: string; readonly kind: CredentialKind } | undefined>
}
