/** One message, whether the account sent it or a lab receiver took it: what it is, and what became of it. */
import { ask, askText } from './ask.mjs'
import { element } from './element.mjs'
import { recipientsTable, timeline } from './timeline.mjs'
import { chip, moment, plural, size } from './words.mjs'

const MOST_SOURCE = 256 * 1024

/** @param kind messages or inbox  @param wanted the part that is shown first */
export async function mailPage(kind, id, wanted) {
  const base = `/view/${kind}/${encodeURIComponent(id)}`
  const found = await ask(base)
  const isSent = kind === 'messages'
  const [story, content] = await Promise.all([
    isSent ? found : found.messageId && ask(`/view/messages/${encodeURIComponent(found.messageId)}`).catch(() => null),
    isSent && !found.hasContent ? null : ask(`${base}/content`).catch(thrown => ({ failure: thrown.message })),
  ])
  const mail = {
    base,
    id,
    isSent,
    found,
    story: story || null,
    content: content?.failure === undefined ? content : null,
    failure: content?.failure,
  }
  const parts = PARTS.filter(({ isThere }) => isThere(mail))
  const first = parts.find(({ name }) => name === wanted) ?? parts.find(({ name }) => name !== 'html' || mail.content?.hasHtml) ?? parts[0]
  const { node, move, reveal } = tabs(parts, first, mail)
  const step = by => event => (event.target instanceof Element && event.target.closest('pre, select, .scrolls') ? false : move(by))
  const people = element('div', {}, mail.story && recipientsTable(mail.story.recipients))
  let due
  return {
    title: found.subject || '(no subject)',
    node: element('article.message', {}, heading(kind, mail), people, node),
    keys: {
      ArrowRight: step(1),
      ArrowLeft: step(-1),
      Escape() {
        if (history.state?.inside) history.back()
        else location.hash = `#/${kind}`
        return true
      },
    },
    /** Its own news are shown at once. */
    onEvents(events) {
      const own = mail.story?.messageId
      if (own === undefined || !events.some(({ messageId }) => messageId === own)) return
      due ??= setTimeout(async () => {
        due = undefined
        mail.story = await ask(`/view/messages/${encodeURIComponent(own)}`)
        people.replaceChildren(recipientsTable(mail.story.recipients))
        document.getElementById('part-timeline')?.replaceChildren(...timeline(mail.story).filter(Boolean))
      }, 300)
    },
    shown: reveal,
    leave: () => clearTimeout(due),
  }
}

function heading(kind, { found, story, isSent }) {
  const facts = [
    ['From', element('bdi', {}, isSent ? found.source : found.from)],
    isSent
      ? ['Accepted', moment(found.acceptedAt)]
      : [
          'To',
          element('bdi', {}, found.to.join(', '), found.recipients > found.to.length && ` and ${found.recipients - found.to.length} more`),
        ],
    !isSent && ['Received', [moment(found.at), ' by ', found.receiver, ' ', found.folder === 'spam' && chip('spam')]],
    ['Size', size(found.sizeBytes)],
    (story || isSent) && [
      'Message id',
      isSent
        ? element('code', {}, found.messageId)
        : element('a', { href: `#/messages/${encodeURIComponent(story.messageId)}` }, element('code', {}, story.messageId)),
    ],
    isSent &&
      found.copies.length > 0 && [
        'In the inbox',
        found.copies.map(copy => [element('a', { href: `#/inbox/${copy.id}` }, copy.receiver), ' ']),
      ],
  ]
  return element(
    'header',
    {},
    element('p.back', {}, element('a', { href: `#/${kind}` }, isSent ? '← Messages' : '← Inbox')),
    element('h1', {}, element('bdi', {}, found.subject || '(no subject)')),
    element(
      'dl.facts',
      {},
      facts.filter(Boolean).map(([name, value]) => element('div', {}, element('dt', {}, name), element('dd', {}, value))),
    ),
  )
}

/** As WAI-ARIA's pattern has it: one stop for Tab, arrows from one to the next, and what is chosen is shown. */
function tabs(parts, first, mail) {
  const panel = part =>
    element('div.panel', { role: 'tabpanel', id: `part-${part.name}`, 'aria-labelledby': `tab-${part.name}`, hidden: part !== first })
  const panels = new Map(parts.map(part => [part, panel(part)]))
  const buttons = new Map(
    parts.map(part => [
      part,
      element(
        'button',
        { type: 'button', role: 'tab', id: `tab-${part.name}`, 'aria-controls': `part-${part.name}`, on: { click: () => choose(part) } },
        part.title(mail),
      ),
    ]),
  )
  const filled = new Set()
  let chosen = first

  function choose(part) {
    chosen = part
    for (const [one, button] of buttons) {
      button.setAttribute('aria-selected', String(one === part))
      button.tabIndex = one === part ? 0 : -1
    }
    for (const [one, shown] of panels) shown.hidden = one !== part
    reveal()
    if (filled.has(part)) return
    filled.add(part)
    panels.get(part).append(...[part.show(mail)].flat().filter(Boolean))
  }

  const reveal = () => buttons.get(chosen).scrollIntoView({ block: 'nearest', inline: 'nearest' })

  choose(first)
  return {
    reveal,
    node: element(
      'div',
      {},
      mail.failure && element('p.note', {}, mail.failure),
      mail.isSent &&
        !mail.found.hasContent &&
        element('p.note', {}, 'Every recipient has its outcome, so the content was let go; what is known of it is below.'),
      element('div.tabs', { role: 'tablist', 'aria-label': 'Parts of the message' }, [...buttons.values()]),
      [...panels.values()],
    ),
    move(by) {
      const at = parts.indexOf(chosen) + by
      if (at < 0 || at >= parts.length) return true
      choose(parts[at])
      buttons.get(parts[at]).focus()
      return true
    },
  }
}

