/** What happened to a message, step by step, each SMTP dialogue to be opened. */
import { element } from './element.mjs'
import { chip, moment, plural, tone } from './words.mjs'

const KIND_TONES = { accepted: 'busy', suppressed: 'wait', removed: 'wait', next: 'plain', destination: 'plain', report: 'wait' }

function toneOf({ kind, text }) {
  if (kind === 'event') return tone(text.startsWith('Rendering Failure') ? 'Rendering Failure' : text.split(' ', 1)[0])
  if (kind === 'attempt') return /: (?:delivered|2\d\d\b)/.test(text) ? 'good' : /: 5\d\d\b/.test(text) ? 'bad' : 'plain'
  return KIND_TONES[kind] ?? 'plain'
}

export function recipientsTable(recipients) {
  return element(
    'ul.plain-list.recipients',
    {},
    recipients.map(({ address, state, attempts, reply }) =>
      element(
        'li',
        {},
        element('bdi.grow', {}, address),
        chip(state),
        element('span.faint', {}, attempts > 0 && plural(attempts, 'attempt')),
        reply && element('code.reply', {}, reply),
      ),
    ),
  )
}

export function timeline({ timeline: entries, rules }) {
  return [
    rules.length > 0 &&
      element(
        'details.rules',
        {},
        element('summary', {}, plural(rules.length, 'rule'), ' applied when it was accepted'),
        element(
          'dl.pairs',
          {},
          rules.map(({ rule, text }) =>
            element('div', {}, element('dt', {}, rule.toLowerCase().replaceAll('_', ' ')), element('dd', {}, text)),
          ),
        ),
      ),
    element(
      'ol.timeline',
      {},
      entries.map(entry =>
        element(
          'li.step',
          {},
          element(`span.dot.${toneOf(entry)}`),
          element(
            'div.story',
            {},
            element('p.faint', {}, entry.kind, ' ', moment(entry.at)),
            element('p', {}, entry.text),
            dialogue(entry),
          ),
        ),
      ),
    ),
  ]
}

const dialogue = ({ transcript }) =>
  transcript.length > 0 &&
  element(
    'details',
    {},
    element('summary', {}, `SMTP dialogue, ${plural(transcript.length, 'line')}`),
    element('pre', { tabindex: 0 }, transcript.join('\n')),
  )
