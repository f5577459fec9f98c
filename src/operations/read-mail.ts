/**
 * The content of a message of the account, or of one that a lab receiver took: its octets, what a reader sees of them, its HTML ready to be
 * shown, one of its files. Reads a message of 40 MB in turns, so that others are served meanwhile, and keeps but a bounded part of it.
 */
import { PassThrough, Readable } from 'node:stream'
import { setImmediate as breathe } from 'node:timers/promises'
import { MailctlError } from '../base/errors.ts'
import { htmlFacts, type Link } from '../mail/html-facts.ts'
import { type AttachmentSink, type OnAttachment, type ParsedMessage, parseMessage } from '../mail/parse.ts'
import { shownHtml } from '../mail/shown-html.ts'
import type { InboxMessage } from '../ports/lab.ts'
import type { StoredMessage } from '../ports/store.ts'
import type { App } from './app.ts'

type ContentApp = Pick<App, 'store' | 'lab' | 'settings'>

/** `message`: by its id, one that the account sends; `inbox`: by its number, one that a lab receiver took. */
export interface MailPlace {
  readonly kind: 'message' | 'inbox'
  readonly id: string
}

export interface ReadMail extends Omit<ParsedMessage, 'html'> {
  readonly hasHtml: boolean
  /** Where links of the HTML lead, http and https only, each address once. */
  readonly links: readonly Link[]
}

/** Characters of text; more is cut, and `truncated` says so. */
const MOST_TEXT = 512 * 1024
const MOST_LINKS = 200
/** Octets of pictures shown within HTML, all together. */
const MOST_PICTURES = 10 * 1024 * 1024
const MOST_AT_ONCE = 8
const PIECE = 64 * 1024
const PICTURE = /^image\/(?:png|jpeg|jpg|gif|webp|avif|bmp|svg\+xml)$/

/** The copies that lab receivers took of a message, the latest first. */
export async function labCopies({ lab, settings }: Pick<App, 'lab' | 'settings'>, { facts }: StoredMessage): Promise<InboxMessage[]> {
  if (settings.network !== 'lab' || facts.headerMessageId === '') return []
  return await lab.inbox.list({ headerMessageId: facts.headerMessageId, limit: 100 })
}

/**
 * Head and body as they are sent, or as they were received.
 * @throws MailctlError not-found: there is no such message; or it is over, and its octets are gone with it
 */
export async function openMail(app: ContentApp, { kind, id }: MailPlace): Promise<Readable> {
  if (kind === 'inbox') return await app.lab.inbox.open(id)
  const message = await app.store.message(id)
  if (message === undefined) throw new MailctlError('not-found', `there is no message ${id}`)
  const content = await app.store.content(id)
  if (content !== undefined) return Readable.from(whole(content), { objectMode: false })
  const [copy] = await labCopies(app, message)
  if (copy === undefined) throw new MailctlError('not-found', 'the content is gone: it is kept only until every recipient has its outcome')
  return await app.lab.inbox.open(copy.id)
}

async function* whole({ head, body }: NonNullable<Awaited<ReturnType<App['store']['content']>>>): AsyncGenerator<Buffer> {
  yield head
  yield* body.open()
}

/** @throws MailctlError not-found; rate-exceeded: too many are being read */
export async function readMail(app: ContentApp, place: MailPlace): Promise<ReadMail> {
  const { html, text, ...message } = await parse(await openMail(app, place))
  const links = new Map<string, Link>()
  for (const link of html === null ? [] : htmlFacts(html).links) {
    if (/^https?:\/\//i.test(link.href) && links.size < MOST_LINKS && !links.has(link.href)) links.set(link.href, link)
  }
  return {
    ...message,
    text: text?.slice(0, MOST_TEXT) ?? null,
    hasHtml: html !== null,
    links: [...links.values()],
    truncated: message.truncated || (text?.length ?? 0) > MOST_TEXT,
  }
}

/** Its HTML with its own pictures in it, for a frame that loads nothing. @throws MailctlError not-found, also without HTML; rate-exceeded */
export async function readShownHtml(app: ContentApp, place: MailPlace): Promise<string> {
  const pictures = new Map<string, string>()
  let room = MOST_PICTURES
  const { html } = await parse(await openMail(app, place), ({ type, contentId }) => {
    if (contentId === null || !PICTURE.test(type)) return undefined
    const octets: Buffer[] = []
    let size = 0
    return {
      write(chunk) {
        size += chunk.length
        if (size <= room) octets.push(Buffer.from(chunk))
      },
      end() {
        if (size > room) return
        room -= size
        pictures.set(contentId, `data:${type};base64,${Buffer.concat(octets).toString('base64')}`)
      },
    }
  })
  if (html === null) throw new MailctlError('not-found', 'the message has no HTML part')
  return shownHtml(html, { pictures })
}

/**
 * One attachment, decoded, as fast as it is taken.
 * @param index in the order of `attachments`  @throws MailctlError not-found, rate-exceeded
 */
export async function openAttachment(
  app: ContentApp,
  place: MailPlace,
  index: number,
): Promise<{ readonly name: string | null; readonly octets: Readable }> {
  const source = await openMail(app, place)
  const octets = new PassThrough()
  let seen = -1
  return await new Promise((found, fail) => {
    parse(source, {
      onAttachment({ name }) {
        seen += 1
        if (seen !== index) return undefined
        found({ name, octets })
        return inPieces(octets)
      },
      into: octets,
    }).then(
      () => fail(new MailctlError('not-found', 'the message has no such attachment')),
      (thrown: Error) => {
        fail(thrown)
        octets.destroy(thrown)
      },
    )
  })
}

/** Decoders give a line at a time, which is too little to send. */
function inPieces(to: PassThrough): AttachmentSink {
  let held: Buffer[] = []
  let size = 0
  const pass = (): void => {
    if (size > 0 && !to.destroyed) to.write(Buffer.concat(held))
    held = []
    size = 0
  }
  return {
    write(octets) {
      held.push(octets)
      size += octets.length
      if (size >= PIECE) pass()
    },
    end() {
      pass()
      to.end()
    },
  }
}

let reading = 0

/** @param into reading waits while it is full, and ends with it */
async function parse(
  source: Readable,
  reader: OnAttachment | { readonly onAttachment: OnAttachment; readonly into: PassThrough } = () => undefined,
): Promise<ParsedMessage> {
  const { onAttachment, into } = typeof reader === 'function' ? { onAttachment: reader, into: undefined } : reader
  if (reading >= MOST_AT_ONCE) {
    source.destroy()
    throw new MailctlError('rate-exceeded', 'too many messages are being read: try again')
  }
  reading += 1
  try {
    return await parseMessage(inTurns(source, into), onAttachment)
  } finally {
    reading -= 1
  }
}

async function* inTurns(source: Readable, into: PassThrough | undefined): AsyncGenerator<Buffer> {
  for await (const chunk of source as AsyncIterable<Buffer>) {
    for (let at = 0; at < chunk.length; at += PIECE) {
      yield chunk.subarray(at, at + PIECE)
      if (into?.writableNeedDrain) await emptied(into)
      // A stream may empty without a turn of the loop.
      await breathe()
      if (into?.destroyed || into?.writableEnded) return
    }
  }
}

const emptied = (stream: PassThrough): Promise<void> =>
  new Promise(done => {
    const end = (): void => {
      stream.off('drain', end)
      stream.off('close', end)
      done()
    }
    stream.on('drain', end)
    stream.on('close', end)
  })
