/** What a transport is given: a hop to a port of this machine, and a small message for Ann. */
import { Readable } from 'node:stream'
import type { Delivery, Hop } from '../../src/ports/transport.ts'
import { CERTIFICATE_NAME } from './certificate.ts'

export const HEAD = Buffer.from('From: a@example.test\r\nSubject: hello\r\n\r\n')
export const BODY = Buffer.from('hello\r\n.\r\n..two\r\nbye\r\n')

export const hopTo = (port: number, more: Partial<Hop> = {}): Hop => ({
  hostName: CERTIFICATE_NAME,
  address: '127.0.0.1',
  port,
  via: 'network',
  tls: 'opportunistic',
  ...more,
})

export function deliveryOf(more: Partial<Delivery> = {}, body: Buffer = BODY): Delivery {
  return {
    messageId: 'm1',
    envelopeFrom: 'a@example.test',
    recipients: ['ann@example.test'],
    message: { head: HEAD, body: { length: body.length, open: () => Readable.from([body]) } },
    eightBit: false,
    helloName: 'mta.example.test',
    ...more,
  }
}
