/** The web view: which page is shown, and the news that come while it is. */
import { accountPage } from './account.mjs'
import { ask } from './ask.mjs'
import { element } from './element.mjs'
import { eventsPage } from './events.mjs'
import { listen } from './keys.mjs'
import { listPage } from './list.mjs'
import { mailPage } from './mail.mjs'
import { setClock } from './words.mjs'

const POLL_MS = 1_000
const LOST_MS = 3_000

const main = document.getElementById('main')
const live = document.getElementById('live')
let page
/** Of the page that is asked for last: a slow one before it is not shown any more. */
let turn = 0

function route() {
  const [, path = '', query = ''] = /^#\/([^?]*)(?:\?(.*))?$/.exec(location.hash) ?? []
  const [name = '', id, part] = path.split('/').map(decodeURIComponent)
  const parameters = new URLSearchParams(query)
  if (name === 'events') return { name, open: () => eventsPage(parameters) }
  if (name !== 'messages' && name !== 'inbox') return { name: '', open: accountPage }
  return { name, open: () => (id ? mailPage(name, id, part) : listPage(name, parameters)) }
}

async function show() {
  turn += 1
  const mine = turn
  const { name, open } = route()
  for (const link of document.querySelectorAll('nav a')) {
    if (link.hash === `#/${name}`) link.setAttribute('aria-current', 'page')
    else link.removeAttribute('aria-current')
  }
  const opened = await open().catch(failedPage)
  if (mine !== turn) return opened.leave?.()
  page?.leave?.()
  page = opened
  document.title = `${opened.title} · mailctl`
  main.replaceChildren(opened.node)
  window.scrollTo(0, 0)
  if (document.activeElement === document.body) main.focus({ preventScroll: true })
  opened.shown?.()
}

const failedPage = thrown => ({
  title: 'Not shown',
  node: element(
    'div',
    {},
    element('h1', {}, thrown.status === 404 ? 'Not there' : 'This cannot be shown'),
    element('p.note', {}, thrown.message),
  ),
  keys: {
    Escape() {
      history.back()
      return true
    },
  },
})

/** One question a second while the page is looked at; none while it is not. */
async function follow(after) {
  let last = after
  for (;;) {
    await new Promise(done => setTimeout(done, live.dataset.state === 'lost' ? LOST_MS : POLL_MS))
    if (document.hidden) await new Promise(done => document.addEventListener('visibilitychange', done, { once: true }))
    try {
      const news = await ask('/view/events', { after: last })
      last = news.after
      say('live')
      if (news.events.length > 0) page?.onEvents?.(news.events)
    } catch {
      say('lost')
    }
  }
}

const SAID = { live: 'Live', lost: 'No connection' }

function say(state) {
  if (live.dataset.state === state) return
  live.dataset.state = state
  live.textContent = SAID[state]
}

async function start() {
  const [account, { after }] = await Promise.all([ask('/view/account'), ask('/view/events')])
  setClock(account.clock.now)
  const network = document.getElementById('network')
  network.textContent = account.network
  network.dataset.network = account.network
  document.querySelector('nav a[href="#/inbox"]').hidden = account.network !== 'lab'
  say('live')
  listen(() => page)
  window.addEventListener('hashchange', () => {
    history.replaceState({ inside: true }, '')
    show()
  })
  await show()
  await follow(after)
}

start().catch(thrown => main.replaceChildren(failedPage(thrown).node))
