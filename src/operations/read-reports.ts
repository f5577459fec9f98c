/** Reports that came back by mail: those about a message, or those that changed nothing. */
import type { KeptReport } from '../ports/reports.ts'
import type { App } from './app.ts'

/** @param messageId absent: reports of any message that changed nothing, the latest first */
export const readReports = async (
  { store }: Pick<App, 'store'>,
  { messageId, limit }: { readonly messageId?: string | undefined; readonly limit: number },
): Promise<KeptReport[]> => await store.reports({ limit, ...(messageId !== undefined && { messageId }) })
