/**
 * Every route of the HTTP door. A part of the product mounts its own by a line here: it exports a function from the app to a list of routes
 * (`health.ts` is the shortest). `from` says who may ask: see `route.ts`.
 */
import type { App } from '../operations/app.ts'
import { healthRoutes } from './health.ts'
import { type MetricsOptions, metricsRoutes } from './metrics.ts'
import { queryRoutes } from './query/route.ts'
import type { Route } from './route.ts'
import { type SesOptions, sesRoutes } from './ses/route.ts'
import { snsRoutes } from './sns.ts'
import { trackingRoutes } from './tracking.ts'
import { unsubscribeRoutes } from './unsubscribe.ts'
import { verificationLinkRoutes } from './verification-link.ts'
import { viewRoutes } from './view/route.ts'

export const routesOf = (app: App, options: MetricsOptions & SesOptions): Route[] => [
  ...healthRoutes(app),
  ...metricsRoutes(app, options),
  ...snsRoutes(app),
  ...sesRoutes(app, options),
  ...queryRoutes(app, options),
  ...unsubscribeRoutes(app),
  ...trackingRoutes(app),
  ...verificationLinkRoutes(app),
  ...viewRoutes(app, options),
]
