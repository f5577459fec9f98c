/** The picture and the links of tracked mail: whoever asks for them is an open or a click. Followed from anywhere, so nothing of them is trusted but their MAC. */
import type { App } from '../operations/app.ts'
import { recordClick, recordOpen, type Visit } from '../operations/tracking.ts'
import { page } from './page.ts'
import { type HttpAnswer, type HttpRequest, type Route, text } from './route.ts'

type TrackingApp = Parameters<typeof recordOpen>[0]

/** One transparent pixel. GIF89a. */
const PIXEL = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64')

/** Who only looks whether a link is there has neither opened nor followed it. */
const ONLY_GET: HttpAnswer = { ...text(405, 'Method not allowed'), headers: { allow: 'GET' } }

export const trackingRoutes = (app: TrackingApp & Pick<App, 'settings'>): Route[] => [
  { method: 'GET', path: '/I0/{MessageId}/{Mac}', from: 'any', handle: request => opened(app, request) },
  { method: 'GET', path: '/L0/{Link}/{Number}/{MessageId}/{Mac}', from: 'any', handle: request => clicked(app, request) },
]

const visitOf = ({ labels, peer, headers }: HttpRequest): Visit => ({
  messageId: labels['MessageId'] ?? '',
  mac: labels['Mac'] ?? '',
  ipAddress: peer,
  userAgent: headers['user-agent'] ?? '',
})

async function opened(app: TrackingApp, request: HttpRequest): Promise<HttpAnswer> {
  if (request.method === 'HEAD') return ONLY_GET
  if (!(await recordOpen(app, visitOf(request)))) return notOurs()
  return { status: 200, headers: { 'content-type': 'image/gif', 'cross-origin-resource-policy': 'cross-origin' }, body: PIXEL }
}

async function clicked(app: TrackingApp, request: HttpRequest): Promise<HttpAnswer> {
  if (request.method === 'HEAD') return ONLY_GET
  const { labels, query } = request
  const tracked = { link: labels['Link'] ?? '', number: Number(labels['Number']), tags: query.get('tags') ?? '' }
  const link = await recordClick(app, visitOf(request), tracked)
  if (link === undefined) return notOurs()
  return { status: 302, headers: { location: asHeader(link), 'referrer-policy': 'no-referrer' } }
}

/** What a header cannot hold is encoded; what is encoded already stays. */
const asHeader = (link: string): string => link.replace(/[^!-~]/gu, encodeURIComponent)

const notOurs = (): HttpAnswer =>
  page(404, { title: 'No such link', text: 'This link is not whole, or was not in a message of this account.' })
