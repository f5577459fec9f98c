/** The tags that every event carries say who submitted, and how. SES facts: events, "Auto tags". */
import { createTransport } from 'nodemailer'
import { expect, onTestFinished, test } from 'vitest'
import { serve } from '../../src/serve.ts'
import { openEngine } from '../support/engine.ts'

const mail = 'From: orders@shop.example\nTo: ann@gmail.com\nX-SES-MESSAGE-TAGS: flow=receipt, ses:feedback-id-a=batch7\n\nHello\n'
const forged = 'From: orders@shop.example\nTo: ann@gmail.com\nX-SES-MESSAGE-TAGS: ses:source-ip=192.0.2.1\n\nHello\n'

test('an SMTP client is named by its address, a command by its tool; nobody names himself', async () => {
  const { app, submit } = await openEngine({ clock: 'system' })
  const stop = new AbortController()
  const { doors, ended } = await serve(
    app,
    { smtp: { host: '127.0.0.1', port: 0 }, smtps: undefined, smtpTrust: '127.0.0.0/8' },
    { signal: stop.signal, warn: () => {}, version: '0.0.0' },
  )
  onTestFinished(async () => {
    stop.abort()
    await ended
  })
  const port = Number(doors.Smtp?.split(':')[1])
  const client = createTransport({ host: '127.0.0.1', port, ignoreTLS: true, localAddress: '127.0.0.2' })
  onTestFinished(() => client.close())
  const send = (raw: string) =>
    client.sendMail({ envelope: { from: 'orders@shop.example', to: ['ann@gmail.com'] }, raw: raw.replaceAll('\n', '\r\n') })
  const { response } = await send(mail)
  const [{ event } = { event: undefined }] = await app.store.events({ messageId: response.replace('250 Ok ', ''), type: 'Send' })
  expect(event?.mail.tags).toEqual({
    'ses:operation': ['SendSmtpEmail'],
    'ses:source-ip': ['127.0.0.2'],
    'ses:from-domain': ['shop.example'],
    'ses:caller-identity': ['smtp-trust'],
    'ses:feedback-id-a': ['batch7'],
    flow: ['receipt'],
  })
  await expect(send(forged)).rejects.toMatchObject({ response: expect.stringContaining('554 Transaction failed: Invalid tag name') })

  const { messageId } = await submit(mail.replace('flow=receipt, ses:feedback-id-a=batch7', 'flow=x'), { operation: 'SendRawEmail' })
  const [{ event: own } = { event: undefined }] = await app.store.events({ messageId, type: 'Send' })
  expect(own?.mail.tags).toMatchObject({
    'ses:operation': ['SendRawEmail'],
    'ses:source-ip': ['127.0.0.1'],
    'ses:caller-identity': ['mailctl'],
  })
})
