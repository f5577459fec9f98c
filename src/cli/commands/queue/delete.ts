/** `mailctl queue delete`: ends recipients without delivering to them. */
import { queueChangeCommand } from '../../queue-change.ts'

export default queueChangeCommand({
  change: 'delete',
  summary: 'Remove recipients from the queue for good',
  details: "They end as rejected: no event, no delivery report, and 'mailctl why' tells it. A terminal asks first.",
  examples: ['mailctl queue delete --domain example.com --dry-run', 'mailctl queue delete --error 4.2.2 --older-than 6h --yes'],
  did: 'Deleted',
  would: 'delete',
  asks: 'Remove for good',
  missesActive: true,
})
