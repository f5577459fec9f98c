/** `mailctl queue retry`: makes what waits due now. */
import { queueChangeCommand } from '../../queue-change.ts'

export default queueChangeCommand({
  change: 'retry',
  summary: 'Make what waits due now',
  details: "A running 'mailctl serve' then tries it as soon as its destination takes mail. Held recipients stay held: see 'queue release'.",
  examples: ['mailctl queue retry --domain example.com', 'mailctl queue retry --error 4.4 --dry-run', 'mailctl queue retry --all'],
  did: 'Retried',
  would: 'retry',
  notice: 'due now: a running mailctl serve tries it, as does mailctl queue flush',
  missesActive: false,
})
