/**
 * The unsubscribe link of a message. Looking at it changes nothing, since mail scanners follow links; the button, and the one click of a mail program
 * (RFC 8058: a POST without cookies, from anywhere), does.
 */
import { MailctlError } from '../base/errors.ts'
import { html } from '../base/markup.ts'
import type { App } from '../operations/app.ts'
import { readUnsubscription, type UnsubscribeLink, type Unsubscription, unsubscribe } from '../operations/list-management.ts'
import { page } from './page.ts'
import type { HttpAnswer, HttpRequest, Route } from './route.ts'

export const unsubscribeRoutes = (app: Pick<App, 'store' | 'clock' | 'ids'>): Route[] => [
  {
    method: 'GET',
    path: '/unsubscribe/{MessageId}/{Mac}',
    from: 'any',
    handle: ({ labels }) => answered(async () => asked(await readUnsubscription(app, linkIn(labels)))),
  },
  {
    method: 'POST',
    path: '/unsubscribe/{MessageId}/{Mac}',
    from: 'any',
    async handle({ labels, stream }) {
      stream.resume() // What it says beside its path is always the same.
      return answered(async () => done(await unsubscribe(app, linkIn(labels), 'UnsubscribeHeader')))
    },
  },
]

const linkIn = (labels: HttpRequest['labels']): UnsubscribeLink => ({ messageId: labels['MessageId'] ?? '', mac: labels['Mac'] ?? '' })

async function answered(work: () => Promise<HttpAnswer>): Promise<HttpAnswer> {
  try {
    return await work()
  } catch (thrown) {
    if (!(thrown instanceof MailctlError) || thrown.code !== 'not-found') throw thrown
    return page(404, { title: 'No such subscription', text: 'This link is not whole, or what it led to is gone. Ask the sender.' })
  }
}

const what = ({ list, topic }: Unsubscription): string =>
  topic === null ? 'this mailing list' : (list.topics.find(({ name }) => name === topic)?.displayName ?? topic)

function asked(found: Unsubscription): HttpAnswer {
  if (found.isUnsubscribed) return done(found)
  const shown = page(200, { title: 'Unsubscribe', text: `Stop mail of ${what(found)} to ${found.address}?` })
  const form = `<form method="post"><button type="submit">${html('Unsubscribe')}</button></form></body>`
  return { ...shown, body: String(shown.body).replace('</body>', () => form) }
}

const done = (found: Unsubscription): HttpAnswer =>
  page(200, { title: 'Unsubscribed', text: `${found.address} gets no more mail of ${what(found)}. You can close this page.` })
