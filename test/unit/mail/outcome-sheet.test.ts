import { expect, test } from 'vitest'
import type { Outcome } from '../../../src/mail/outcome.ts'
import { OutcomeSheet } from '../../../src/mail/outcome-sheet.ts'

const outcome = (reply: string): Outcome => ({ action: 'delivered', status: '2.0.0', reply })

test('outcomes come out in the order of the recipients, one each', () => {
  const sheet = new OutcomeSheet(['a', 'b', 'c'])
  sheet.mark(2, outcome('third'))
  expect(sheet.open).toEqual([0, 1])
  sheet.mark(0, outcome('first'))
  sheet.markRest(outcome('rest'))
  expect(sheet.close().map(({ reply }) => reply)).toEqual(['first', 'rest', 'third'])
})

test('a missing outcome, a second one and one for nobody are bugs', () => {
  const sheet = new OutcomeSheet(['a', 'b'])
  sheet.mark(0, outcome('x'))
  expect(() => sheet.mark(0, outcome('y'))).toThrow('a second outcome for a')
  expect(() => sheet.mark(2, outcome('y'))).toThrow('no recipient 2')
  expect(() => sheet.close()).toThrow('no outcome for b')
})
