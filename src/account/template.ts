/**
 * Stored templates: a name, and a subject, text and HTML with places for data. What they may be called and how large they may be is said
 * here; filling them is the renderer's. SES facts: concepts §11 "Templates", api-v2 "Templates" (texts verbatim).
 */
import { MailctlError } from '../base/errors.ts'
import { printable } from '../base/redact.ts'
import type { ResourceTag } from './resource-tags.ts'

/** A part that is null is not in the template. */
export interface TemplateContent {
  readonly subject: string | null
  readonly text: string | null
  readonly html: string | null
}

export interface Template {
  readonly name: string
  readonly content: TemplateContent
  readonly createdAt: number
  /** Absent: none. */
  readonly tags?: readonly ResourceTag[]
}

/** SES fact: in one Region. */
export const MAX_TEMPLATES = 20_000
/** SES fact: the three parts together, in octets of UTF-8. */
const MAX_TEMPLATE_BYTES = 500 * 1024

/** @throws MailctlError bad-data */
export function checkTemplateName(name: string): void {
  if (/^[A-Za-z0-9_-]{1,64}$/.test(name)) return
  throw new MailctlError('bad-data', `'${printable(name)}' cannot be the name of a template`, {
    hint: 'Use 1 to 64 letters, digits, dashes and underscores.',
  })
}

/** Whether it can be filled shows when it is. @throws MailctlError bad-data */
export function checkTemplateContent(content: TemplateContent): void {
  const { subject, text, html } = content
  if (!subject && !text && !html)
    throw new MailctlError('bad-data', 'The template has no subject, no text and no HTML', { hint: 'Give at least one of them.' })
  if (subject !== null && /[\r\n\0]/.test(subject))
    throw new MailctlError('bad-data', 'The subject of the template has a line break or NUL in it', { hint: 'Write it on one line.' })
  checkTemplateSize(content)
}

/** @throws MailctlError bad-data */
export function checkTemplateSize({ subject, text, html }: TemplateContent): void {
  const size = [subject, text, html].reduce((sum, part) => sum + Buffer.byteLength(part ?? ''), 0)
  if (size <= MAX_TEMPLATE_BYTES) return
  throw new MailctlError('bad-data', 'The template is larger than 500 KB', {
    hint: 'Keep pictures out of it: name them by URL, or attach them.',
  })
}

export const noSuchTemplate = (name: string): MailctlError =>
  new MailctlError('not-found', `Template ${printable(name)} does not exist.`, {
    hint: 'mailctl template list shows those there are; mailctl template create NAME makes one.',
  })
