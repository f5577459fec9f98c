/** `mailctl queue hold`: keeps recipients back until a person releases them. */
import { queueChangeCommand } from '../../queue-change.ts'

export default queueChangeCommand({
  change: 'hold',
  summary: 'Keep recipients back until they are released',
  details: 'A held recipient is not tried and does not expire. One that is being tried at this moment is left as it is: hold it again.',
  examples: [
    'mailctl queue hold --domain example.com',
    'mailctl queue hold --config-set news --older-than 2h',
    'mailctl queue hold --all -n',
  ],
  did: 'Held',
  would: 'hold',
  missesActive: true,
})
