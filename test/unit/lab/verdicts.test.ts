import { Readable } from 'node:stream'
import { describe, expect, test, vi } from 'vitest'
import { type Delivery, judge } from '../../../src/lab/verdicts.ts'
import { SIGNING_DOMAIN, signedBy, signedMessage, signingKeys } from '../../support/dkim-cases.ts'
import { type DnsMap, dnsMap } from '../../support/dns-map.ts'

const { rsa } = signingKeys()
const NOW = Date.parse('2026-01-02T00:00:00Z')
const ZONE: DnsMap = {
  'r1._domainkey.sender.example TXT': rsa.record,
  'sender.example TXT': ['some other text', 'v=spf1 ip4:192.0.2.1 a:mail.sender.example -all'],
  'mail.sender.example A': '198.51.100.7',
  '_dmarc.sender.example TXT': 'v=DMARC1; p=reject; adkim=s',
}
const HARD = { head: 'From: Ann <ann@sender.example>\r\nSubject: s\r\nTo: bob@rcpt.example\r\n\r\n', body: Buffer.from('Hello\r\n') }
const signed = async (part = HARD): Promise<Buffer> => signedMessage(await signedBy([rsa], part), part)
const judged = (message: Buffer | Readable, more: Partial<Delivery> = {}, zone = ZONE) =>
  judge({
    ip: '192.0.2.1',
    helo: 'mail.sender.example',
    mailFrom: 'bounce@sender.example',
    now: NOW,
    open: () => (message instanceof Readable ? message : Readable.from([message], { objectMode: false })),
    lookup: dnsMap(zone).lookup,
    ...more,
  })

describe('a receiver of the lab', () => {
  test('passes what is signed, sent from the right address and aligned', async () => {
    expect(await judged(await signed())).toEqual({
      spf: { domain: SIGNING_DOMAIN, result: 'pass' },
      dkim: [{ domain: SIGNING_DOMAIN, selector: 'r1', result: 'pass', detail: '' }],
      dmarc: { domain: SIGNING_DOMAIN, result: 'pass', policy: 'reject' },
    })
  })

  test('lets DKIM carry DMARC when SPF fails, and SPF when there is no signature', async () => {
    const forwarded = await judged(await signed(), { ip: '203.0.113.9' })
    expect([forwarded.spf.result, forwarded.dmarc.result]).toEqual(['fail', 'pass'])
    const unsigned = await judged(signedMessage([], HARD), { ip: '198.51.100.7' })
    expect(unsigned).toMatchObject({ spf: { result: 'pass' }, dkim: [], dmarc: { result: 'pass' } })
  })

  test('fails DMARC when neither is aligned', async () => {
    const verdicts = await judged(signedMessage([], HARD), { mailFrom: 'x@other.example' })
    expect(verdicts).toMatchObject({ spf: { domain: 'other.example', result: 'none' }, dmarc: { result: 'fail', policy: 'reject' } })
  })

  test('keeps to strict alignment, which mailauth does not', async () => {
    const part = { ...HARD, head: HARD.head.replace('ann@sender.example', 'ann@news.sender.example') }
    const verdicts = await judged(
      await signed(part),
      { ip: '203.0.113.9' },
      { ...ZONE, '_dmarc.news.sender.example TXT': 'v=DMARC1; p=quarantine; adkim=s' },
    )
    expect(verdicts).toMatchObject({ dkim: [{ result: 'pass' }], dmarc: { result: 'fail', policy: 'quarantine' } })
  })

  test('does not pass a changed body, a second From or a missing key', async () => {
    const changed = Buffer.concat([await signed(), Buffer.from('more\r\n')])
    expect((await judged(changed)).dkim[0]?.result).not.toBe('pass')
    const twice = Buffer.concat([Buffer.from('From: eve@sender.example\r\n'), await signed()])
    expect(await judged(twice)).toMatchObject({ dmarc: { result: 'permerror' } })
    const keyless = await judged(await signed(), {}, { '_dmarc.sender.example TXT': 'fail' })
    expect(keyless).toMatchObject({
      spf: { result: 'none' },
      dkim: [{ result: 'neutral', detail: 'no key' }],
      dmarc: { result: 'temperror' },
    })
  })

  test('takes a null return path, a message of fields only and one of nothing', async () => {
    const report = await judged(await signed(), { mailFrom: '', helo: 'sender.example' })
    expect(report.spf).toEqual({ domain: 'sender.example', result: 'pass' })
    const fieldsOnly = { head: 'From: ann@sender.example\r\nSubject: s\r\n', body: Buffer.alloc(0) }
    expect((await judged(await signed(fieldsOnly))).dkim[0]?.result).toBe('pass')
    expect(await judged(Buffer.alloc(0))).toMatchObject({ dkim: [], dmarc: { result: 'permerror' } })
    expect(await judged(Buffer.alloc(2 * 1024 * 1024, 'X: y\r\n'))).toMatchObject({ dkim: [], dmarc: { result: 'permerror' } })
  })

  test('prints nothing, not even for an l= that is wrong', async () => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => {})
    const [field] = await signedBy([rsa], HARD)
    const message = Buffer.concat([
      Buffer.from((field ?? '').toString().replace('v=1;', 'v=1; l=1000;')),
      Buffer.from(HARD.head),
      HARD.body,
    ])
    const { dkim } = await judged(message)
    expect(dkim[0]?.result).toBe('fail')
    expect(log).not.toHaveBeenCalled()
    log.mockRestore()
  })

  test('streams: 40 MB add little memory', async () => {
    const line = Buffer.from(`${'x'.repeat(70)}\r\n`.repeat(900))
    const part = { head: HARD.head, body: Buffer.alloc(0) }
    const head = signedMessage(await signedBy([rsa], part), part)
    await judged(await signed())
    const before = process.memoryUsage.rss()
    let peak = 0
    let looks = 0
    const chunks = function* (): Generator<Buffer> {
      yield head
      for (let sent = 0; sent < 40 * 1024 * 1024; sent += line.length) {
        peak = Math.max(peak, process.memoryUsage.rss() - before)
        looks += 1
        yield line
      }
    }
    const { dkim } = await judged(Readable.from(chunks(), { objectMode: false }))
    expect(dkim[0]?.result).toBe('neutral')
    expect(looks).toBeGreaterThan(600)
    expect(peak / 1024 / 1024).toBeLessThan(32)
  })
})
