/** `mailctl queue release`: lets held recipients go on. */
import { queueChangeCommand } from '../../queue-change.ts'

export default queueChangeCommand({
  change: 'release',
  summary: 'Let held recipients go on, due now',
  details: 'One whose time ended while it was held bounces when it is tried next.',
  examples: ['mailctl queue release --domain example.com', 'mailctl queue release --all'],
  did: 'Released',
  would: 'release',
  notice: 'due now: a running mailctl serve tries it, as does mailctl queue flush',
  missesActive: false,
})
