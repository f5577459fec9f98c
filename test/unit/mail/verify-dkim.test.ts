import { createPublicKey, generateKeyPairSync, sign } from 'node:crypto'
import { Readable } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BodyHasher, canonicalField, headerFields, selectFields, signedData } from '../../../src/mail/dkim-canonical.ts'
import type { DnsAnswer } from '../../../src/mail/dns-record.ts'
import { readRawMessage } from '../../../src/mail/raw-message.ts'
import { DKIM_RULES, type DkimVerdict, verifyDkim } from '../../../src/mail/verify-dkim.ts'
import { HARD_CASES, SIGNING_DOMAIN, signedBy, signedMessage, signingKeys } from '../../support/dkim-cases.ts'
import { type DnsMap, dnsMap } from '../../support/dns-map.ts'

const { rsa, ed25519 } = signingKeys()
const ZONE: DnsMap = { 'r1._domainkey.sender.example TXT': rsa.record, 'e1._domainkey.sender.example TXT': ed25519.record }
const NOW = Date.parse('2026-01-02T00:00:00Z')

async function verdicts(message: Buffer, zone = ZONE, chunkBytes = 65_536): Promise<DkimVerdict[]> {
  const chunks: Buffer[] = []
  for (let i = 0; i < message.length; i += chunkBytes) chunks.push(message.subarray(i, i + chunkBytes))
  const { head, body } = await readRawMessage(Readable.from(chunks))
  return verifyDkim({ head, body, lookup: dnsMap(zone).lookup, now: NOW })
}
const results = async (message: Buffer, zone = ZONE, chunkBytes?: number): Promise<string[]> =>
  (await verdicts(message, zone, chunkBytes)).map(({ result }) => result)

const HEAD = 'From: Ann <ann@sender.example>\r\nTo: bob@rcpt.example\r\nSubject: hello\r\n\r\n'
const BODY = 'Hello\r\n'

/** Signs with tags of the test's choosing, by the canonical forms alone. */
function signedWith(tags: Readonly<Record<string, string | undefined>>, { head = HEAD, body = BODY, key = rsa.privateKey } = {}): Buffer {
  const c = tags.c ?? 'relaxed/relaxed'
  const [header, text] = c.split('/') as ['relaxed' | 'simple', 'relaxed' | 'simple']
  const limit = tags.l === undefined ? {} : { limit: Number(tags.l) }
  const hasher = new BodyHasher({ canonicalization: text ?? 'simple', algorithm: 'sha256', ...limit })
  hasher.update(Buffer.from(body))
  const all = {
    v: '1',
    a: 'rsa-sha256',
    c,
    d: SIGNING_DOMAIN,
    s: 'r1',
    h: 'from:to:subject',
    bh: hasher.digest().hash.toString('base64'),
    ...tags,
  }
  const list = Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]))
  const field = `DKIM-Signature: ${list.join('; ')}; b=`
  const names = (all.h ?? '').split(':').map(name => name.trim())
  const data = signedData(selectFields(headerFields(Buffer.from(head)), names), field, header)
  return Buffer.from(`${field}${sign('sha256', data, key).toString('base64')}\r\n${head}${body}`)
}

describe('our signer before our verifier', () => {
  test.each(HARD_CASES)('$name', async hard => {
    const message = signedMessage(await signedBy([rsa, ed25519], hard), hard)
    expect(await results(message)).toEqual(['pass', 'pass'])
    if (message.length < 10_000) expect(await results(message, ZONE, 1)).toEqual(['pass', 'pass'])
  })

  test('over-signing: a From added above or below breaks the signature', async () => {
    const part = { head: HEAD, body: Buffer.from(BODY) }
    const [field = Buffer.alloc(0)] = await signedBy([rsa], part)
    const evil = 'From: eve@evil.example\r\n'
    expect(await results(signedMessage([field], { ...part, head: evil + HEAD }))).toEqual(['fail'])
    expect(await results(signedMessage([field], { ...part, head: HEAD.replace('\r\n\r\n', `\r\n${evil}\r\n`) }))).toEqual(['fail'])
  })
})

