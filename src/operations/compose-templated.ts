/**
 * A message whose subject, text and HTML come of a template, as `submitMessage` takes it. SES fact: one that cannot be filled is accepted all
 * the same; its only further event is Rendering Failure. Who would rather be refused asks the renderer first.
 */
import { createHash } from 'node:crypto'
import { renderingFailureEvent } from '../account/ses-event.ts'
import type { TemplateContent } from '../account/template.ts'
import { MailctlError } from '../base/errors.ts'
import { composeMessage, recipientsOf } from '../mail/compose.ts'
import type { Draft } from '../mail/draft.ts'
import type { Outcome } from '../mail/outcome.ts'
import type { App } from './app.ts'
import type { Submission } from './submit-message.ts'
import { withPlaces } from './templates.ts'

export interface TemplatedDraft
  extends Omit<Draft, 'subject' | 'text' | 'html' | 'date' | 'messageId' | 'boundarySeed' | 'inline' | 'calendar' | 'listUnsubscribe'> {
  /** `name` null: it came with the request, which offers less than a stored one. */
  readonly template: { readonly name: string | null; readonly content: TemplateContent }
  readonly data: Readonly<Record<string, unknown>>
  readonly inline?: Draft['inline']
  readonly listUnsubscribe?: string
}

/** What a template gives that could not be filled. */
const NOTHING: TemplateContent = { subject: null, text: null, html: null }

/** @throws MailctlError bad-data, too-large: never because of the template or its data */
export async function composeTemplated(
  { renderer, ids }: Pick<App, 'renderer' | 'ids'>,
  { template, data, inline = [], listUnsubscribe, ...people }: TemplatedDraft,
): Promise<Pick<Submission, 'content' | 'recipients' | 'rejected'>> {
  const filled = await renderer
    .render(template.content, withPlaces(data), template.name === null ? 'places' : 'blocks')
    .catch((error: unknown) => {
      if (error instanceof MailctlError && error.code === 'bad-data') return error
      throw error
    })
  const { subject, text, html } = filled instanceof MailctlError ? NOTHING : filled
  const draft: Draft = {
    ...people,
    // A line break that the data brought along would be a field of its own.
    subject: (subject ?? '').replace(/[\r\n\0]+/g, ' '),
    text,
    html,
    inline,
    calendar: null,
    listUnsubscribe: listUnsubscribe ?? null,
    date: null,
    messageId: null,
    boundarySeed: createHash('sha256').update(ids.newMessageId()).digest('hex').slice(0, 24),
  }
  const content = await composeMessage(draft)
  if (!(filled instanceof MailctlError)) return { content, recipients: recipientsOf(draft) }
  const event = renderingFailureEvent({ templateName: template.name ?? '', errorMessage: filled.message })
  return { content, recipients: recipientsOf(draft), rejected: { event, outcome: notFilled(filled.message) } }
}

const notFilled = (why: string): Outcome => ({ action: 'failed', status: '5.6.0', reply: `554 5.6.0 Not sent: ${why}` })
