import { describe, expect, it } from 'vitest'
import type { DnsRecord } from '../../../src/mail/dns-record.ts'
import { Zone } from '../../../src/wire/zone.ts'

const txt = (name: string, text: string): DnsRecord => ({ type: 'TXT', name, ttl: 60, text })
const cname = (name: string, target: string): DnsRecord => ({ type: 'CNAME', name, ttl: 60, target })
const zone = (records: readonly DnsRecord[] = []): Zone => {
  const made = new Zone({ apexes: ['shop.test', 'dkim.mta.test'], server: 'ns.mta.test' })
  made.add(records)
  return made
}

describe('Zone.lookup', () => {
  const records = [
    txt('shop.test', 'v=spf1 -all'),
    txt('a.b.c.shop.test', 'deep'),
    cname('alias.shop.test', 'middle.shop.test'),
    cname('middle.shop.test', 'end.dkim.mta.test'),
    txt('end.dkim.mta.test', 'key'),
    cname('dangling.shop.test', 'nothing.shop.test'),
    cname('leaving.shop.test', 'elsewhere.example'),
    cname('one.shop.test', 'two.shop.test'),
    cname('two.shop.test', 'one.shop.test'),
    { type: 'MX', name: 'shop.test', ttl: 60, preference: 10, exchange: 'mx.shop.test' } as const,
  ]
  const cases: [string, string, string, string, number, number][] = [
    ['the exact record', 'shop.test', 'TXT', 'NOERROR', 1, 0],
    ['letter case aside', 'SHOP.Test', 'TXT', 'NOERROR', 1, 0],
    ['another type of the same name', 'shop.test', 'MX', 'NOERROR', 1, 0],
    ['no data at a name that exists', 'shop.test', 'A', 'NOERROR', 0, 1],
    ['no data at the apex without records', 'dkim.mta.test', 'TXT', 'NOERROR', 0, 1],
    ['no data at an empty non-terminal', 'c.shop.test', 'TXT', 'NOERROR', 0, 1],
    ['no data at a lower empty non-terminal', 'b.c.shop.test', 'TXT', 'NOERROR', 0, 1],
    ['no such name', 'x.shop.test', 'TXT', 'NXDOMAIN', 0, 1],
    ['no such name below a leaf', 'x.a.b.c.shop.test', 'TXT', 'NXDOMAIN', 0, 1],
    ['a chain through two zones', 'alias.shop.test', 'TXT', 'NOERROR', 3, 0],
    ['the CNAME itself', 'alias.shop.test', 'CNAME', 'NOERROR', 1, 0],
    ['a chain to an end without the type', 'alias.shop.test', 'A', 'NOERROR', 2, 1],
    ['a chain to no name', 'dangling.shop.test', 'TXT', 'NXDOMAIN', 1, 1],
    ['a chain that leaves us', 'leaving.shop.test', 'TXT', 'NOERROR', 1, 0],
    ['a loop', 'one.shop.test', 'TXT', 'NOERROR', 2, 0],
    ['a synthesised SOA', 'shop.test', 'SOA', 'NOERROR', 1, 0],
    ['no SOA below the apex', 'c.shop.test', 'SOA', 'NOERROR', 0, 1],
    ['another zone', 'other.test', 'TXT', 'REFUSED', 0, 0],
    ['the parent', 'test', 'TXT', 'REFUSED', 0, 0],
    ['a name that only ends alike', 'myshop.test', 'TXT', 'REFUSED', 0, 0],
  ]
  it.each(cases)('%s', (_, name, type, rcode, answers, authorities) => {
    const said = zone(records).lookup({ name, type })
    expect([said.rcode, said.answers.length, said.authorities.length]).toEqual([rcode, answers, authorities])
  })

  it('keeps the order of a chain and gives the SOA of the zone where it ends', () => {
    const said = zone(records).lookup({ name: 'alias.shop.test', type: 'A' })
    expect(said.answers.map(record => record.name)).toEqual(['alias.shop.test', 'middle.shop.test'])
    expect(said.authorities).toMatchObject([{ type: 'SOA', name: 'dkim.mta.test', primary: 'ns.mta.test' }])
  })

  it('uses the SOA that was added', () => {
    const soa = {
      type: 'SOA',
      name: 'shop.test',
      ttl: 5,
      primary: 'own.test',
      admin: 'a.own.test',
      serial: 7,
      refresh: 1,
      retry: 1,
      expire: 1,
      minimum: 1,
    } as const
    expect(zone([soa]).lookup({ name: 'x.shop.test', type: 'A' }).authorities).toEqual([soa])
  })

  it('answers for everything when its apex is the root', () => {
    const root = new Zone({ apexes: [''], server: 'ns.test' })
    root.add([txt('a.example', 'x')])
    expect(root.lookup({ name: 'a.example', type: 'TXT' }).answers).toHaveLength(1)
    expect(root.lookup({ name: 'example', type: 'TXT' })).toMatchObject({ rcode: 'NOERROR', answers: [] })
    expect(root.lookup({ name: 'b.example', type: 'TXT' })).toMatchObject({ rcode: 'NXDOMAIN', authorities: [{ name: '' }] })
  })
})

describe('Zone.add and remove', () => {
  it('keeps one of two equal records, whatever their TTL', () => {
    const made = zone([txt('a.shop.test', 'x'), { ...txt('A.shop.test.', 'x'), ttl: 99 }, txt('a.shop.test', 'y')])
    expect(made.find('a.shop.test', 'TXT')).toHaveLength(2)
  })

  it('forgets a name and the empty ones above it with its last record', () => {
    const made = zone([txt('a.b.shop.test', 'x'), txt('a.b.shop.test', 'y')])
    made.remove([txt('a.b.shop.test', 'x'), txt('a.b.shop.test', 'unknown')])
    expect(made.exists('b.shop.test')).toBe(true)
    made.remove([txt('a.b.shop.test', 'y')])
    expect(made.exists('b.shop.test')).toBe(false)
    expect(made.lookup({ name: 'b.shop.test', type: 'TXT' }).rcode).toBe('NXDOMAIN')
  })

  it('keeps an empty name while another below it lives', () => {
    const made = zone([txt('a.b.shop.test', 'x'), txt('c.b.shop.test', 'x')])
    made.remove([txt('a.b.shop.test', 'x')])
    expect(made.exists('b.shop.test')).toBe(true)
  })

  it.each([
    ['a CNAME beside a TXT', [txt('a.shop.test', 'x'), cname('a.shop.test', 'b.test')]],
    ['a TXT beside a CNAME', [cname('a.shop.test', 'b.test'), txt('a.shop.test', 'x')]],
    ['a second CNAME', [cname('a.shop.test', 'b.test'), cname('a.shop.test', 'c.test')]],
  ])('refuses %s', (_, records) => {
    expect(() => zone(records)).toThrow(expect.objectContaining({ code: 'conflict' }))
  })

  it.each(['', 'a..b', `${'x'.repeat(64)}.test`, `${'x.'.repeat(127)}test`, 'bücher.test', 'a b.test'])('refuses the name %j', name => {
    expect(() => zone([txt(name, 'x')])).toThrow(expect.objectContaining({ code: 'bad-data' }))
  })
})