describe('a signature', () => {
  test.each([
    ['as it should be', {}, 'pass'],
    ['without v=', { v: undefined }, 'permerror'],
    ['of version 2', { v: '2' }, 'neutral'],
    ['of an unknown algorithm', { a: 'rsa-md5' }, 'neutral'],
    ['with rsa-sha1', { a: 'rsa-sha1' }, 'policy'],
    ['with an algorithm in capitals', { a: 'RSA-SHA256' }, 'pass'],
    ['without From in h=', { h: 'to:subject' }, 'permerror'],
    ['with an empty name in h=', { h: 'from::to' }, 'permerror'],
    ['with blanks around the colons of h=', { h: 'from : to : subject' }, 'pass'],
    ['with an unknown canonical form', { c: 'relaxed/nowsp' }, 'permerror'],
    ['with the body form left out, which means simple', { c: 'relaxed' }, 'pass'],
    ['with an unknown query method', { q: 'http' }, 'neutral'],
    ['with a known query method among others', { q: 'http:dns/txt' }, 'pass'],
    ['with i= below d=', { i: 'ann@news.sender.example' }, 'pass'],
    ['with i= elsewhere', { i: '@evil.example' }, 'permerror'],
    ['with i= that only ends like d=', { i: '@evilsender.example' }, 'permerror'],
    ['with i= in quoted-printable', { i: 'a=3Bb=40@sender.example' }, 'pass'],
    ['that expired', { x: '1735689600' }, 'fail'],
    ['that expires before it begins', { t: '1767300000', x: '1767299999' }, 'permerror'],
    ['that expires later', { t: '1767225600', x: '1798761600' }, 'pass'],
    ['with a time that is none', { t: 'today' }, 'permerror'],
    ['with l= over the whole body', { l: '7' }, 'pass'],
    ['with l= beyond the body', { l: '8' }, 'fail'],
    ['with l= of no number', { l: '-1' }, 'permerror'],
    ['with a selector that is no name', { s: 'a b' }, 'permerror'],
    ['with an empty domain', { d: '' }, 'permerror'],
    ['with bh= that is no base64', { bh: 'x' }, 'permerror'],
    ['with an unknown tag', { zz: 'anything' }, 'pass'],
  ])('%s', async (_, tags, expected) => {
    const [verdict] = await verdicts(signedWith(tags))
    expect(verdict?.result, verdict?.detail).toBe(expected)
  })

  test('with a tag twice, or a line that is no tag', async () => {
    const good = signedWith({}).toString()
    expect(await results(Buffer.from(good.replace('v=1;', 'v=1; v=1;')))).toEqual(['permerror'])
    expect(await results(Buffer.from(good.replace('v=1;', 'v=1;;')))).toEqual(['permerror'])
    expect(await results(Buffer.from(good.replace('v=1;', 'v=1; é=1;')))).toEqual(['permerror'])
  })

  test('with l= that leaves out the end tells how much it covers', async () => {
    const message = Buffer.concat([signedWith({ l: '7' }), Buffer.from('added\r\n')])
    expect(await verdicts(message)).toMatchObject([{ result: 'pass', detail: expect.stringContaining('l= covers only 7 of 14 octets') }])
  })

  test('among too many is not looked at, and that is said', async () => {
    const good = signedWith({}).toString()
    const field = good.slice(0, good.indexOf('From:'))
    const { lookup, asked } = dnsMap(ZONE)
    const { head, body } = await readRawMessage(Readable.from([Buffer.from(field.repeat(500) + HEAD + BODY)]))
    const many = await verifyDkim({ head, body, lookup, now: NOW })
    expect(many).toHaveLength(DKIM_RULES.maxSignatures + 1)
    expect(many.at(-1)).toMatchObject({ result: 'policy', detail: '490 more signatures were not looked at' })
    expect(asked).toHaveLength(DKIM_RULES.maxSignatures)
  })

  test('is not needed: an unsigned message has no verdict and its body is not read', async () => {
    const body = {
      [Symbol.asyncIterator]: (): AsyncIterator<Buffer> => {
        throw new Error('the body was read')
      },
    }
    expect(await verifyDkim({ head: Buffer.from(HEAD), body, lookup: dnsMap(ZONE).lookup, now: NOW })).toEqual([])
  })
})

