/**
 * From what a person writes (addresses as text, paths, a template's name) to a message that streams. Every file is checked before the
 * first octet is written; what is wrong is named here and nothing was stored.
 */
import { createHash } from 'node:crypto'
import { dirname, resolve } from 'node:path'
import type { TemplateContent } from '../account/template.ts'
import { MailctlError } from '../base/errors.ts'
import { printable } from '../base/redact.ts'
import { type Mailbox, parseMailbox, parseMailboxList } from '../mail/address.ts'
import { composeMessage, recipientsOf } from '../mail/compose.ts'
import type { Draft, DraftPart, InlinePart } from '../mail/draft.ts'
import { embedImages, localImages } from '../mail/embed-images.ts'
import { sniffType } from '../mail/media-type.ts'
import type { SplitMessage } from '../mail/split.ts'
import type { Clock, Ids } from '../ports/clock.ts'
import type { Files } from '../ports/files.ts'
import type { Renderer } from '../ports/renderer.ts'
import type { Templates } from '../ports/templates.ts'
import { readFileSpec } from './file-spec.ts'
import { findTemplate, MAX_DATA_BYTES, readTemplateData, withPlaces } from './templates.ts'

/** As the flags of `compose` and `send` say it (contract §7). Absent lists are empty. */
export interface ComposeRequest {
  readonly from: string
  readonly to?: readonly string[]
  readonly cc?: readonly string[]
  readonly bcc?: readonly string[]
  readonly replyTo?: readonly string[]
  readonly returnPath?: string
  readonly subject?: string
  /** Text, or `@path`; `@@` starts text that begins with an @. */
  readonly text?: string
  /** As `text`. */
  readonly html?: string
  /** `path[;type=…;name=…;disposition=…]`. */
  readonly attach?: readonly string[]
  /** `path[;cid=…]`; without a cid the file's name is it. */
  readonly inline?: readonly string[]
  readonly embedImages?: boolean
  /** `Name: value`. */
  readonly headers?: readonly string[]
  readonly template?: string
  /** As `text`, of JSON. */
  readonly data?: string
  /** A path. */
  readonly calendar?: string
  readonly listUnsubscribe?: string
  /** ISO 8601 or as a mail header has it. */
  readonly date?: string
  /** With or without angle brackets. */
  readonly messageId?: string
  /** Date, Message-ID and boundaries follow from the content, so that the same request gives the same octets. */
  readonly deterministic?: boolean
  /** Leaves out Date, Message-ID and Return-Path, which a later `send --raw` writes anew. */
  readonly forSigning?: boolean
  /** Leaves out Date and Message-ID unless they are given: for a message that is sent at once. */
  readonly forSending?: boolean
}

export interface ComposedMessage extends SplitMessage {
  readonly from: Mailbox
  /** Empty when the request names none. */
  readonly returnPath: string
  /** Each once. */
  readonly recipients: readonly string[]
  readonly bcc: readonly string[]
}

export interface ComposeTools {
  readonly files: Files
  readonly renderer: Renderer
  readonly store: Pick<Templates, 'template'>
  readonly clock: Pick<Clock, 'now'>
  readonly ids: Pick<Ids, 'newMessageId'>
}

const MAX_TEXT_BYTES = 40 * 1024 * 1024
/** What `deterministic` dates a message with: 2000-01-01T00:00:00Z. */
const FIXED_DATE = Date.UTC(2000, 0, 1)

/** @throws MailctlError bad-data, too-large, no-input, not-found (template), usage (flags that contradict each other) */
export async function composeFromRequest(tools: ComposeTools, request: ComposeRequest): Promise<ComposedMessage> {
  const draft = await draftOf(tools, request)
  const message = await composeMessage(draft)
  return {
    ...message,
    from: draft.from,
    returnPath: request.returnPath === undefined ? '' : parseMailbox(request.returnPath).address,
    recipients: recipientsOf(draft),
    bcc: draft.bcc.map(({ address }) => address),
  }
}

