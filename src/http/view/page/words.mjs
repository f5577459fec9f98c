/** Numbers, sizes, moments and states in words and marks. */
import { element } from './element.mjs'

export const count = number => number.toLocaleString('en')
export const plural = (number, one, many = `${one}s`) => `${count(number)} ${number === 1 ? one : many}`

/** Binary, as the terminal shows them. */
export function size(octets) {
  if (octets < 1024) return `${octets} B`
  const [value, unit] = octets < 1024 * 1024 ? [octets / 1024, 'KB'] : [octets / 1024 / 1024, 'MB']
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${unit}`
}

export const share = (part, whole) => (whole === 0 ? '0 %' : `${((100 * part) / whole).toFixed(part === 0 || part === whole ? 0 : 1)} %`)

/** The account's clock ran ahead of this machine's by so much when it was last asked; a virtual one stands still. */
const clock = { ahead: 0 }
export function setClock(now) {
  clock.ahead = now - Date.now()
}

const two = number => String(number).padStart(2, '0')
const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')

/** The time of day; before today with its day. */
function momentText(at) {
  const then = new Date(at)
  const now = new Date(Date.now() + clock.ahead)
  const hours = `${two(then.getHours())}:${two(then.getMinutes())}`
  if (then.toDateString() === now.toDateString()) return `${hours}:${two(then.getSeconds())}`
  return `${then.getDate()} ${MONTHS[then.getMonth()]}${then.getFullYear() === now.getFullYear() ? '' : ` ${then.getFullYear()}`} ${hours}`
}

export const moment = at => {
  const iso = new Date(at).toISOString()
  return element('time', { datetime: iso, title: iso }, momentText(at))
}

const TONES = {
  delivered: 'good',
  Delivery: 'good',
  pass: 'good',
  SUCCESS: 'good',
  HEALTHY: 'good',
  inbox: 'good',
  bounced: 'bad',
  rejected: 'bad',
  Bounce: 'bad',
  Complaint: 'bad',
  Reject: 'bad',
  'Rendering Failure': 'bad',
  fail: 'bad',
  permerror: 'bad',
  FAILED: 'bad',
  SHUTDOWN: 'bad',
  spam: 'bad',
  deferred: 'wait',
  held: 'wait',
  suppressed: 'wait',
  DeliveryDelay: 'wait',
  softfail: 'wait',
  temperror: 'wait',
  PENDING: 'wait',
  TEMPORARY_FAILURE: 'wait',
  PROBATION: 'wait',
  queued: 'busy',
  active: 'busy',
  Send: 'busy',
}

/** good, bad, wait, busy or plain */
export const tone = state => TONES[state] ?? 'plain'

/** A state as a word in its colour; the word says it too. */
export const chip = (state, text = state) => element(`span.chip.${tone(state)}`, {}, text)

const WORST = ['bounced', 'rejected', 'deferred', 'held', 'suppressed', 'active', 'queued', 'delivered']

/** What stands for the states of all recipients: the one that needs a look first. */
export const worst = states => WORST.find(state => states[state] > 0) ?? 'queued'
