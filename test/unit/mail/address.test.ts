import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MailctlError } from '../../../src/base/errors.ts'
import { formatMailbox, formatMailboxList, type Mailbox, mailboxesOf, parseMailbox, parseMailboxList } from '../../../src/mail/address.ts'

const refusal = (work: () => unknown): MailctlError => {
  try {
    work()
  } catch (error) {
    if (error instanceof MailctlError) return error
    throw error
  }
  throw new Error('nothing was refused')
}

describe('parseMailbox', () => {
  it.each([
    ['ann@example.com', 'ann@example.com', ''],
    ['Ann Lee <ann@example.com>', 'ann@example.com', 'Ann Lee'],
    ['"Lee, Ann" <ann@example.com>', 'ann@example.com', 'Lee, Ann'],
    ['John Q. Public <john@EXAMPLE.com>', 'john@example.com', 'John Q. Public'],
    ['Ann@Example.COM', 'Ann@example.com', ''],
    ['"a b"@example.com', '"a b"@example.com', ''],
    ['"plain"@example.com', 'plain@example.com', ''],
    ['ann@bücher.example', 'ann@xn--bcher-kva.example', ''],
    ['Jörg <j@straße.example>', 'j@xn--strae-oqa.example', 'Jörg'],
    ['=?utf-8?B?SsO2cmc=?= <j@example.com>', 'j@example.com', 'Jörg'],
    ['=?iso-8859-1?q?J=F6rg?= <j@example.com>', 'j@example.com', 'Jörg'],
    ['(boss) ann@example.com (Ann)', 'ann@example.com', ''],
    ['<ann@example.com>', 'ann@example.com', ''],
  ])('%s', (text, address, displayName) => {
    expect(parseMailbox(text)).toMatchObject({ address, displayName })
  })

  it.each([
    ['', 'is empty'],
    ['ann', 'has no @'],
    ['a..b@c.example', 'local part that is not valid'],
    ['a@b.example, c@d.example', 'more than one address'],
    ['Team: a@b.example;', 'more than one address'],
    ['a@b.example c@d.example', 'where a comma belongs'],
    ['ann@example.com\r\nBcc: eve@example.net', 'line break'],
    ['ann@example.com\0', 'control character'],
    ['Ann <ann@example.com', "'<' without its '>'"],
    ['"Ann <ann@example.com>', 'quote that is not closed'],
    ['ann@[192.0.2.1]', 'address literal'],
    ['ann@exa_mple.com', 'domain that is not valid'],
    ['jörg@example.com', 'not ASCII'],
    [`${'a'.repeat(65)}@example.com`, 'more than 64'],
    [`a@${'b'.repeat(64)}.example`, 'domain that is not valid'],
    ['<@relay.example:ann@example.com>', 'nothing before the @'],
    ['a@b@c.example', 'where a comma belongs'],
  ])('refuses %j', (text, why) => {
    const error = refusal(() => parseMailbox(text))
    expect(error.code).toBe('bad-data')
    expect(error.message).toContain(why)
    expect(error.message).not.toMatch(/[\r\n\0]/)
    expect(error.hint).toBeTruthy()
  })
})

describe('parseMailboxList', () => {
  it('counts the members of groups', () => {
    const found = parseMailboxList('Team: a@x.example, "B, b" <b@x.example>;, c@x.example, Undisclosed recipients:;')
    expect(found.map(({ address }) => address)).toEqual(['a@x.example', 'b@x.example', 'c@x.example'])
  })

  it('reads as many as there are, empty elements aside', () => {
    expect(parseMailboxList(' a@x.example,,\tb@x.example, ').length).toBe(2)
    expect(parseMailboxList('')).toEqual([])
  })

  it('takes time in proportion to the text', () => {
    const long = Array.from({ length: 8_000 }, (_, i) => `"Someone (${i})" <user${i}@example.com>`).join(', ')
    const started = performance.now()
    expect(parseMailboxList(long.slice(0, 250_000).replace(/,[^,]*$/, '')).length).toBeGreaterThan(5_000)
    expect(performance.now() - started).toBeLessThan(5_000)
  })
})

const localPart = fc.oneof(
  fc.stringMatching(/^[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~]{1,20}(\.[A-Za-z0-9]{1,10}){0,2}$/),
  fc.stringMatching(/^[\x20-\x7e]{1,20}$/).map(text => `"${text.replace(/["\\]/g, '\\$&')}"`),
)
const domain = fc.stringMatching(/^[a-z0-9]{1,20}(\.[a-z][a-z0-9]{1,10}){1,3}$/)
const displayName = fc
  .string({ unit: 'grapheme', maxLength: 60 })
  .filter(text => !/[\u0000-\u001f\u007f]/.test(text))
  .map(text => text.trim())

describe('mailboxesOf', () => {
  it('reads raw octets as UTF-8, or as windows-1252 where they are none', () => {
    const octets = (bytes: Buffer) => mailboxesOf({ value: bytes.toString('latin1') })[0]
    expect(octets(Buffer.from('Jörg <j@bücher.example>', 'utf8'))).toMatchObject({ displayName: 'Jörg', domain: 'xn--bcher-kva.example' })
    expect(octets(Buffer.from('Jörg <j@x.example>', 'latin1'))).toMatchObject({ displayName: 'Jörg' })
  })
})

describe('round trips', () => {
  it('gives back every mailbox it wrote', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(localPart, domain, displayName), { minLength: 1, maxLength: 5 }), parts => {
        const mailboxes = parts.map(([local, host, name]): Mailbox => ({ ...parseMailbox(`${local}@${host}`), displayName: name }))
        const written = formatMailboxList(mailboxes)
        expect(written).toMatch(/^[\x20-\x7e]*$/)
        expect(parseMailboxList(written)).toEqual(mailboxes)
      }),
    )
  })

  it('never accepts or writes a line break', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 40 }),
        fc.constantFrom('\r\n', '\n', '\r', '\0'),
        fc.string(),
        (before, evil, after) => {
          expect(refusal(() => parseMailboxList(`${before}${evil}${after}`)).code).toBe('bad-data')
        },
      ),
    )
  })

  it('writes a name that looks like an encoded word so that it stays what it is', () => {
    const mailbox = { ...parseMailbox('a@x.example'), displayName: '=?utf-8?q?x?=' }
    expect(parseMailbox(formatMailbox(mailbox)).displayName).toBe('=?utf-8?q?x?=')
  })
})