async function draftOf(tools: ComposeTools, request: ComposeRequest): Promise<Draft> {
  const { files } = tools
  const from = parseMailbox(request.from)
  const content = await contentOf(tools, request)
  const inline = await Promise.all((request.inline ?? []).map(spec => inlinePart(files, spec)))
  const embedded = request.embedImages && content.html !== null ? await embed(files, content.html, request, from) : undefined
  const draft: Draft = {
    from,
    to: addresses(request.to),
    cc: addresses(request.cc),
    bcc: addresses(request.bcc),
    replyTo: addresses(request.replyTo),
    returnPath: request.returnPath === undefined || request.forSigning ? null : parseMailbox(request.returnPath),
    subject: content.subject ?? '',
    text: content.text,
    html: embedded?.html ?? content.html,
    attachments: await Promise.all((request.attach ?? []).map(spec => attachedPart(files, spec))),
    inline: [...inline, ...(embedded?.parts ?? [])],
    calendar: request.calendar === undefined ? null : await readCalendar(files, request.calendar),
    headers: (request.headers ?? []).map(readHeader),
    listUnsubscribe: request.listUnsubscribe ?? null,
    date: request.date === undefined ? null : readDate(request.date),
    messageId: request.messageId?.trim().replace(/^<(.*)>$/, '$1') ?? null,
    boundarySeed: '',
  }
  return settle(tools, request, draft)
}

/** Fills in date, id and boundaries: fresh ones, or such as follow from the content. */
async function settle({ clock, ids }: ComposeTools, request: ComposeRequest, draft: Draft): Promise<Draft> {
  const fresh = request.deterministic ? await fingerprint(draft) : ids.newMessageId()
  const boundarySeed = createHash('sha256').update(fresh).digest('hex').slice(0, 24)
  if (request.forSigning) return { ...draft, boundarySeed, date: null, messageId: null }
  if (request.forSending) return { ...draft, boundarySeed }
  return {
    ...draft,
    boundarySeed,
    date: draft.date ?? (request.deterministic ? FIXED_DATE : clock.now()),
    messageId: draft.messageId ?? `${fresh}@${draft.from.domain}`,
  }
}

/** Over everything that is written, the octets of the files included. */
async function fingerprint(draft: Draft): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(draft))
  for (const { content } of [...draft.attachments, ...draft.inline]) {
    for await (const chunk of content.open()) hash.update(chunk)
  }
  return hash.digest('hex').slice(0, 32)
}

const addresses = (texts: readonly string[] = []): Mailbox[] => texts.flatMap(text => parseMailboxList(text))

async function contentOf(tools: ComposeTools, request: ComposeRequest): Promise<TemplateContent> {
  const { files, renderer } = tools
  if (request.template === undefined) {
    if (request.data !== undefined) throw new MailctlError('usage', '--data needs a template', { hint: 'Name one with --template.' })
    return {
      subject: request.subject ?? null,
      text: request.text === undefined ? null : await textOrFile(files, request.text, MAX_TEXT_BYTES),
      html: request.html === undefined ? null : await textOrFile(files, request.html, MAX_TEXT_BYTES),
    }
  }
  if (request.text !== undefined || request.html !== undefined) {
    throw new MailctlError('usage', '--template gives the text and the HTML', { hint: 'Leave out --text and --html, or --template.' })
  }
  const data = readTemplateData(request.data === undefined ? '{}' : await textOrFile(files, request.data, MAX_DATA_BYTES), '--data')
  const rendered = await renderer.render((await findTemplate(tools, request.template)).content, withPlaces(data))
  return { ...rendered, subject: request.subject ?? rendered.subject }
}

async function textOrFile(files: Files, text: string, maxBytes: number): Promise<string> {
  const path = pathIn(text)
  return path === undefined ? text.replace(/^@@/, '@') : files.text(path, maxBytes)
}

/** The path of `@path`; undefined for text, of which `@@` starts such as begins with an @. */
const pathIn = (text: string): string | undefined => (/^@[^@]/.test(text) ? text.slice(1) : undefined)

