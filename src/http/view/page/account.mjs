/** The account at a glance: what it may do, what happened in the last 24 hours, what waits, who may send, and what to do next. */
import { ask } from './ask.mjs'
import { drawing, element } from './element.mjs'
import { eventRow } from './events.mjs'
import { chip, count, plural, setClock, share, tone } from './words.mjs'

const MOST_EVENTS = 8
/** Events come in bursts; the numbers may be this old. */
const REFRESH_MS = 2_000

export async function accountPage() {
  const [account, { events }] = await Promise.all([ask('/view/account'), ask('/view/events')])
  const glance = element('div.glance', {}, ...parts(account))
  const list = element('ol.rows', { 'aria-label': 'Latest events' }, events.slice(-MOST_EVENTS).reverse().map(eventRow))
  const empty = element('p.empty', { hidden: events.length > 0 }, 'No events yet. They appear here as they happen.')
  let due
  return {
    title: 'Account',
    node: element(
      'div',
      {},
      element('h1', {}, 'Account ', element('span.faint.mono', {}, account.accountId)),
      glance,
      element('section', { 'aria-labelledby': 'latest' }, element('h2', { id: 'latest' }, 'Latest events'), list, empty),
    ),
    onEvents(more) {
      list.prepend(...more.slice(-MOST_EVENTS).reverse().map(eventRow))
      while (list.children.length > MOST_EVENTS) list.lastChild.remove()
      empty.hidden = true
      due ??= setTimeout(async () => {
        due = undefined
        glance.replaceChildren(...parts(await ask('/view/account')))
      }, REFRESH_MS)
    },
    leave: () => clearTimeout(due),
  }
}

function parts(account) {
  setClock(account.clock.now)
  return [tiles(account), dayChart(account), element('div.columns', {}, queue(account), senders(account)), next(account)]
}

const tile = (name, value, more, mark = 'plain') =>
  element('div.tile', {}, element('dt', {}, name), element(`dd.value.${mark}`, {}, value), element('dd.more', {}, more))

function tiles({ day, quota, health, access, isSending, reason, network, hostname, region }) {
  const limit = quota.max24HourSend < 0 ? 'no limit' : `of ${count(quota.max24HourSend)} in 24 h`
  return element(
    'section',
    { 'aria-label': 'Last 24 hours' },
    element(
      'dl.tiles',
      {},
      tile('Sent', count(day.sent), 'last 24 hours'),
      tile('Delivered', share(day.delivered, day.sent), plural(day.delivered, 'recipient')),
      tile('Bounced', share(day.bounced, day.sent), plural(day.bounced, 'recipient'), day.bounced > 0 ? 'bad' : 'plain'),
      tile('Complaints', share(day.complained, day.delivered), plural(day.complained, 'recipient'), day.complained > 0 ? 'bad' : 'plain'),
      tile('Quota', count(quota.sentLast24Hours), `${limit}, ${quota.maxSendRate} a second`),
      tile('Health', isSending ? health.toLowerCase() : 'paused', access, isSending ? tone(health) : 'wait'),
    ),
    reason && element('p.note.bad', {}, reason),
    element('p.faint', {}, `${network} network as ${hostname}, ${region}`),
  )
}

const WIDTH = 480
const HEIGHT = 72

/** A column for each half hour: what was delivered, and on top of it what bounced; what is still on its way stays pale. */
function dayChart({ day }) {
  const most = Math.max(1, ...day.spans.map(({ sent, delivered, bounced }) => Math.max(sent, delivered + bounced)))
  const step = WIDTH / day.spans.length
  const bars = day.spans.flatMap((span, index) => {
    const box = (from, value, kind) =>
      value > 0 &&
      drawing(`rect.${kind}`, {
        x: index * step + 1,
        width: step - 2,
        y: HEIGHT - ((from + value) / most) * (HEIGHT - 4),
        height: Math.max(1.5, (value / most) * (HEIGHT - 4)),
        rx: 1.5,
      })
    if (span.sent + span.delivered + span.bounced === 0) return []
    const at = new Date(span.at)
    const from = `${String(at.getHours()).padStart(2, '0')}:${String(at.getMinutes()).padStart(2, '0')}`
    const text = `${from}: ${count(span.sent)} sent, ${count(span.delivered)} delivered, ${count(span.bounced)} bounced`
    const whole = drawing(
      'g',
      {},
      box(0, span.sent, 'sent'),
      box(0, span.delivered, 'delivered'),
      box(span.delivered, span.bounced, 'bounced'),
    )
    whole.prepend(drawing('title', {}, text))
    return [whole]
  })
  const peak = Math.max(...day.spans.map(({ sent }) => sent))
  const description = `The last 24 hours in half hours: ${plural(day.sent, 'recipient')} sent to, at most ${count(peak)} in one of them.`
  return element(
    'figure.day',
    {},
    drawing('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', role: 'img', 'aria-label': description }, bars),
    element(
      'figcaption.faint',
      {},
      element('span', {}, '24 hours ago'),
      element('span', {}, `peak ${count(peak)} in half an hour`),
      element('span', {}, 'now'),
    ),
  )
}

function queue({ queue: { queued, active, deferred, held, deferral } }) {
  const waiting = Object.entries({ queued, active, deferred, held }).filter(([, number]) => number > 0)
  return element(
    'section.card',
    { 'aria-labelledby': 'queue' },
    element('h2', { id: 'queue' }, 'Queue'),
    waiting.length === 0
      ? element('p.faint', {}, 'Nothing waits.')
      : element(
          'p',
          {},
          waiting.map(([state, number]) => [chip(state, `${count(number)} ${state}`), ' ']),
        ),
    deferral &&
      element(
        'p.faint',
        {},
        `${deferral.isExact ? '' : 'More than '}${count(deferral.recipients)} ${deferral.recipients === 1 ? 'waits' : 'wait'} for `,
        element('q', {}, deferral.lastReply ?? deferral.status),
      ),
  )
}

const MOST_SENDERS = 6

function senders({ identities }) {
  const shown = identities.toSorted((a, b) => (a.concern === null) - (b.concern === null)).slice(0, MOST_SENDERS)
  return element(
    'section.card',
    { 'aria-labelledby': 'senders' },
    element('h2', { id: 'senders' }, 'Senders'),
    identities.length === 0
      ? element('p.faint', {}, 'No identities yet.')
      : element(
          'ul.plain-list',
          {},
          shown.map(({ name, status, dkim }) =>
            element(
              'li',
              {},
              element('span.grow', {}, name),
              chip(status, status === 'SUCCESS' ? 'verified' : status.toLowerCase().replaceAll('_', ' ')),
              dkim && chip(dkim, dkim === 'SUCCESS' ? 'dkim' : `dkim ${dkim.toLowerCase()}`),
            ),
          ),
        ),
    identities.length > shown.length && element('p.faint', {}, `and ${count(identities.length - shown.length)} more`),
  )
}

function next({ next: command }) {
  const copy = element('button.quiet', { type: 'button', on: { click: () => copyText(copy, command) } }, 'Copy')
  return element('p.next', {}, element('span.faint', {}, 'Next'), element('code', {}, command), copy)
}

async function copyText(button, text) {
  await navigator.clipboard.writeText(text)
  button.textContent = 'Copied'
  setTimeout(() => {
    button.textContent = 'Copy'
  }, 1_500)
}
