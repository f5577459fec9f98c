import { sign } from 'node:crypto'
import { Readable } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { headerFields, selectFields, signedData } from '../../../src/mail/dkim-canonical.ts'
import { parseTags, withoutSignature } from '../../../src/mail/dkim-tags.ts'
import { bodyHasher } from '../../../src/mail/sign.ts'
import { fitsDkimSigner, signWithDkimSigner } from '../../../src/mail/sign-with-dkim-signer.ts'
import { verifyDkim } from '../../../src/mail/verify-dkim.ts'
import { HARD_CASES, SIGNING_DOMAIN, signingKeys } from '../../support/dkim-cases.ts'
import { dnsMap } from '../../support/dns-map.ts'

const { rsa, ed25519 } = signingKeys()
const ZONE = { 'r1._domainkey.sender.example TXT': rsa.record }
const HEAD =
  'From: Ann <ann@sender.example>\r\nTo: bob@rcpt.example,\r\n\tc@d.example\r\nSubject: hello   there \r\nMIME-Version: 1.0\r\n\r\n'
const BODY = 'Hello  \t there \r\n\r\n  .\r\n\r\n'

const request = (head: string, body: string | Buffer) => ({
  head: Buffer.from(head, 'latin1'),
  body: Buffer.from(body),
  domain: SIGNING_DOMAIN,
  selector: rsa.selector,
  key: rsa.privateKey,
})

/** dkim-signer's own field, made again by our code: same body hash, and over the same fields the same signature. */
async function compare(head: string, body: string): Promise<void> {
  const field = (await signWithDkimSigner(request(head, body))).toString('latin1')
  const tags = parseTags(field.slice(field.indexOf(':') + 1, -2), 'the signature')
  const hasher = bodyHasher()
  hasher.update(Buffer.from(body))
  expect(tags.get('bh')).toBe(hasher.digest().toString('base64'))
  const names = tags.get('h')?.replace(/\s/g, '').split(':') ?? []
  const [signature] = headerFields(Buffer.from(field, 'latin1'))
  const data = signedData(selectFields(headerFields(Buffer.from(head)), names), withoutSignature(signature?.text ?? ''), 'relaxed')
  expect(tags.get('b')?.replace(/\s/g, '')).toBe(sign('sha256', data, rsa.privateKey).toString('base64'))
  const verdicts = await verifyDkim({
    head: Buffer.from(field + head, 'latin1'),
    body: Readable.from([Buffer.from(body)]),
    lookup: dnsMap(ZONE).lookup,
    now: 0,
  })
  expect(verdicts.map(({ result, detail }) => `${result}: ${detail}`)).toEqual(['pass: rsa-sha256, 2048 bits'])
}

describe('within the guard dkim-signer agrees with our signer', () => {
  test('on a plain message', () => compare(HEAD, BODY))

  test('on any message of that kind', async () => {
    const word = fc.stringMatching(/^[ -~\t]{0,30}$/)
    const value = word.map(text => text.replace(/^[ \t]*$/, 'x'))
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.constantFrom('Subject', 'To', 'Cc', 'Reply-To', 'X-Other', 'Date'), value), { maxLength: 5 }),
        fc.array(word, { minLength: 1, maxLength: 8 }),
        async (fields, lines) => {
          const once = [...new Map(fields)].map(([name, text]) => `${name}: ${text}\r\n`).join('')
          const [head, body] = [`From: a@b.example\r\n${once}\r\n`, `${lines.join('\r\n')}\r\n`]
          fc.pre(fitsDkimSigner(Buffer.from(head), Buffer.from(body)))
          await compare(head, body)
        },
      ),
      { numRuns: 100 },
    )
  })

  test('leaves out what is excluded, but not From', async () => {
    const field = await signWithDkimSigner({ ...request(HEAD, BODY), exclude: ['subject', 'From'] })
    expect(field.toString().replace(/\s/g, '')).toContain('h=from:to:mime-version;')
  })
})

describe('outside the guard it is refused with the reason', () => {
  test.each([
    ['an empty body', HEAD, '', 'empty or blank'],
    ['a blank body', HEAD, ' \r\n\t\r\n', 'empty or blank'],
    ['no empty line', HEAD.slice(0, -2), BODY, 'empty line'],
    ['a non-breaking space', HEAD, 'a\u00a0\r\n', 'ASCII'],
    ['Latin-1 in a field', HEAD.replace('hello', 'h\xe9llo'), BODY, 'ASCII'],
    ['a form feed', HEAD, 'a\fb\r\n', 'ASCII'],
    ['a vertical tab', HEAD, 'a\vb\r\n', 'ASCII'],
    ['a bare CR', HEAD, 'a\rb\r\n', 'bare CR or LF'],
    ['a bare LF', HEAD, 'a\nb\r\n', 'bare CR or LF'],
    ['a long run of blanks', HEAD, `a${' '.repeat(1000)}b\r\n`, '1000 blanks'],
    ['a long run of blank lines', HEAD, `a\r\n${' \r\n'.repeat(1000)}b\r\n`, 'blank lines'],
    ['a field of many lines', `X: a${'\r\n b'.repeat(500)}\r\n${HEAD}`, BODY, '500 lines'],
    ['more than 256 KB', HEAD, 'a line\r\n'.repeat(40_000), 'larger than 256 KB'],
    ['two To fields', `To: a@b.example\r\n${HEAD}`, BODY, 'to twice'],
    ['no From', 'To: a@b.example\r\n\r\n', BODY, 'no From'],
  ])('%s', async (_, head, body, reason) => {
    expect(fitsDkimSigner(Buffer.from(head, 'latin1'), Buffer.from(body))).toBe(false)
    await expect(signWithDkimSigner(request(head, body))).rejects.toMatchObject({
      code: 'bad-data',
      message: expect.stringContaining(reason),
      hint: 'Use --signer own.',
    })
  })

  test('an Ed25519 key, and a selector that injects a field', async () => {
    await expect(signWithDkimSigner({ ...request(HEAD, BODY), key: ed25519.privateKey })).rejects.toMatchObject({ code: 'bad-data' })
    await expect(signWithDkimSigner({ ...request(HEAD, BODY), selector: 's\r\nX-Inj: 1' })).rejects.toMatchObject({ code: 'bad-data' })
  })

  test.each(HARD_CASES)('the hard case "$name" does not fit, or is signed rightly', async ({ name, head, body }) => {
    const isFit = fitsDkimSigner(Buffer.from(head, 'latin1'), body)
    if (isFit) await compare(head, body.toString('latin1'))
    const isWronglySigned =
      /empty body|one empty line|blank lines only|white space only|Unicode|no UTF-8|form feed|vertical tab|no blank line/.test(name)
    if (isWronglySigned) expect(isFit).toBe(false)
  })
})
