/** Templates filled with data. What comes from a template's author is never trusted with time, memory or the program. */
import type { TemplateContent } from '../account/template.ts'

export type TemplateSyntax = 'blocks' | 'places'

export interface Renderer {
  /** Templates that ship with mailctl, in order of name. */
  starters(): Promise<readonly string[]>
  /** One of them. */
  starter(name: string): Promise<TemplateContent | undefined>
  /**
   * Fills every part. `places`: a template that came with a request, where SES offers `{{a.b}}` and no blocks or partials. Nothing is escaped, in HTML neither. SES fact. Many may be asked for at once; a template that was filled before is not
   * read again.
   * @param data a JSON value
   * @throws MailctlError bad-data: a template that cannot be read, uses what SES does not offer, names a value that the data lacks
   *   (`Attribute 'name' is not present in the rendering data.`), or takes too long or too much room
   */
  render(template: TemplateContent, data: unknown, syntax?: TemplateSyntax): Promise<TemplateContent>
}
