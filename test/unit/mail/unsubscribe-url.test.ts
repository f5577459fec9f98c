import { Readable } from 'node:stream'
import { expect, it } from 'vitest'
import { UNSUBSCRIBE_PLACE as PLACE, unsubscribeUrlStream, withUnsubscribeUrl } from '../../../src/mail/unsubscribe-url.ts'

const URL = 'https://mta.example/unsubscribe/0100-1'
const cut = '{{amazonSES=\r\nUnsubscribe=\r\nUrl}}'

it.each([
  [`a ${PLACE} b`, `a ${URL} b`],
  [`${PLACE}${PLACE}${PLACE}`, `${URL}${URL}${PLACE}`],
  [`a ${cut} b`, `a ${URL} b`],
  ['nothing { here {{a }}', 'nothing { here {{a }}'],
  ['{{amazonSESUnsubscribeUr', '{{amazonSESUnsubscribeUr'],
])('%j becomes %j, whole or in any two pieces', async (body, expected) => {
  expect(withUnsubscribeUrl(Buffer.from(body), URL).toString()).toBe(expected)
  for (let at = 0; at <= body.length; at += 1) {
    const pieces = [body.slice(0, at), body.slice(at)].filter(piece => piece !== '').map(piece => Buffer.from(piece))
    const out = await Readable.from(pieces).pipe(unsubscribeUrlStream(URL)).toArray()
    expect(Buffer.concat(out).toString()).toBe(expected)
  }
})