async function attachedPart(files: Files, spec: string): Promise<DraftPart> {
  const { path, options } = await readFileSpec(files, spec, ['type', 'name', 'disposition'])
  const { disposition } = options
  if (disposition !== undefined && disposition !== 'attachment' && disposition !== 'inline') {
    throw new MailctlError('bad-data', `'${printable(disposition)}' is not a disposition`, { hint: 'Write attachment or inline.' })
  }
  const file = await files.open(path)
  return {
    name: options.name ?? file.name,
    content: file,
    firstOctets: file.firstOctets,
    ...(options.type === undefined ? {} : { type: options.type }),
    ...(disposition === undefined ? {} : { disposition }),
  }
}

async function inlinePart(files: Files, spec: string): Promise<InlinePart> {
  const { path, options } = await readFileSpec(files, spec, ['cid'])
  const file = await files.open(path)
  const contentId = options.cid ?? file.name.replace(/[^A-Za-z0-9._-]+/g, '-')
  return { name: file.name, content: file, firstOctets: file.firstOctets, contentId }
}

/** Only what is a picture goes along: HTML of someone else must not be able to name any other file of this machine. */
async function embed(files: Files, html: string, request: ComposeRequest, from: Mailbox): Promise<{ html: string; parts: InlinePart[] }> {
  const page = pathIn(request.html ?? '')
  const folder = page === undefined ? '.' : dirname(page)
  const contentIds = new Map<string, string>()
  const byPath = new Map<string, string>()
  const parts: InlinePart[] = []
  for (const reference of localImages(html)) {
    const path = resolve(folder, reference)
    const known = byPath.get(path)
    if (known !== undefined) {
      contentIds.set(reference, known)
      continue
    }
    const file = await files.open(path)
    const svg = /\.svg$/i.test(file.name) && /^\s*(?:<\?xml|<!--|<!doctype svg|<svg)/i.test(file.firstOctets.toString('latin1'))
    const type = svg ? 'image/svg+xml' : sniffType(file.firstOctets)
    if (!type?.startsWith('image/')) {
      throw new MailctlError('bad-data', `'${printable(reference)}', which the HTML shows, is not an image`, {
        hint: 'Embed PNG, JPEG, GIF, WebP, AVIF or SVG files.',
      })
    }
    const contentId = `image${parts.length + 1}@${from.domain}`
    contentIds.set(reference, contentId)
    byPath.set(path, contentId)
    parts.push({ name: file.name, content: file, type, firstOctets: file.firstOctets, contentId })
  }
  return { html: embedImages(html, contentIds), parts }
}

/** RFC 5545 §3.1: lines end in CRLF, in the attached copy too. */
async function readCalendar(files: Files, path: string): Promise<string> {
  const text = await files.text(path, 1024 * 1024)
  if (/^\s*BEGIN:VCALENDAR\b/i.test(text)) return text.trimStart().replace(/\r\n?|\n/g, '\r\n')
  throw new MailctlError('bad-data', `File '${printable(path)}' is not a calendar`, {
    hint: 'An iCalendar file starts with BEGIN:VCALENDAR.',
  })
}

/** `Name: value`. @throws MailctlError bad-data */
export function readHeader(text: string): readonly [string, string] {
  const colon = text.indexOf(':')
  if (colon > 0) return [text.slice(0, colon).trimEnd(), text.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '')]
  throw new MailctlError('bad-data', `'${printable(text)}' is not a header`, { hint: "Write --header 'Name: value'." })
}

function readDate(text: string): number {
  const shape =
    /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?$|^(?:[A-Z][a-z]{2}, )?\d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d(?::\d\d)? (?:[+-]\d{4}|GMT)$/
  const at = shape.test(text.trim()) ? Date.parse(text.trim()) : Number.NaN
  if (!Number.isNaN(at)) return at
  throw new MailctlError('bad-data', `'${printable(text)}' is not a date`, {
    hint: 'Write 2026-01-31T09:30:00Z or Sat, 31 Jan 2026 09:30:00 +0000.',
  })
}
