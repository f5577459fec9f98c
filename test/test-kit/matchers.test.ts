/** The matchers in `expect` of vitest: what passes, and what is said when it does not. */
import { beforeAll, expect, test } from 'vitest'
import { type MailAssertions, mailAccount, mailMatchers, type ReceivedMail } from '../../src/test-kit/index.ts'

declare module 'vitest' {
  interface Matchers<T> extends MailAssertions {}
}
expect.extend(mailMatchers)

let mail: ReceivedMail
beforeAll(async () => {
  const account = await mailAccount()
  await account.send({
    from: 'orders@example.com',
    to: 'ann@gmail.com',
    subject: 'Your order 17',
    text: 'See https://shop.example/orders/17',
    attachments: [{ name: 'invoice.pdf', content: '%PDF-1.4' }],
  })
  mail = await account.inbox.next()
  await account.close()
})

test('what is so passes, by part and by pattern, and may be denied', () => {
  expect(mail).toHaveSubject('order')
  expect(mail).toHaveSubject(/^Your order \d+$/)
  expect(mail).toBeDeliveredTo('ANN@gmail.com')
  expect(mail).toContainText('See https')
  expect(mail).toHaveLink('/orders/17')
  expect(mail).toHaveAttachment('invoice.pdf')
  expect(mail).toHaveAttachment(/\.pdf$/)
  expect(mail).toBeAuthenticated()
  expect(mail).not.toHaveSubject('invoice')
  expect(mail).not.toHaveLink('evil')
})

test.each<[string, () => void, string]>([
  [
    'subject',
    () => expect(mail).toHaveSubject('invoice'),
    "the mail 'Your order 17' has not the subject 'invoice'; it has \n  Your order 17",
  ],
  ['recipient', () => expect(mail).toBeDeliveredTo('bob@gmail.com'), 'has not the recipient bob@gmail.com; it has \n  ann@gmail.com'],
  ['text', () => expect(mail).toContainText(/goodbye/), 'has not the text /goodbye/; it has \n  See https://shop.example/orders/17'],
  ['link', () => expect(mail).toHaveLink('/login'), "has not the link '/login'; it has \n  https://shop.example/orders/17"],
  ['attachment', () => expect(mail).toHaveAttachment('a.txt'), "has not the attachment 'a.txt'; it has \n  invoice.pdf"],
  ['denial', () => expect(mail).not.toHaveSubject('order'), "the mail 'Your order 17' was not to have the subject 'order'"],
])('%s: what is not so says what is', (_, claim, words) => {
  expect(claim).toThrow(words)
})
