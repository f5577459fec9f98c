/** `dns serve` as a resolver sees it, over real sockets; the answers are read by our own client and by node's. */
import { Resolver } from 'node:dns/promises'

import { expect, onTestFinished, test } from 'vitest'
import { serveDns } from '../../src/operations/serve-dns.ts'
import { setIdentity } from '../../src/operations/set-identity.ts'
import { verifyDomain } from '../../src/operations/verify-identity.ts'
import { identityHome } from '../support/identity-app.ts'

test('domains that come and change while it runs are answered for, and verify there', async () => {
  const app = identityHome().open()
  const server = await serveDns(app, { host: '127.0.0.1', port: 0 })
  onTestFinished(async () => {
    await server.close()
    await app.close()
  })
  const node = new Resolver({ timeout: 2_000, tries: 1 })
  node.setServers([`127.0.0.1:${server.port}`])
  const { identity } = await verifyDomain(app, {
    domain: 'shop.test',
    dkim: { kind: 'cname', keyLength: 'RSA_1024_BIT' },
    resolver: undefined,
  })
  const name = `${identity.dkim.tokens[0]}._domainkey.shop.test`
  await expect(node.resolveTxt(name)).rejects.toMatchObject({ code: 'EREFUSED' })

  await server.refresh()
  expect((await node.resolveTxt(name)).flat().join('')).toMatch(/^v=DKIM1; k=rsa; p=\S+$/)
  expect(await node.resolveNs('shop.test')).toEqual(['mta.mailctl.test'])
  const outside = identityHome().open({ network: 'relay', resolver: `127.0.0.1:${server.port}` })
  expect((await outside.resolver.lookupAuthoritative(name, 'TXT')).kind).toBe('found')
  await outside.close()

  await setIdentity(app, 'shop.test', { dkim: { kind: 'cname', keyLength: 'RSA_2048_BIT' } })
  await server.refresh()
  expect(await node.resolveTxt(name), 'it signs until the new ones are found').toHaveLength(1)
  await expect(node.resolveTxt(`${identity.dkim.tokens[1]}._domainkey.shop.test`)).rejects.toMatchObject({ code: 'ENOTFOUND' })
})
