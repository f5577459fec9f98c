/** The account's own templates as rows. Part of the `Store` port. */
import type { Template } from '../account/template.ts'

export interface TemplatePage {
  /** Without their content. The latest made first. */
  readonly entries: readonly { readonly name: string; readonly createdAt: number }[]
  /** Gives the next page as `after`; null when this was the last. */
  readonly next: string | null
}

export interface Templates {
  /** @throws MailctlError already-exists, limit-exceeded (20,000) */
  addTemplate(template: Template): Promise<void>
  template(name: string): Promise<Template | undefined>
  /** @throws MailctlError usage, when `after` is no place in the list */
  templates(ask: { readonly limit: number; readonly after?: string }): Promise<TemplatePage>
  /** @throws MailctlError not-found */
  saveTemplate(template: Template): Promise<void>
  /** @throws MailctlError not-found */
  deleteTemplate(name: string): Promise<void>
}
