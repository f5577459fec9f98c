/** The account's suppression list. SES facts: api-v2 "Suppression". */
import type { SuppressionReason } from '../../account/suppression.ts'
import { MailctlError } from '../../base/errors.ts'
import { listSuppressed, readSuppressed, suppressAddress, unsuppressAddress } from '../../operations/suppression.ts'
import { destinationView, summaryView } from '../../operations/suppression-view.ts'
import { operation, type SesCall, type SesOperation } from './operation.ts'
import { invalidToken, pageAsked, tokenFor } from './paging.ts'

const LIST = 'suppressed-destinations'
const SUPPRESSION_REASONS = ['BOUNCE', 'COMPLAINT'] as const satisfies readonly SuppressionReason[]

async function list({ app, input }: SesCall): Promise<object> {
  const { size, after } = pageAsked(LIST, input)
  const reasons = input.texts('Reason')?.map(reason => checkReason(reason)) ?? []
  const [reason] = reasons
  const since = input.time('StartDate')
  const until = input.time('EndDate')
  const page = await listSuppressed(app, {
    limit: size,
    ...(after !== undefined && { after }),
    ...(reason !== undefined && reasons.length === 1 && { reason }),
    ...(since !== undefined && { since }),
    ...(until !== undefined && { until }),
  }).catch((error: unknown) => {
    throw error instanceof MailctlError && error.code === 'usage' ? invalidToken() : error
  })
  return { SuppressedDestinationSummaries: page.entries.map(summaryView), NextToken: tokenFor(LIST, page.next) }
}

function checkReason(text: string): SuppressionReason {
  const known = SUPPRESSION_REASONS.find(reason => reason === text)
  if (known !== undefined) return known
  const constraint = `Member must satisfy constraint: [Member must satisfy enum value set: [${SUPPRESSION_REASONS.join(', ')}]]`
  throw new MailctlError('bad-data', `1 validation error detected: Value at 'reasons' failed to satisfy constraint: ${constraint}`)
}

export const suppressionOperations: readonly SesOperation[] = [
  operation('PutSuppressedDestination', 'PUT /suppression/addresses', async ({ app, input }) => {
    await suppressAddress(app, input.must.text('EmailAddress'), input.must.choice('Reason', SUPPRESSION_REASONS))
    return {}
  }),
  operation('GetSuppressedDestination', 'GET /suppression/addresses/{EmailAddress}', async ({ app, input }) => ({
    SuppressedDestination: destinationView(await readSuppressed(app, input.must.text('EmailAddress'))),
  })),
  operation('ListSuppressedDestinations', 'GET /suppression/addresses', list),
  operation('DeleteSuppressedDestination', 'DELETE /suppression/addresses/{EmailAddress}', async ({ app, input }) => {
    await unsuppressAddress(app, input.must.text('EmailAddress'))
    return {}
  }),
]
