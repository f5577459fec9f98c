import { expect, it } from 'vitest'
import { checkTemplateContent, checkTemplateName } from '../../../src/account/template.ts'

it.each(['a', 'Order_7-b', 'x'.repeat(64)])('%s is the name of a template', name => {
  expect(() => checkTemplateName(name)).not.toThrow()
})

it.each(['', 'x'.repeat(65), 'a b', 'ä', 'a/b', '../a', 'a\n'])('%j is none', name => {
  expect(() => checkTemplateName(name)).toThrow(expect.objectContaining({ code: 'bad-data' }))
})

const none = { subject: null, text: null, html: null }

it('any one part is enough, and all three together fit 500 KB', () => {
  for (const part of ['subject', 'text', 'html']) expect(() => checkTemplateContent({ ...none, [part]: 'x' })).not.toThrow()
  expect(() => checkTemplateContent({ ...none, html: 'é'.repeat(256_000) })).not.toThrow()
})

it.each([
  [none, 'no subject, no text and no HTML'],
  [{ ...none, text: '' }, 'no subject, no text and no HTML'],
  [{ ...none, subject: 'a\nBcc: eve@example.com' }, 'line break'],
  [{ ...none, text: 'x', html: 'é'.repeat(256_000) }, 'larger than 500 KB'],
])('%#: is refused', (content, message) => {
  expect(() => checkTemplateContent(content)).toThrow(message)
})
