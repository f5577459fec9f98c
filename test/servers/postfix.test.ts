/** Our transport against Debian's Postfix, in a private instance. */
import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTransport } from '../../src/adapters/transport.ts'
import type { Delivery, Hop } from '../../src/ports/transport.ts'
import { type Postfix, startPostfix } from '../support/postfix.ts'

let postfix: Postfix
beforeAll(async () => {
  postfix = await startPostfix({ hostName: 'mx.example.test', domain: 'example.test' })
})
afterAll(() => postfix.stop())

const HEAD = Buffer.from(
  [
    'From: Ann <ann@sender.test>',
    'To: bob@example.test',
    'Subject: with an attachment',
    'Date: Wed, 04 Mar 2026 10:00:00 +0000',
    'Message-ID: <one@sender.test>',
    'MIME-Version: 1.0',
    'Content-Type: multipart/mixed; boundary=b',
    '',
    '',
  ].join('\r\n'),
)

/** A text with lines that start with dots, and an attachment of random octets. */
function bodyWithAttachment(octets: number): Buffer {
  const base64 = randomBytes(octets).toString('base64').replace(/.{76}/g, '$&\r\n')
  const text = '--b\r\nContent-Type: text/plain\r\n\r\n.\r\n..\r\n.hidden dot \r\n\r\n'
  const attachment = '--b\r\nContent-Type: application/octet-stream; name=a.bin\r\nContent-Transfer-Encoding: base64\r\n\r\n'
  return Buffer.from(`${text}${attachment}${base64}\r\n--b--\r\n`)
}

test('100 KB with an attachment arrive over verified STARTTLS as they were sent', async () => {
  const body = bodyWithAttachment(100 * 1024)
  const delivery: Delivery = {
    messageId: 'm1',
    envelopeFrom: 'ann@sender.test',
    recipients: ['bob@example.test', 'nobody@elsewhere.test'],
    message: { head: HEAD, body: { length: body.length, open: () => Readable.from([body.subarray(0, 50_001), body.subarray(50_001)]) } },
    eightBit: false,
    helloName: 'mta.sender.test',
  }
  const hop: Hop = { hostName: postfix.hostName, address: postfix.address, port: postfix.port, via: 'network', tls: 'required' }
  const lab = { door: () => Promise.reject(new Error('no door was expected')) }
  const transport = createTransport({ network: 'relay', lab, ca: postfix.ca })
  const result = await transport.attempt(hop, delivery)
  await transport.close()

  expect(result.kind).toBe('session')
  expect(result.outcomes).toEqual([
    {
      action: 'delivered',
      status: '2.0.0',
      reply: expect.stringMatching(/^250 2\.0\.0 Ok: queued as /),
      remote: { name: 'mx.example.test', ip: '127.0.0.1', tlsVersion: 'TLSv1.3' },
    },
    expect.objectContaining({ action: 'failed', status: '5.7.1', reply: expect.stringContaining('Relay access denied') }),
  ])

  const [stored] = await postfix.delivered(1)
  if (!stored) throw new Error('one message was promised')
  // A maildir has LF line ends and the receiver's trace fields on top.
  const sent = Buffer.concat([HEAD, body]).toString('latin1').replaceAll('\r\n', '\n')
  const file = stored.toString('latin1')
  expect(file.endsWith(sent)).toBe(true)
  const trace = file.slice(0, -sent.length).split(/\n(?![ \t])/)
  expect(trace.map(field => field.split(':')[0])).toEqual(['Return-Path', 'X-Original-To', 'Delivered-To', 'Received', ''])
  expect(trace[0]).toBe('Return-Path: <ann@sender.test>')
  expect(trace[3]).toMatch(/from mta\.sender\.test .*using TLSv1\.3/s)
})
