/**
 * The web view: a page at `/`, and below `/view/` the data it asks for. Reading only. Every answer has a policy that lets nothing in from
 * elsewhere and nothing out; the HTML of a message is a document of its own that may load nothing and run nothing. CSP Level 3.
 */
import { MailctlError } from '../../base/errors.ts'
import type { App } from '../../operations/app.ts'
import { listEvents } from '../../operations/list-events.ts'
import { inboxMessage } from '../../operations/read-inbox.ts'
import { labCopies, type MailPlace, openAttachment, openMail, readMail, readShownHtml } from '../../operations/read-mail.ts'
import { readStatus } from '../../operations/read-status.ts'
import { type SearchAsk, searchInbox, searchMessages } from '../../operations/search-mail.ts'
import { explainMessage } from '../../operations/why.ts'
import type { HttpAnswer, HttpRequest, Route } from '../route.ts'
import type { SesOptions } from '../ses/route.ts'
import { asset } from './assets.ts'
import { refusedView } from './guard.ts'
import { accountShape, contentShape, eventShape, explanationShape, inboxLine, messageLine } from './shapes.ts'

/** One page of a list. */
const PAGE = 50
/** Events given at once. */
const MOST_EVENTS = 200
const MOST_SEARCH_CHARS = 200

/** For what is no page: should it ever be opened as one, it is inert. */
const INERT = "default-src 'none'; sandbox; frame-ancestors 'none'"
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "frame-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ')
/** Of a message's HTML, whose styles are its own; pictures are those that came with it. */
const MAIL_POLICY = "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'self'"

const headersWith = (policy: string): Record<string, string> => ({
  'content-security-policy': policy,
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-dns-prefetch-control': 'off',
})

type Handle = (request: HttpRequest) => Promise<HttpAnswer>

export function viewRoutes(app: App, { authenticate }: Pick<SesOptions, 'authenticate'>): Route[] {
  const guarded =
    (handle: Handle): Handle =>
    async request => {
      const refused = await refusedView(app, request, { asksForKey: authenticate !== undefined })
      const answer = refused ?? (await handle(request).catch(failed))
      return { ...answer, headers: { ...headersWith(INERT), ...answer.headers } }
    }
  const route = (path: string, handle: Handle): Route => ({ method: 'GET', path, from: 'own', handle: guarded(handle) })

  return [
    route('/', () => file('index.html', { ...headersWith(PAGE_POLICY), 'cross-origin-opener-policy': 'same-origin' })),
    route('/view/files/{Name}', ({ labels }) => file(labels['Name'] ?? '')),
    route('/view/account', async () => json(accountShape(await readStatus(app), app.settings))),
    route('/view/events', async ({ query }) => json(await events(app, query))),
    route('/view/messages', async ({ query }) => {
      const { entries, next } = await searchMessages(app, searchIn(query))
      return json({ entries: entries.map(messageLine), next })
    }),
    route('/view/inbox', async ({ query }) => {
      const { entries, next } = await searchInbox(app, searchIn(query))
      return json({ entries: entries.map(inboxLine), next })
    }),
    route('/view/messages/{Id}', async ({ labels }) => json(await message(app, labels['Id'] ?? ''))),
    route('/view/inbox/{Id}', async ({ labels }) => json(await received(app, labels['Id'] ?? ''))),
    ...contentRoutes(app, { kind: 'message', path: '/view/messages/{Id}' }, route),
    ...contentRoutes(app, { kind: 'inbox', path: '/view/inbox/{Id}' }, route),
  ]
}