describe('a key', () => {
  const spki = rsa.record.slice(rsa.record.indexOf('p='))
  const pkcs1 = createPublicKey(rsa.privateKey).export({ type: 'pkcs1', format: 'der' }).toString('base64')
  test.each<[string, string | readonly string[], string]>([
    ['without v= and k=', spki, 'pass'],
    ['as RSAPublicKey', `v=DKIM1; p=${pkcs1}`, 'pass'],
    ['with white space in p=', `v=DKIM1; ${spki.slice(0, 60)} ${spki.slice(60, 90)}\t${spki.slice(90)}`, 'pass'],
    ['with an unknown tag and a final semicolon', `v=DKIM1; n=notes; zz=1; ${spki};`, 'pass'],
    ['of another version', `v=DKIM2; ${spki}`, 'permerror'],
    ['with v= not first', `${spki}; v=DKIM1`, 'permerror'],
    ['for another hash', `v=DKIM1; h=sha1; ${spki}`, 'permerror'],
    ['for several hashes', `v=DKIM1; h=sha1 : sha256; ${spki}`, 'pass'],
    ['of another type', `v=DKIM1; k=ed25519; ${spki}`, 'permerror'],
    ['for another service', `v=DKIM1; s=tlsrpt; ${spki}`, 'permerror'],
    ['for mail among others', `v=DKIM1; s=chat:email; ${spki}`, 'pass'],
    ['in testing', `v=DKIM1; t=y; ${spki}`, 'pass'],
    ['revoked', 'v=DKIM1; p=', 'permerror'],
    ['without p=', 'v=DKIM1', 'permerror'],
    ['of rubbish', 'v=DKIM1; p=AAAA', 'permerror'],
    ['that is no list of tags', 'hello', 'permerror'],
    ['beside another record', ['v=spf1 -all', rsa.record], 'pass'],
    ['that is silent', 'fail', 'temperror'],
    [
      'too short',
      `p=${generateKeyPairSync('rsa', { modulusLength: 768 }).publicKey.export({ type: 'spki', format: 'der' }).toString('base64')}`,
      'policy',
    ],
    [
      'of another pair',
      `p=${generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ type: 'spki', format: 'der' }).toString('base64')}`,
      'fail',
    ],
  ])('%s', async (_, record, expected) => {
    const [verdict] = await verdicts(signedWith({}), { 'r1._domainkey.sender.example TXT': record })
    expect(verdict?.result, verdict?.detail).toBe(expected)
  })

  test('with t=s does not sign for subdomains', async () => {
    const zone = { 'r1._domainkey.sender.example TXT': `v=DKIM1; t=y:s; ${spki}` }
    expect(await results(signedWith({ i: '@sender.example' }), zone)).toEqual(['pass'])
    expect(await results(signedWith({ i: '@news.sender.example' }), zone)).toEqual(['permerror'])
  })

  test('that does not exist, or whose lookup breaks', async () => {
    expect(await results(signedWith({}), {})).toEqual(['permerror'])
    const { head, body } = await readRawMessage(Readable.from([signedWith({})]))
    const broken = (): Promise<DnsAnswer> => Promise.reject(new Error('socket closed'))
    expect(await verifyDkim({ head, body, lookup: broken, now: NOW })).toMatchObject([{ result: 'temperror' }])
  })
})

