/** Every operation of the SES v2 API, by noun. `docs/api-coverage.md` is made of this list. */
import { accountOperations } from './account.ts'
import { configurationSetOperations } from './configuration-sets.ts'
import { contactOperations } from './contacts.ts'
import { dedicatedIpOperations } from './dedicated-ips.ts'
import { eventDestinationOperations } from './event-destinations.ts'
import { identityOperations } from './identities.ts'
import type { SesOperation } from './operation.ts'
import { refusedOperations } from './refused.ts'
import { sendingOperations } from './sending.ts'
import { suppressionOperations } from './suppression.ts'
import { tagOperations } from './tags.ts'
import { templateOperations } from './templates.ts'

export const OPERATIONS: readonly SesOperation[] = [
  ...sendingOperations,
  ...accountOperations,
  ...identityOperations,
  ...configurationSetOperations,
  ...eventDestinationOperations,
  ...suppressionOperations,
  ...templateOperations,
  ...contactOperations,
  ...dedicatedIpOperations,
  ...tagOperations,
  ...refusedOperations,
]
