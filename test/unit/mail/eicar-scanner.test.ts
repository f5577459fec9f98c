import { describe, expect, it } from 'vitest'
import { PAYLOAD } from '../../../src/mail/eicar.ts'
import { EicarScanner } from '../../../src/mail/eicar-scanner.ts'

const NONE = { base64: false, quotedPrintable: false }
const BASE64 = { ...NONE, base64: true }
const QUOTED = { ...NONE, quotedPrintable: true }

function scan(text: string, encodings = NONE, chunk = text.length): boolean {
  const scanner = new EicarScanner()
  for (let at = 0; at < text.length; at += chunk) scanner.update(Buffer.from(text.slice(at, at + chunk)), encodings)
  return scanner.isFound
}
const wrapped = (octets: string, width: number): string =>
  Buffer.from(octets)
    .toString('base64')
    .replace(new RegExp(`.{${width}}`, 'g'), '$&\r\n')

describe('the EICAR test file', () => {
  it('is 68 octets', () => expect(PAYLOAD).toHaveLength(68))

  it('is found in the clear, wherever chunks end', () => {
    const text = `Hello\r\n${PAYLOAD}\r\nBye\r\n`
    for (let chunk = 1; chunk <= text.length; chunk += 1) expect(scan(text, NONE, chunk), `chunks of ${chunk}`).toBe(true)
  })

  it.each([60, 64, 72, 76, 998])('is found in base64 with lines of %d, at any place', width => {
    for (let before = 0; before < 100; before += 1) {
      const text = wrapped(`${'x'.repeat(before)}${PAYLOAD}${'y'.repeat(50)}`, width)
      expect(scan(text, BASE64), `behind ${before} octets`).toBe(true)
      expect(scan(text, BASE64, 37), `behind ${before} octets, in chunks`).toBe(true)
    }
  })

  it('is found in quoted-printable, with a soft break at any place and signs encoded', () => {
    for (let at = 1; at < PAYLOAD.length; at += 1) expect(scan(`${PAYLOAD.slice(0, at)}=\r\n${PAYLOAD.slice(at)}`, QUOTED)).toBe(true)
    expect(
      scan(
        PAYLOAD.replace(/[!$%@[\\^{}]/g, sign => `=${sign.charCodeAt(0).toString(16).toUpperCase()}`),
        QUOTED,
      ),
    ).toBe(true)
  })

  it('is not seen in less than the whole of it', () => {
    expect(scan(PAYLOAD.slice(1))).toBe(false)
    expect(scan(PAYLOAD.slice(28))).toBe(false)
    expect(scan(wrapped(`${PAYLOAD.slice(0, 40)}${'x'.repeat(40)}`, 76), BASE64)).toBe(false)
    expect(scan('x'.repeat(100_000), BASE64, 1_000)).toBe(false)
  })
})
