/** The event log as it grows, the latest on top. */
import { ask } from './ask.mjs'
import { element } from './element.mjs'
import { moveAmong } from './keys.mjs'
import { chip, count, moment } from './words.mjs'

const TYPES = ['Send', 'Delivery', 'Bounce', 'Complaint', 'DeliveryDelay', 'Reject', 'Open', 'Click', 'Subscription', 'Rendering Failure']
/** Older rows are let go. */
const MOST_ROWS = 500

export const eventRow = ({ type, at, messageId, recipients, count: number, subject, detail }) =>
  element(
    'li',
    {},
    element(
      'a.row.event',
      { href: `#/messages/${encodeURIComponent(messageId)}/timeline` },
      chip(type),
      element('span.who', {}, recipients.join(', '), number > recipients.length && ` and ${count(number - recipients.length)} more`),
      element('span.what', {}, element('bdi', {}, subject || '(no subject)'), detail && element('span.faint', {}, ` ${detail}`)),
      moment(at),
    ),
  )

export async function eventsPage(parameters) {
  const type = TYPES.find(known => known === parameters.get('type')) ?? ''
  const { events } = await ask('/view/events', { type })
  const list = element('ol.rows', { 'aria-label': 'Events' }, events.reverse().map(eventRow))
  const empty = element('p.empty', { hidden: events.length > 0 }, 'No events yet. They appear here as they happen.')
  const choice = element(
    'select',
    {
      'aria-label': 'Type of event',
      on: {
        change: () => {
          location.hash = choice.value === '' ? '#/events' : `#/events?type=${encodeURIComponent(choice.value)}`
        },
      },
    },
    element('option', { value: '' }, 'All events'),
    TYPES.map(one => element('option', { value: one, selected: one === type }, one)),
  )
  const rows = () => [...list.querySelectorAll('a.row')]
  const step = by => () => moveAmong(rows(), by)
  return {
    title: 'Events',
    node: element('div', {}, element('div.head', {}, element('h1', {}, 'Events'), choice), list, empty),
    keys: { j: step(1), k: step(-1), ArrowDown: step(1), ArrowUp: step(-1) },
    onEvents(more) {
      const wanted = more.filter(event => type === '' || event.type === type)
      if (wanted.length === 0) return
      list.prepend(...wanted.reverse().map(eventRow))
      while (list.children.length > MOST_ROWS) list.lastChild.remove()
      empty.hidden = true
    },
  }
}
