/** Templates of SES filled with data. What comes from a template's author is never trusted with time, memory or the program. */

/** A part that is null is not in the template. */
export interface TemplateContent {
  readonly subject: string | null
  readonly text: string | null
  readonly html: string | null
}

export interface Renderer {
  /** A template that ships with mailctl. @throws MailctlError not-found, naming those there are */
  starter(name: string): Promise<TemplateContent>
  /**
   * Fills every part. Nothing is escaped, in HTML neither. SES fact.
   * @param data a JSON value
   * @throws MailctlError bad-data: a template that cannot be read, uses what SES does not offer, names a value that the data lacks
   *   (`Attribute 'name' is not present in the rendering data.`), or takes too long or too much room
   */
  render(template: TemplateContent, data: unknown): Promise<TemplateContent>
}
