/** Messages of the account, or of the lab's inbox: the latest first, with a search that answers while one types. */
import { ask } from './ask.mjs'
import { element } from './element.mjs'
import { moveAmong } from './keys.mjs'
import { chip, count, moment, plural, size, tone, worst } from './words.mjs'

const TYPING_MS = 150
const REFRESH_MS = 500

const KINDS = {
  messages: {
    title: 'Messages',
    placeholder: 'Subject, sender, recipient, id, is:bounced',
    empty: 'No messages yet. Send one: mailctl send, SMTP, or the SES API.',
    row: messageRow,
  },
  inbox: {
    title: 'Inbox',
    placeholder: 'Subject, sender, recipient, receiver, is:spam',
    empty: "The lab's receivers took nothing yet.",
    row: inboxRow,
  },
}

/** The row that was opened last, to come back to. */
let opened

export async function listPage(kind, parameters) {
  const { title, placeholder, empty, row } = KINDS[kind]
  let text = parameters.get('q') ?? ''
  let next = null
  let asking = new AbortController()
  let typing
  let due
  const list = element('ol.rows', { 'aria-label': title })
  const said = element('p.empty', { role: 'status' })
  const more = element('button.button', { type: 'button', hidden: true, on: { click: () => load(next) } }, 'Show older ones')
  const field = element('input', {
    type: 'search',
    value: text,
    placeholder,
    'aria-label': `Search ${title.toLowerCase()}`,
    'aria-keyshortcuts': '/',
    autocomplete: 'off',
    spellcheck: 'false',
    maxlength: 200,
    on: {
      input() {
        clearTimeout(typing)
        typing = setTimeout(search, TYPING_MS)
      },
      keydown(event) {
        if (event.key === 'ArrowDown' && moveAmong(rows(), 1)) event.preventDefault()
        if (event.key === 'Enter') search()
      },
    },
  })
  const rows = () => [...list.querySelectorAll('a.row')]
  const step = by => () => moveAmong(rows(), by)

  function search() {
    clearTimeout(typing)
    if (field.value.trim() === text) return
    text = field.value.trim()
    history.replaceState(null, '', text === '' ? `#/${kind}` : `#/${kind}?q=${encodeURIComponent(text)}`)
    load()
  }

  async function load(before = undefined) {
    asking.abort()
    asking = new AbortController()
    const { signal } = asking
    try {
      const found = await ask(`/view/${kind}`, { q: text, before }, signal)
      const made = found.entries.map(row)
      if (before === undefined) show(made)
      else list.append(...made)
      next = found.next
      more.hidden = next === null
      more.textContent = text === '' ? 'Show older ones' : 'Search older ones'
      const none = list.children.length === 0
      said.textContent = !none ? '' : text === '' ? empty : next === null ? 'Nothing found.' : 'Nothing found among the latest ones.'
      said.hidden = !none
    } catch (thrown) {
      if (signal.aborted) return
      said.textContent = thrown.message
      said.hidden = false
    }
  }

  /** Whoever stands on a row stays on it. */
  function show(made) {
    const held = document.activeElement?.closest?.('a.row')?.dataset.id
    list.replaceChildren(...made)
    if (held !== undefined)
      rows()
        .find(one => one.dataset.id === held)
        ?.focus()
  }

  await load()
  return {
    title,
    node: element('div', {}, element('div.head', {}, element('h1', {}, title), element('search', {}, field)), list, said, more),
    keys: {
      j: step(1),
      k: step(-1),
      ArrowDown: step(1),
      ArrowUp: step(-1),
      Escape() {
        if (field.value === '' && document.activeElement !== field) return false
        if (field.value === '') field.blur()
        field.value = ''
        search()
        return true
      },
    },
    shown() {
      if (parameters.has('focus')) field.focus()
      else
        rows()
          .find(one => one.dataset.id === opened)
          ?.focus()
      opened = undefined
    },
    /** Only while the first page is all that is shown: nobody loses his place. */
    onEvents() {
      if (rows().length > 50) return
      due ??= setTimeout(() => {
        due = undefined
        load()
      }, REFRESH_MS)
    },
    leave() {
      clearTimeout(typing)
      clearTimeout(due)
      asking.abort()
    },
  }
}

function line(kind, { id, at, from, to, recipients, subject, sizeBytes }, { mark, marks }) {
  return element(
    'li',
    {},
    element(
      'a.row.mail',
      {
        href: `#/${kind}/${encodeURIComponent(id)}`,
        'data-id': id,
        on: {
          click: () => {
            opened = id
          },
        },
      },
      mark,
      element(
        'span.who',
        {},
        element('bdi', {}, to[0] ?? '(nobody)'),
        recipients > 1 && element('span.faint', {}, ` +${count(recipients - 1)}`),
      ),
      element(
        'span.what',
        {},
        element('bdi', {}, subject || '(no subject)'),
        marks,
        element('span.faint', {}, ' ', element('bdi', {}, from)),
      ),
      element('span.size.faint', {}, size(sizeBytes)),
      moment(at),
    ),
  )
}

function messageRow(message) {
  const state = worst(message.states)
  const all = Object.entries(message.states).map(([name, number]) => (message.recipients === 1 ? name : `${count(number)} ${name}`))
  const mark = element(
    'span.state',
    {},
    element(`span.dot.${tone(state)}`),
    element('span.state-text', {}, message.recipients > 1 && all.length > 1 ? 'mixed' : state),
  )
  mark.title = all.join(', ')
  return line('messages', message, { mark, marks: message.kind === 'mail' ? [] : [' ', chip(message.kind)] })
}

function inboxRow(message) {
  const { spf, dkim, dmarc } = message.authentication
  const fails = [['spf', spf.result], ...dkim.map(({ result }) => ['dkim', result]), ['dmarc', dmarc.result]].filter(
    ([, result]) => tone(result) === 'bad',
  )
  const mark = element(
    'span.state',
    {},
    element(`span.dot.${message.folder === 'spam' || fails.length > 0 ? 'bad' : 'good'}`),
    element('span.state-text', {}, message.folder),
  )
  mark.title = plural(message.recipients, 'recipient')
  return line('inbox', message, { mark, marks: fails.map(([name, result]) => [' ', chip(result, `${name} ${result}`)]) })
}
