/** DKIM key pairs. Private keys live in files of mode 0600 under `keys/` and are parsed once per process. */
import type { KeyObject } from 'node:crypto'
import type { DkimKeyLength } from '../account/identity.ts'

export interface Keys {
  /** Makes a pair and stores it durably under a new selector of 32 characters `[a-z2-7]`. */
  create(length: DkimKeyLength): Promise<{ readonly selector: string; readonly publicKey: string }>
  /**
   * Stores the caller's own RSA key.
   * @param standing the public key that the selector has already: nothing is stored then
   * @throws MailctlError bad-data when it is no RSA key of 1024 to 2048 bits; conflict when it is another than `standing`
   */
  import(
    selector: string,
    domain: string,
    pem: string,
    standing?: string,
  ): Promise<{ readonly publicKey: string; readonly length: DkimKeyLength }>
  /** The same, with the same answers and refusals, and nothing is stored. */
  examine: Keys['import']
  /** Base64 SubjectPublicKeyInfo, as in `p=`. @throws MailctlError store-unavailable */
  publicKey(selector: string, domain: string): Promise<string>
  /** @throws MailctlError store-unavailable when the file is gone or unreadable */
  privateKey(selector: string, domain: string): Promise<KeyObject>
  remove(selector: string, domain: string): Promise<void>
}