describe('whatever the message is', () => {
  const octet = fc.oneof({ weight: 6, arbitrary: fc.integer({ min: 0, max: 255 }) }, { weight: 4, arbitrary: fc.constantFrom(0x20, 0x09) })
  const text = fc.array(octet, { maxLength: 60 }).map(octets =>
    Buffer.from(octets)
      .toString('latin1')
      .replace(/[\r\n\0]/g, 'x'),
  )
  const line = text.map(each => `${each}\r\n`)
  const value = fc.array(text, { minLength: 1, maxLength: 3 }).map(parts => parts.map(part => part.replace(/^/, ' ')).join('\r\n'))
  const field = fc
    .tuple(fc.constantFrom('To', 'tO', 'Cc', 'Subject', 'Date', 'Content-Type', 'Content-X', 'X-Other', 'Reply-To', 'Message-ID'), value)
    .map(([name, each]) => `${name}:${each}\r\n`)
  const message = fc.record({
    head: fc
      .tuple(fc.array(field, { maxLength: 8 }), fc.array(field, { maxLength: 4 }))
      .map(([before, after]) => `${before.join('')}From: a@b.example\r\n${after.join('')}\r\n`),
    body: fc.array(line, { maxLength: 10 }).map(lines => Buffer.from(lines.join(''), 'latin1')),
  })

  test('it is signed so that it verifies', async () => {
    await fc.assert(
      fc.asyncProperty(message, fc.integer({ min: 1, max: 40 }), async (part, chunkBytes) => {
        expect(await results(signedMessage(await signedBy([ed25519], part), part), ZONE, chunkBytes)).toEqual(['pass'])
      }),
      { numRuns: 200 },
    )
  })

  test('a flipped octet of the body is found', async () => {
    await fc.assert(
      fc.asyncProperty(message, fc.nat(), async (part, at) => {
        const visible = [...part.body.keys()].filter(i => !' \t\r\n'.includes(String.fromCharCode(part.body[i] as number)))
        fc.pre(visible.length > 0)
        const index = visible[at % visible.length] as number
        const body = Buffer.from(part.body)
        // Flips to another octet that is no white space, CR or LF either.
        body[index] = (body[index] as number) ^ 0x80
        fc.pre(!' \t\r\n'.includes(String.fromCharCode(body[index] as number)))
        expect(await results(signedMessage(await signedBy([ed25519], part), { ...part, body }))).toEqual(['fail'])
      }),
      { numRuns: 100 },
    )
  })

  test('blanks and blank lines that the canonical form forgets do not matter', async () => {
    await fc.assert(
      fc.asyncProperty(message, async part => {
        const signatures = await signedBy([ed25519], part)
        const body = Buffer.from(
          part.body
            .toString('latin1')
            .replace(/[ \t]+/g, '\t \t')
            .replace(/\r\n/g, ' \r\n') + (part.body.length > 0 ? '\r\n \r\n' : ''),
          'latin1',
        )
        const head = part.head.replace(/^(?:From|To|tO)/gm, name => name.toUpperCase())
        expect(await results(signedMessage(signatures, { head, body }))).toEqual(['pass'])
      }),
      { numRuns: 100 },
    )
  })

  test('rubbish gives verdicts, never an exception', async () => {
    const tags = fc.array(fc.tuple(fc.constantFrom('v', 'a', 'b', 'bh', 'c', 'd', 'h', 'i', 'l', 'q', 's', 't', 'x', ''), text), {
      maxLength: 14,
    })
    await fc.assert(
      fc.asyncProperty(tags, text, async (list, record) => {
        const field = `DKIM-Signature: ${list.map(([name, each]) => `${name}=${each}`).join(';')}\r\n`
        const found = await verdicts(Buffer.from(field + HEAD + BODY, 'latin1'), { 'r1._domainkey.sender.example TXT': record })
        expect(found.map(({ result }) => result)).not.toContain('pass')
        expect(await results(signedWith({}), { 'r1._domainkey.sender.example TXT': record })).not.toContain('pass')
      }),
      { numRuns: 200 },
    )
  })
})

describe('hostile input stays linear', () => {
  const timed = async (run: () => Promise<unknown>): Promise<number> => {
    const started = performance.now()
    await run()
    return performance.now() - started
  }
  /** Quadratic code needs minutes for these; the limit is far above what linear code needs on a slow machine. */
  test.each([
    ['one line of blanks in the body', HEAD, `${' '.repeat(4_000_000)}x\r\n`],
    ['only line ends in the body', HEAD, `${'\r\n'.repeat(2_000_000)}x\r\n`],
    ['a field of blanks', `Subject: a${' '.repeat(900_000)}b\r\n${HEAD}`, BODY],
    ['a field of folds', `Subject: a${'\r\n x'.repeat(200_000)}\r\n${HEAD}`, BODY],
    ['a hundred thousand fields', `${'To: a\r\n'.repeat(100_000)}${HEAD}`, BODY],
  ])('%s', async (_, head, body) => {
    const took = await timed(async () => {
      const part = { head, body: Buffer.from(body) }
      expect(await results(signedMessage(await signedBy([ed25519], part), part))).toEqual(['pass'])
    })
    expect(took).toBeLessThan(10_000)
  })
})

describe('canonical fields', () => {
  test.each([
    ['SUBJect \t: \t a \t b \r\n\t c \t', 'subject:a b c'],
    ['Subject:', 'subject:'],
    ['Subject: \t', 'subject:'],
    ['Subject:\r\n a', 'subject:a'],
    ['X: a\u00a0 \u00a0', 'x:a\u00a0 \u00a0'],
    ['X: \f a \v', 'x:\f a \v'],
  ])('%j', (raw, canonical) => {
    expect(canonicalField({ text: raw }, 'relaxed')).toBe(canonical)
    expect(canonicalField({ text: raw }, 'simple')).toBe(raw)
  })

  test('are chosen from the bottom up, each once', () => {
    const fields = headerFields(Buffer.from('To: 1\r\nCc: 2\r\nTO: 3\r\nTo: 4\r\n\r\nTo: body\r\n'))
    expect(selectFields(fields, ['to', 'To', 'cc', 'to', 'to', 'x']).map(({ text }) => text)).toEqual(['To: 4', 'TO: 3', 'Cc: 2', 'To: 1'])
  })
})
