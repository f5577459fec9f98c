/** The link of the mail that proves an address: following it is what brings the code back. SES facts: concepts §3. */
import { MailctlError } from '../base/errors.ts'
import type { App } from '../operations/app.ts'
import { finishEmailVerification } from '../operations/verify-email.ts'
import { page } from './page.ts'
import { type Route, text } from './route.ts'

export const verificationLinkRoutes = (app: Pick<App, 'store' | 'clock' | 'settings'>): Route[] => [
  {
    method: 'GET',
    path: '/verify-email',
    from: 'any',
    async handle({ method, query }) {
      // Whoever asks for the head alone is looking at the link, not following it.
      if (method === 'HEAD') return text(200, '')
      const [address, token] = [query.get('address') ?? '', query.get('token') ?? '']
      try {
        const { name } = await finishEmailVerification(app, { address, token })
        return page(200, { title: 'Address verified', text: `${name} may now be used to send mail. You can close this page.` })
      } catch (thrown) {
        if (!(thrown instanceof MailctlError) || !REFUSALS.has(thrown.code)) throw thrown
        return page(400, {
          title: 'Address not verified',
          text: 'This link was used, is older than 24 hours, or is not whole. Ask for a new one where you asked for this one.',
        })
      }
    },
  },
]

const REFUSALS = new Set(['not-found', 'conflict', 'bad-data'])
