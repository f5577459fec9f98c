/**
 * Puts the unsubscribe URL of a message where its body says `{{amazonSESUnsubscribeUrl}}`: the first two times, as SES does. Parts that are base64
 * are left as they are; in quoted-printable the word may be cut by a soft line break. The URL must have no `=` in it.
 */
import { Transform } from 'node:stream'

export const UNSUBSCRIBE_PLACE = '{{amazonSESUnsubscribeUrl}}'
/** SES fact: concepts §15. */
const MOST = 2

const PLACE = new RegExp([...UNSUBSCRIBE_PLACE].map(character => character.replace(/[{}]/, '\\$&')).join('(?:=\\r\\n)?'), 'g')
/** The place with a soft line break between all of its characters: what is not decided yet at the end of a chunk. */
const LONGEST = UNSUBSCRIBE_PLACE.length * 4

function replacer(url: string): (text: string) => string {
  let left = MOST
  return text => text.replace(PLACE, place => (left-- > 0 ? url : place))
}

export function withUnsubscribeUrl(body: Buffer, url: string): Buffer {
  return body.includes('{{a') ? Buffer.from(replacer(url)(body.toString('latin1')), 'latin1') : body
}

/** The same for a body that streams; holds back less than a hundred octets. */
export function unsubscribeUrlStream(url: string): Transform {
  const replace = replacer(url)
  let held = ''
  return new Transform({
    transform(chunk: Buffer, _, done) {
      held = replace(held + chunk.toString('latin1'))
      // From the last brace that may open the place; what lies before it is decided.
      const open = held.indexOf('{', Math.max(0, held.length - LONGEST))
      const end = open < 0 ? held.length : open
      const decided = held.slice(0, end)
      held = held.slice(end)
      done(null, Buffer.from(decided, 'latin1'))
    },
    flush(done) {
      done(null, Buffer.from(replace(held), 'latin1'))
    },
  })
}
