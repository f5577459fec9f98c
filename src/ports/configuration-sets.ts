/** The part of the store that keeps configuration sets. Every method is one transaction; what it returned is durable. */
import type { ConfigurationSet } from '../account/configuration-set.ts'

export interface ConfigurationSets {
  /** @throws MailctlError already-exists, limit-exceeded (10,000) */
  addConfigurationSet(set: ConfigurationSet): Promise<void>
  configurationSet(name: string): Promise<ConfigurationSet | undefined>
  /** In order of name. */
  configurationSets(): Promise<ConfigurationSet[]>
  /** Replaces the record. @throws MailctlError not-found */
  saveConfigurationSet(set: ConfigurationSet): Promise<void>
  /** @throws MailctlError not-found */
  deleteConfigurationSet(name: string): Promise<void>
}
