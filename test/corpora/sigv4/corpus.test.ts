/** The public test suite of Signature version 4 (boto/botocore 0e6e240, Apache-2.0: LICENSE and NOTICE beside it), step by step. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { canonicalRequest, parseAuthorization, type SignedRequest, signatureOf, signingKey, stringToSign } from '../../../src/http/sigv4.ts'

const SECRET = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'
const AT = '20150830T123600Z'

const cases: readonly { name: string; req: string; creq: string; sts: string; authz: string }[] = JSON.parse(
  readFileSync(new URL('aws4-testsuite.json', import.meta.url), 'utf8'),
)

/** As a server would have read it: folded lines are one, the body is hashed. */
function read(text: string): SignedRequest {
  const [head = '', body = ''] = text.split(/\n\n([^]*)/)
  const [line = '', ...lines] = head.replace(/\n[ \t]+/g, ' ').trimEnd().split('\n')
  const method = line.slice(0, line.indexOf(' '))
  const target = line.slice(method.length + 1, line.lastIndexOf(' '))
  const mark = target.indexOf('?')
  return {
    method,
    path: mark < 0 ? target : target.slice(0, mark),
    query: mark < 0 ? '' : target.slice(mark + 1),
    headers: lines.map(field => [field.slice(0, field.indexOf(':')), field.slice(field.indexOf(':') + 1)]),
    payloadHash: createHash('sha256').update(body).digest('hex'),
  }
}

test('there are 21', () => {
  expect(cases).toHaveLength(21)
})

test.each(cases)('$name', ({ req, creq, sts, authz }) => {
  const claim = parseAuthorization(authz)
  if (claim === undefined) throw new Error('the header was not understood')
  const canonical = canonicalRequest(read(req), claim.signedHeaders)
  expect(canonical).toBe(creq)
  expect(stringToSign(canonical, claim, AT)).toBe(sts)
  expect(signatureOf(signingKey(SECRET, claim), sts)).toBe(claim.signature)
})
