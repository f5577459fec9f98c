/** What SNS messages of ours point at: the certificate they are signed with, and the pages that confirm and end a subscription. */
import type { App } from '../operations/app.ts'
import { snsPage } from '../operations/sns-pages.ts'
import type { HttpRequest, Route } from './route.ts'

/** Endpoints come from anywhere; what they may do their token says. */
export function snsRoutes(app: Pick<App, 'store' | 'eventPublisher'>): Route[] {
  const handle = async ({ path, rawQuery }: HttpRequest) => {
    const { status, type, body } = await snsPage(app, new URL(`http://localhost${path}?${rawQuery}`))
    return { status, headers: { 'content-type': type }, body }
  }
  return [
    { method: 'GET', path: '/sns', from: 'any', handle },
    { method: 'GET', path: '/sns/{Certificate}', name: '/sns/certificate', from: 'any', handle },
  ]
}
