/** `/healthz`: the process answers. `/readyz`: it takes work, its account can be read. Neither says more than that. */
import type { App } from '../operations/app.ts'
import { type Route, text } from './route.ts'

export const healthRoutes = ({ store }: Pick<App, 'store'>): Route[] => [
  { method: 'GET', path: '/healthz', from: 'own', handle: () => text(200, 'ok') },
  {
    method: 'GET',
    path: '/readyz',
    from: 'own',
    handle: () =>
      store.account().then(
        () => text(200, 'ready'),
        () => text(503, 'the account cannot be read'),
      ),
  },
]
