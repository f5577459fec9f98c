/** Leaving the lab: who may, who is asked, and what a setting changes for the account. */
import { expect, test } from 'vitest'
import { wholeDoor } from '../support/whole-door.ts'

test.each(['relay', 'live'])('a virtual clock never sees the %s network, whoever asks for it', async network => {
  const { run } = await wholeDoor()
  const asks: readonly (readonly [readonly string[], Readonly<Record<string, string>>])[] = [
    [['config', 'set', 'network', network, '--yes'], {}],
    [['status'], { MAILCTL_NETWORK: network }],
    [['init', '--network', network], {}],
  ]
  for (const [argv, env] of asks) {
    const ran = await run(argv, { env })
    expect(ran).toMatchObject({ code: 77, stdout: '' })
    expect(ran.stderr).toContain('virtual clock')
  }
  expect((await run(['config', 'get', 'network'])).stdout).toBe('lab\n')
})

test('going live wants --yes even when nothing must be verified again, and init is no way around it', async () => {
  const { run, json } = await wholeDoor('system')
  expect(await run(['config', 'set', 'network', 'live'])).toMatchObject({ code: 64, stdout: '' })
  expect(await json(['config', 'set', 'network', 'live', '--yes'])).toEqual({ Key: 'network', Value: 'live', VerifyAgain: [] })
  await run(['config', 'set', 'network', 'lab'])
  await run(['verify', 'domain', 'shop.example', '--key', 'rsa1024'])
  expect(await run(['init', '--network', 'live'])).toMatchObject({ code: 64, stdout: '' })
  expect((await run(['config', 'get', 'network'])).stdout).toBe('lab\n')
  expect(await json(['config', 'set', 'network', 'live', '--yes'])).toMatchObject({ VerifyAgain: ['shop.example'] })
  expect(await json(['identity', 'show', 'shop.example'])).toMatchObject({ VerifiedForSendingStatus: false })
})

test('the configured region is the one in texts, ids and the account', async () => {
  const { run, json } = await wholeDoor()
  await run(['config', 'set', 'region', 'eu-west-1'])
  expect(await json(['account', 'show'])).toMatchObject({ Region: 'eu-west-1' })
  expect((await run(['send', '--from', 'a@b.example', '--to', 'c@d.example', '--text', 'x'])).stderr).toContain('in region EU-WEST-1')
  const { VerificationMail } = await json(['verify', 'email', 'ann@example.com'], 1)
  expect(VerificationMail.MessageId).toMatch(/^0102/)
})

test('records outside the lab want a host name that others can look up', async () => {
  const { run } = await wholeDoor('system')
  await run(['verify', 'domain', 'shop.example', '--key', 'rsa1024'])
  const plan = (hostname: string, network: string) =>
    run(['dns', 'plan', 'shop.example'], { env: { MAILCTL_NETWORK: network, MAILCTL_HOSTNAME: hostname } })
  expect((await plan('vm', 'relay')).stderr).toContain('config set hostname')
  expect((await plan('mta.example.com', 'relay')).stderr).toBe('')
  expect((await plan('vm', 'lab')).stderr).toBe('')
  expect((await plan('mta.example.com', 'live')).stdout).not.toMatch(/amazon/i)
})