function showHtml({ base, content }) {
  const frame = element('iframe', { sandbox: true, src: `${base}/html`, title: 'The message as HTML', referrerpolicy: 'no-referrer' })
  const narrow = element(
    'button.quiet',
    { type: 'button', 'aria-pressed': 'false', on: { click: () => toggle(narrow, frame) } },
    'Phone width',
  )
  return [
    element('p.tools', {}, element('span.faint', {}, 'Nothing is loaded from elsewhere, links do not open.'), narrow),
    frame,
    content.links.length > 0 && links(content.links),
  ]
}

function toggle(button, frame) {
  const isNarrow = frame.classList.toggle('narrow')
  button.setAttribute('aria-pressed', String(isNarrow))
}

const links = found =>
  element(
    'details',
    {},
    element('summary', {}, plural(found.length, 'link')),
    element(
      'ul.links',
      {},
      found.map(({ href, text }) =>
        element(
          'li',
          {},
          element('span', {}, text || '(no text)'),
          ' ',
          element('a', { href, target: '_blank', rel: 'noopener noreferrer' }, href),
        ),
      ),
    ),
  )

const showText = ({ content }) =>
  content.text === null
    ? element('p.faint', {}, 'There is no text part.')
    : [
        element('pre.text.scrolls', { tabindex: 0 }, content.text),
        content.isCut && element('p.faint', {}, 'A limit was reached; the message holds more than is shown.'),
      ]

const showHeaders = ({ content, found }) =>
  element(
    'dl.pairs.mono',
    {},
    (content?.fields ?? found.headers).map(([name, value]) =>
      element('div', {}, element('dt', {}, name), element('dd', {}, element('bdi', {}, value))),
    ),
  )

function showSource({ base, id }) {
  const pre = element('pre.scrolls', { tabindex: 0 }, 'Reading')
  const more = element('p.faint')
  askText(`${base}/source`, MOST_SOURCE).then(
    ({ text, isWhole }) => {
      pre.textContent = text
      more.textContent = isWhole ? '' : `The first ${size(MOST_SOURCE)}; the rest comes with the download.`
    },
    thrown => {
      pre.textContent = thrown.message
    },
  )
  return [element('p.tools', {}, element('a.button', { href: `${base}/source`, download: `${id}.eml` }, 'Download .eml')), pre, more]
}

const showAttachments = ({ base, content }) =>
  element(
    'ul.plain-list.files',
    {},
    content.attachments.map(({ name, type, sizeBytes, sha256, contentId }, index) =>
      element(
        'li',
        {},
        element(
          'span.grow',
          {},
          element('strong', {}, element('bdi', {}, name ?? 'unnamed')),
          element('span.faint', {}, ` ${type}, ${size(sizeBytes)}${contentId === null ? '' : ', shown in the HTML'}`),
        ),
        element('a.button', { href: `${base}/attachments/${index}`, 'aria-label': `Download ${name ?? 'unnamed'}` }, 'Download'),
        element('code.hash.faint', {}, `sha256 ${sha256}`),
      ),
    ),
  )

function showAuthentication({ found, isSent }) {
  const taken = isSent ? found.copies : [found]
  if (taken.length === 0) return element('p.faint', {}, "Verdicts are those of the lab's receivers; none of them took this message.")
  return taken.map(({ receiver, to, folder, rules, authentication: { spf, dkim, dmarc } }) =>
    element(
      'section.card',
      {},
      element('h2', {}, receiver, ' ', chip(folder)),
      element('p.faint', {}, 'for ', to.join(', ')),
      rules.length > 0 && element('p', {}, 'Put there by ', rules.join(', ')),
      element(
        'ul.plain-list.verdicts',
        {},
        verdict('SPF', spf.result, spf.domain),
        dkim.length === 0
          ? verdict('DKIM', 'none', 'no signature')
          : dkim.map(({ result, domain, selector, detail }) => verdict('DKIM', result, `${domain}, selector ${selector}`, detail)),
        verdict('DMARC', dmarc.result, dmarc.domain, dmarc.policy && `policy ${dmarc.policy}`),
      ),
    ),
  )
}

const verdict = (name, result, about, detail = '') =>
  element(
    'li',
    {},
    element('strong.what', {}, name),
    chip(result),
    element('span.grow', {}, about, detail && element('span.faint', {}, ` ${detail}`)),
  )

/** In the order of the tabs. `isThere` looks at what is known, `show` fills the panel when it is first looked at. */
const PARTS = [
  { name: 'html', title: () => 'HTML', isThere: ({ content }) => content?.hasHtml, show: showHtml },
  { name: 'text', title: () => 'Text', isThere: ({ content }) => content, show: showText },
  { name: 'headers', title: () => 'Headers', isThere: ({ content, found }) => content || found.headers?.length > 0, show: showHeaders },
  { name: 'source', title: () => 'Source', isThere: ({ content }) => content, show: showSource },
  {
    name: 'attachments',
    title: ({ content }) => `Attachments ${content.attachments.length}`,
    isThere: ({ content }) => content?.attachments.length > 0,
    show: showAttachments,
  },
  { name: 'authentication', title: () => 'Authentication', isThere: () => true, show: showAuthentication },
  { name: 'timeline', title: () => 'Timeline', isThere: ({ story }) => story, show: ({ story }) => timeline(story) },
]