function contentRoutes(
  app: App,
  { kind, path }: { readonly kind: MailPlace['kind']; readonly path: string },
  route: (path: string, handle: Handle) => Route,
): Route[] {
  const place = ({ labels }: HttpRequest): MailPlace => ({ kind, id: labels['Id'] ?? '' })
  return [
    route(`${path}/content`, async request => json(contentShape(await readMail(app, place(request))))),
    route(`${path}/html`, async request => ({
      status: 200,
      headers: { ...headersWith(MAIL_POLICY), 'content-type': 'text/html; charset=utf-8' },
      body: await readShownHtml(app, place(request)),
    })),
    route(`${path}/source`, async request => ({
      status: 200,
      headers: { 'content-type': 'text/plain; charset=utf-8' },
      body: await openMail(app, place(request)),
    })),
    route(`${path}/attachments/{Number}`, async request => {
      const index = request.labels['Number'] ?? ''
      if (!/^\d{1,4}$/.test(index)) throw new MailctlError('not-found', 'attachments have numbers')
      const { name, octets } = await openAttachment(app, place(request), Number(index))
      return {
        status: 200,
        headers: { 'content-type': 'application/octet-stream', 'content-disposition': asFile(name ?? `attachment-${index}`) },
        body: octets,
      }
    }),
  ]
}

const json = (value: unknown): HttpAnswer => ({
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(value),
})

async function file(name: string, headers: Record<string, string> = {}): Promise<HttpAnswer> {
  const found = await asset(name)
  if (found === undefined) throw new MailctlError('not-found', 'there is no such file')
  return { status: 200, headers: { ...headers, 'content-type': found.type }, body: found.octets }
}

const STATUSES: Partial<Record<MailctlError['code'], number>> = { 'not-found': 404, usage: 400, 'bad-data': 400, 'rate-exceeded': 503 }

/** What has no status here is told by the door, as every failure of ours. */
function failed(thrown: unknown): HttpAnswer {
  const status = thrown instanceof MailctlError ? STATUSES[thrown.code] : undefined
  if (status === undefined) throw thrown
  return { ...json({ error: (thrown as MailctlError).message }), status }
}

/** @throws MailctlError usage */
function searchIn(query: URLSearchParams): SearchAsk {
  const text = query.get('q') ?? ''
  if (text.length > MOST_SEARCH_CHARS) throw new MailctlError('usage', `a search has at most ${MOST_SEARCH_CHARS} characters`)
  return { text, before: query.get('before') ?? undefined, limit: PAGE }
}

/** Those after an event, or the last ones. */
async function events(app: App, query: URLSearchParams) {
  const upTo = await app.store.lastEventId()
  const given = query.get('after')
  const after = given === null ? undefined : Number(given)
  if (after !== undefined && !Number.isSafeInteger(after)) throw new MailctlError('usage', 'after is the number of an event')
  if (after === upTo) return { events: [], after }
  const type = query.get('type') ?? ''
  const found = await listEvents(app, {
    limit: MOST_EVENTS,
    ...(after === undefined ? { last: true } : { after }),
    ...(type !== '' && { type }),
  })
  const last = found.at(-1)?.id ?? 0
  return { events: found.map(eventShape), after: found.length === MOST_EVENTS && after !== undefined ? last : Math.max(upTo, last) }
}

async function message(app: App, id: string) {
  const explained = await explainMessage(app, id)
  const stored = await app.store.message(id)
  const copies = stored === undefined ? [] : await labCopies(app, stored)
  const hasContent = copies.length > 0 || (await app.store.content(id)) !== undefined
  const headers = stored?.facts.headers ?? []
  return { ...explanationShape(explained), acceptedAt: stored?.acceptedAt ?? 0, copies: copies.map(inboxLine), hasContent, headers }
}

/** With the id of the message of this account that it is a copy of. */
async function received(app: App, id: string) {
  const taken = await inboxMessage(app, id)
  const [messageId = ''] = taken.headerMessageId.split('@', 1)
  const sent = messageId === '' ? undefined : await app.store.message(messageId)
  return { ...inboxLine(taken), messageId: sent?.facts.headerMessageId === taken.headerMessageId ? messageId : null }
}

/** RFC 6266 with RFC 8187; the plain name is for who does not know the other. */
function asFile(name: string): string {
  const safe = name.replace(/[\u0000-\u001f\u007f-\u009f/\\\u202a-\u202e\u2066-\u2069]/g, '_').slice(0, 200)
  // Half a character, which no URL can hold, becomes U+FFFD.
  const clean = Buffer.from(safe).toString()
  const plain = clean.replace(/[^\x20-\x7e]|["%]/g, '_')
  const encoded = encodeURIComponent(clean).replace(/['()*]/g, character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`
}
