import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseAddress } from '../../../src/mail/address.ts'

interface Case {
  readonly id: number
  readonly address: string
  readonly category: string
  readonly diagnosis: string
}

const cases: Case[] = JSON.parse(readFileSync('test/corpora/addresses/isemail-tests.json', 'utf8'))
const RIGHT_IN_SMTP = new Set(['ISEMAIL_VALID_CATEGORY', 'ISEMAIL_DNSWARN', 'ISEMAIL_RFC5321'])

/** Diagnoses whose cases we answer otherwise than the suite. */
const OTHERWISE: Readonly<Record<string, string>> = {
  ISEMAIL_RFC5321_ADDRESSLITERAL: 'refused: SES sends to domains only, never to an IP address',
}

const accepts = (address: string): boolean => {
  try {
    parseAddress(address)
    return true
  } catch {
    return false
  }
}

describe('isemail', () => {
  it.each(cases)('$id $diagnosis', ({ address, category, diagnosis }) => {
    const right = RIGHT_IN_SMTP.has(category)
    expect(accepts(address)).toBe(diagnosis in OTHERWISE ? !right : right)
  })

  it('has cases of every kind', () => {
    expect(cases.filter(({ category }) => RIGHT_IN_SMTP.has(category)).length).toBeGreaterThan(20)
    expect(cases.filter(({ category }) => category === 'ISEMAIL_ERR').length).toBeGreaterThan(30)
  })
})
