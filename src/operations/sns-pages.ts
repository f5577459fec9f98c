/** What the URLs in SNS messages lead to: the signing certificate, and the pages that confirm and end a subscription. */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { StoredDestination } from '../ports/event-destinations.ts'
import type { App } from './app.ts'
import { subscriptionArn } from './event-parcel.ts'

export interface SnsPage {
  readonly status: number
  readonly type: string
  readonly body: string
}

const NOT_FOUND: SnsPage = { status: 404, type: 'text/plain', body: 'not found\n' }

/** @param url of a GET request, its path `/sns` or below */
export async function snsPage(app: Pick<App, 'store' | 'eventPublisher'>, url: URL): Promise<SnsPage> {
  if (url.pathname.startsWith('/sns/')) {
    const { certificate, certificateUrl } = await app.eventPublisher.snsSigner()
    if (!certificateUrl.endsWith(url.pathname)) return NOT_FOUND
    return { status: 200, type: 'application/x-pem-file', body: certificate }
  }
  if (url.pathname !== '/sns') return NOT_FOUND
  const action = url.searchParams.get('Action')
  if (action === 'ConfirmSubscription') return await confirm(app, url.searchParams.get('Token') ?? '')
  if (action === 'Unsubscribe') return await unsubscribe(app, url.searchParams.get('SubscriptionArn') ?? '')
  return NOT_FOUND
}

async function confirm({ store }: Pick<App, 'store'>, token: string): Promise<SnsPage> {
  const destination = (await store.eventDestinations()).find(one => isSame(one.token, token))
  if (destination?.service.kind !== 'sns') return NOT_FOUND
  if (!destination.confirmed) await store.saveEventDestination({ ...destination, confirmed: true })
  return xml('ConfirmSubscription', `<SubscriptionArn>${subscriptionArn(destination.service.topicArn, token)}</SubscriptionArn>`)
}

/** It is told nothing more until its owner enables it again. */
async function unsubscribe({ store }: Pick<App, 'store'>, arn: string): Promise<SnsPage> {
  const is = ({ service, token }: StoredDestination): boolean =>
    service.kind === 'sns' && isSame(subscriptionArn(service.topicArn, token), arn)
  const destination = (await store.eventDestinations()).find(is)
  if (destination === undefined) return NOT_FOUND
  await store.saveEventDestination({ ...destination, enabled: false })
  return xml('Unsubscribe', '')
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
const isSame = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b))

const xml = (action: string, result: string): SnsPage => ({
  status: 200,
  type: 'text/xml',
  body: `<${action}Response xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><${action}Result>${result}</${action}Result></${action}Response>\n`,
})
